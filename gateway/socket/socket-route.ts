/** The WebSocket endpoint: certificate first, then quotas, then a session. */
import type {} from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CausewayError } from '../../protocol/errors.ts';
import { VerifiedRoots } from '../../protocol/proof/batch-proof.ts';
import { socketPath, subprotocol } from '../../protocol/wire/limits.ts';
import type { EndpointDirectory } from '../identity/directory.ts';
import type { PeerIdentity } from '../identity/client-certificate.ts';
import { Session, type SessionContext } from './session.ts';
import type { SessionRegistry } from './session-registry.ts';

export type SocketRouteDependencies = {
  readonly directory: EndpointDirectory;
  readonly sessions: SessionRegistry;
  readonly context: SessionContext;
  /** Identifies the peer of a request by its certificate. @throws CausewayError */
  identify(request: FastifyRequest): PeerIdentity;
  isDraining(): boolean;
};

/** Registers the route. `@fastify/websocket` must be registered before. */
export function registerSocketRoute(app: FastifyInstance, deps: SocketRouteDependencies): void {
  const identities = new WeakMap<FastifyRequest, PeerIdentity>();
  app.get(
    socketPath,
    {
      websocket: true,
      // Refusals are HTTP answers: the upgrade has not happened yet.
      preValidation: (request, _reply, done) => {
        if (deps.isDraining()) throw new CausewayError('draining');
        if (!offersSubprotocol(request.headers['sec-websocket-protocol'])) {
          throw new CausewayError('protocol-unsupported');
        }
        const identity = deps.identify(request);
        deps.sessions.admit(identity.entry.endpoint);
        identities.set(request, identity);
        done();
      },
    },
    (socket, request) => {
      const identity = identities.get(request);
      if (identity === undefined) throw new Error('a socket was opened without an identity');
      const { entry, certificateEndsAt } = identity;
      const sender = {
        entry,
        signingKey: deps.directory.signingKey(entry.endpoint),
        verified: new VerifiedRoots(),
      };
      deps.sessions.add(new Session(socket, request.raw.socket, { sender, certificateEndsAt }, deps.context));
    },
  );
}

function offersSubprotocol(header: string | undefined): boolean {
  return header?.split(',').some((name) => name.trim() === subprotocol) ?? false;
}
