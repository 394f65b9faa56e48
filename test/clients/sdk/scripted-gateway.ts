/**
 * A gateway that does what a test tells it, lies included: real wss with client certificates, real keys and
 * signatures, and no memory but what it was sent.
 */
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import { WebSocketServer, type WebSocket } from 'ws';
import { connect, type Client } from '../../../clients/sdk/client.ts';
import type { ConnectOptions } from '../../../clients/sdk/client-options.ts';
import { createHome } from '../../../clients/sdk/home-draft.ts';
import { createEndpointKeys, type EndpointKeys } from '../../../clients/sdk/keys.ts';
import { createAuthority, createP256Key, openAuthority } from '../../../gateway/identity/authority.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import { gatewayAddress, type Digest, type EndpointAddress } from '../../../protocol/ids.ts';
import { digestOf, sha256 } from '../../../protocol/proof/merkle.ts';
import { batchSigner } from '../../../protocol/proof/signing.ts';
import { parseClientFrame, type ClientFrame, type GatewayFrame } from '../../../protocol/wire/control.ts';
import { directoryEntryDigest } from '../../../protocol/wire/directory-entry-digest.ts';
import type { DirectoryEntry, DirectoryResponse } from '../../../protocol/wire/directory.ts';
import type { RenewalResponse } from '../../../protocol/wire/enrolment.ts';
import { parseEnvelope } from '../../../protocol/wire/envelope.ts';
import { decodeUnitFrame, encodeUnitFrame, frameKind, type Unit } from '../../../protocol/wire/frame.ts';
import { limits, subprotocol } from '../../../protocol/limits.ts';
import {
  decodeReceiptFrame,
  decodeReceiptGroup,
  encodeReceiptFrame,
  signReceiptGroup,
} from '../../../protocol/wire/receipt-group.ts';
import { encodeReceipt, type Receipt } from '../../../protocol/wire/receipt.ts';

import { ScriptedLog } from './scripted-log.ts';

export const alice = 'north/duty' as EndpointAddress;
export const bob = 'south/duty' as EndpointAddress;

/** One session as the gateway sees it. */
export type ScriptedSession = {
  readonly endpoint: EndpointAddress;
  readonly socket: WebSocket;
  readonly controls: ClientFrame[];
  readonly units: Unit[];
  readonly receipts: Receipt[];
  /** Binary frames as they came. */
  readonly frames: Buffer[];
  deliver(...units: Unit[]): void;
  /** Sends receipts, signed by the gateway unless another signer is given. */
  receipt(
    position: number,
    receipts: readonly Partial<Receipt>[],
    signer?: ReturnType<typeof batchSigner>,
  ): void;
  control(frame: GatewayFrame): void;
};

export type ScriptedGateway = {
  readonly url: string;
  readonly keys: ReadonlyMap<EndpointAddress, EndpointKeys>;
  readonly homeOf: (endpoint: EndpointAddress) => string;
  readonly signerOf: (endpoint: EndpointAddress) => ReturnType<typeof batchSigner>;
  readonly entries: DirectoryEntry[];
  /** What the gateway publishes; another one may take its place. */
  log: ScriptedLog;
  /** The answer to `GET /v1/directory`: every entry with its leaf, as a gateway that knows no `since` gives it. */
  directory: (since?: number) => DirectoryResponse;
  /** What the agreement has of data sets: `NAME/VERSION` → schema. */
  readonly datasets: Map<string, object>;
  /** With what it refuses a data set that the agreement has not. */
  datasetRefusal: ErrorCode;
  /** By which it issues certificates. */
  readonly clock: { now: () => number };
  readonly tls: { key: string; cert: string; ca: string };
  /** What the welcome says beyond the usual. */
  welcome: Partial<Extract<GatewayFrame, { type: 'welcome' }>>;
  /** What becomes of a session's submitted units; by default each is accepted. */
  onSubmit: (session: ScriptedSession, units: Unit[]) => void;
  onSession: (session: ScriptedSession) => void;
  /** After so many receipt frames of a session; by default each is taken. */
  onReceipts: (session: ScriptedSession, frames: number) => void;
  /** Called with the path of each HTTPS request; one for which it gives false is never answered, or its connection cut. */
  onRequest: (path: string) => boolean | 'cut';
  /** With what it refuses renewals. */
  renewalRefusal?: ErrorCode | undefined;
  /** How many TLS connections there were, sessions among them. */
  connections: number;
  /** The present or next session of an endpoint. */
  session(endpoint: EndpointAddress): Promise<ScriptedSession>;
  sessions: ScriptedSession[];
  client(endpoint: EndpointAddress, options?: Partial<ConnectOptions>): Promise<Client>;
  close(): Promise<void>;
};

/** The units of a receipt that accepts a unit. */
export function acceptance(unit: Unit): Partial<Receipt> {
  return {
    kind: 'accepted',
    message: parseEnvelope(unit.envelope).id,
    envelopeDigest: sha256(unit.envelope),
    detail: JSON.stringify({ record: 1, listening: [], away: [] }),
  };
}

type TlsVersions = Pick<SecureContextOptions, 'minVersion' | 'maxVersion'>;

export async function openScriptedGateway(
  versions: TlsVersions = { minVersion: 'TLSv1.3' },
): Promise<ScriptedGateway> {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-scripted-'));
  const clock = { now: Date.now };
  const authority = openAuthority(await createAuthority({ name: 'Scripted', now: Date.now() }), () =>
    clock.now(),
  );
  const receiptKeyPem = generateKeyPairSync('ed25519').privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
  const gatewaySigner = batchSigner(receiptKeyPem);
  const key = createP256Key();
  const publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
  const { pem } = await authority.issueServerCertificate(publicPem, ['127.0.0.1']);
  const server = createServer({
    key,
    cert: pem + authority.certificatePem,
    ca: authority.certificatePem,
    ...versions,
    requestCert: true,
  });
  server.on('secureConnection', () => gateway.connections++);
  server.on('request', (request, response) => {
    const verdict = gateway.onRequest(request.url ?? '');
    if (verdict === 'cut') request.socket.destroy();
    if (verdict !== true) return;
    if (request.url === '/v1/renew') {
      if (gateway.renewalRefusal !== undefined) {
        response.writeHead(422).end(JSON.stringify({ code: gateway.renewalRefusal }));
        return;
      }
      void renewCertificate(request).then((answer) => response.end(JSON.stringify(answer)));
      return;
    }
    const published = gateway.log.serve(request.url ?? '');
    if (published !== undefined) {
      response.end(published);
      return;
    }
    if (/^\/(?:checkpoint(?:\.witnessed)?$|tile\/)/.test(request.url ?? '')) {
      response.writeHead(404).end(JSON.stringify({ code: 'not-found' }));
      return;
    }
    const { pathname, searchParams } = new URL(request.url ?? '', url);
    const since = searchParams.get('since');
    if (pathname === '/v1/directory') {
      response.end(JSON.stringify(gateway.directory(since === null ? undefined : Number(since))));
    } else if (pathname === '/v1/datasets') {
      response.end(JSON.stringify({ datasets: [] }));
    } else {
      const schema = gateway.datasets.get(pathname.replace('/v1/datasets/', ''));
      if (schema === undefined) response.writeHead(404);
      response.end(JSON.stringify(schema ?? { code: gateway.datasetRefusal }));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sockets = new WebSocketServer({ server, handleProtocols: () => subprotocol });
  const clients: Client[] = [];
  const keys = new Map<EndpointAddress, EndpointKeys>();
  const waiting: { endpoint: EndpointAddress; resolve: (session: ScriptedSession) => void }[] = [];
  const gateway: ScriptedGateway = {
    url,
    keys,
    homeOf: (endpoint) => join(dir, endpoint.replace('/', '.')),
    signerOf: (endpoint) => batchSigner(keys.get(endpoint)!.signingKeyPem),
    entries: [],
    log: new ScriptedLog(),
    directory: () => ({
      version: 1,
      entries: gateway.entries,
      leaves: gateway.entries.map((entry) => gateway.log.leafOf(entry)),
      checkpoint: gateway.log.checkpoint(),
    }),
    datasets: new Map(),
    datasetRefusal: 'dataset-unknown',
    clock,
    tls: { key: '', cert: '', ca: authority.certificatePem },
    welcome: {},
    onSubmit: (session, units) =>
      session.receipt(
        0,
        units.map((unit) => gateway.log.accept(unit)),
      ),
    onSession: () => undefined,
    onReceipts: (session, frames) => session.control({ type: 'receipts-taken', frames }),
    onRequest: () => true,
    connections: 0,
    sessions: [],
    session(endpoint) {
      const open = gateway.sessions.find((session) => session.endpoint === endpoint);
      if (open !== undefined) return Promise.resolve(open);
      return new Promise((resolve) => waiting.push({ endpoint, resolve }));
    },
    async client(endpoint, options = {}) {
      const client = await connect({
        home: gateway.homeOf(endpoint),
        random: () => 0.05,
        ...options,
      });
      clients.push(client);
      await client.directory.trustAll();
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
  sockets.on('connection', (socket, request) => {
    openSession(peerOf(request), socket);
  });

  async function renewCertificate(request: IncomingMessage): Promise<RenewalResponse> {
    const { certificateRequest } = JSON.parse(await text(request)) as { certificateRequest: string };
    const { pem: certificate } = await authority.issueEndpointCertificate(
      certificateRequest,
      peerOf(request),
    );
    const endpoint = peerOf(request);
    const before = gateway.entries.find((entry) => entry.endpoint === endpoint)!;
    const entry = { ...before, tlsThumbprint: digestOf(new X509Certificate(certificate).raw) };
    gateway.entries[gateway.entries.indexOf(before)] = entry;
    gateway.log.leafOf(entry);
    return { certificate, authority: authority.certificatePem, entry };
  }

  function openSession(endpoint: EndpointAddress, socket: WebSocket): void {
    const control = (frame: GatewayFrame): void => socket.send(JSON.stringify(frame));
    let taken = 0;
    const session: ScriptedSession = {
      endpoint,
      socket,
      controls: [],
      units: [],
      receipts: [],
      frames: [],
      control,
      deliver: (...units) =>
        socket.send(
          encodeUnitFrame(
            'deliver',
            units.map(({ bytes }) => bytes),
          ),
        ),
      receipt(position, receipts, signer = gatewaySigner) {
        const full = receipts.map((receipt) =>
          encodeReceipt({
            ...{ kind: 'delivered', at: Date.now(), issuer: gatewayAddress, recipient: '', detail: '' },
            ...receipt,
          } as Receipt),
        );
        socket.send(encodeReceiptFrame(position, signReceiptGroup(full, signer)));
      },
    };
    socket.on('error', () => undefined);
    socket.on('close', () => (gateway.sessions = gateway.sessions.filter((other) => other !== session)));
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) session.frames.push(data);
      if (!isBinary) {
        const frame = parseClientFrame(data.toString('utf8'));
        session.controls.push(frame);
        if (frame.type === 'goodbye') socket.close(1000);
        if (frame.type === 'hello') {
          control({
            type: 'welcome',
            endpoint,
            clock: Date.now(),
            limits,
            pending: 0,
            directoryVersion: 1,
            policyDigest: 'p'.repeat(43) as Digest,
            receiptKey: gatewaySigner.keyId,
            checkpoint: null,
            ...gateway.welcome,
          });
          gateway.sessions.push(session);
          gateway.onSession(session);
          for (const waiter of waiting.splice(0)) {
            if (waiter.endpoint === endpoint) waiter.resolve(session);
            else waiting.push(waiter);
          }
        }
      } else if (frameKind(data) === 'submit') {
        const units = decodeUnitFrame(data);
        session.units.push(...units);
        gateway.onSubmit(session, units);
      } else {
        session.receipts.push(...decodeReceiptGroup(decodeReceiptFrame(data).group).receipts);
        gateway.onReceipts(session, ++taken);
      }
    });
  }

  for (const endpoint of [alice, bob]) {
    const made = await createEndpointKeys(endpoint);
    keys.set(endpoint, made);
    const { pem: certificate } = await authority.issueEndpointCertificate(
      made.certificateRequestPem,
      endpoint,
    );
    const entry: DirectoryEntry = {
      endpoint,
      agency: endpoint.split('/')[0]!,
      roles: ['duty'],
      status: 'active',
      enrolledAt: new Date().toISOString(),
      revokedAt: null,
      tlsThumbprint: digestOf(new X509Certificate(certificate).raw),
      previousTlsThumbprint: null,
      openpgpCertificate: made.openpgp.certificateArmored,
      openpgpFingerprint: made.openpgp.fingerprint,
      encryptionKey: made.openpgp.encryptionKey,
      previousEncryptionKey: null,
      signingKey: made.signingKey,
    };
    gateway.entries.push(entry);
    const own = {
      tlsKeyPem: made.tlsKeyPem,
      openpgpPrivateKey: made.openpgp.privateKeyArmored,
      signingKeyPem: made.signingKeyPem,
    };
    const registered = {
      endpoint,
      gatewayUrl: url,
      tlsCertificatePem: certificate,
      authorityPem: authority.certificatePem,
      receiptKey: gatewaySigner.publicKey.raw.toString('base64url'),
      log: {
        key: gateway.log.key,
        from: gateway.log.leafOf(entry, 'endpoint.enrolled').index,
        entry: directoryEntryDigest(entry),
        witnesses: [],
        witnessesNeeded: 0,
      },
    };
    await createHome({ dir: gateway.homeOf(endpoint), endpoint, makeKeys: () => Promise.resolve(own) }, () =>
      Promise.resolve(registered),
    );
    Object.assign(gateway.tls, { key: made.tlsKeyPem, cert: certificate });
  }
  return gateway;
}

function peerOf(request: IncomingMessage): EndpointAddress {
  const { subjectaltname = '' } = (request.socket as TLSSocket).getPeerCertificate();
  return subjectaltname.replace(/^.*urn:causeway:/, '').replace(':', '/') as EndpointAddress;
}

/** As a client's `pause`: what was merely announced is not read while a test runs. */
export function pauseForEver(_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
}

/** Whatever the client had sent before it answered has come when this resolves. */
export async function answerToPing({ socket }: ScriptedSession): Promise<void> {
  const answer = once(socket, 'pong');
  socket.ping();
  await answer;
}

/** Waits until a condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
