/** The WebSocket endpoint: certificate first, then quotas, then a session. */
import type {} from '@fastify/websocket';
import type { TLSSocket } from 'node:tls';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CausewayError } from '../../protocol/errors.ts';
import type { Digest, EndpointAddress } from '../../protocol/ids.ts';
import { VerifiedRoots } from '../../protocol/proof/batch-proof.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import { socketPath, subprotocol } from '../../protocol/limits.ts';
import type { EndpointDirectory } from '../identity/directory.ts';
import { Session, type SessionContext } from './session.ts';
import type { SessionRegistry } from './session-registry.ts';

/** Who opens a socket, and the SHA-256 of the certificate that showed it. */
type SocketPeer = { readonly entry: DirectoryEntry; readonly thumbprint: Digest };

export type SocketRouteDependencies = {
  readonly directory: EndpointDirectory;
  readonly sessions: SessionRegistry;
  readonly context: SessionContext;
  /** Identifies the peer of a request by its certificate. @throws CausewayError */
  identify(request: FastifyRequest): SocketPeer;
  /** Looks at what the agency has used up already. @throws CausewayError `rate-limited` */
  admit(endpoint: EndpointAddress): void;
  isDraining(): boolean;
};

/** Registers the route. `@fastify/websocket` must be registered before. */
export function registerSocketRoute(app: FastifyInstance, deps: SocketRouteDependencies): void {
  const peers = new WeakMap<FastifyRequest, SocketPeer>();
  app.get(
    socketPath,
    {
      websocket: true,
      // Refusals are HTTP answers: the upgrade has not happened yet.
      preValidation: (request, _reply, done) => {
        if (deps.isDraining()) throw new CausewayError('draining');
        if (!request.ws || !offersSubprotocol(request.headers['sec-websocket-protocol'])) {
          throw new CausewayError('protocol-unsupported');
        }
        // Only browsers say where a page came from, and a browser would lend its certificate to any page.
        if (request.headers.origin !== undefined) throw new CausewayError('origin-forbidden');
        const peer = deps.identify(request);
        deps.admit(peer.entry.endpoint);
        deps.sessions.admit(peer.entry.endpoint);
        peers.set(request, peer);
        done();
      },
    },
    (socket, request) => {
      const peer = peers.get(request);
      if (peer === undefined) throw new Error('a socket was opened without an identity');
      const { entry, thumbprint } = peer;
      const shown = (request.raw.socket as TLSSocket).getPeerX509Certificate();
      const certificate = { thumbprint, endsAt: shown?.validToDate.getTime() ?? 0 };
      const sender = {
        entry,
        signingKey: deps.directory.signingKey(entry.endpoint),
        verified: new VerifiedRoots(),
      };
      deps.sessions.add(new Session(socket, request.raw.socket, { sender, certificate }, deps.context));
    },
  );
}

function offersSubprotocol(header: string | undefined): boolean {
  return header?.split(',').some((name) => name.trim() === subprotocol) ?? false;
}
