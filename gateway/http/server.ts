/** The HTTPS server: TLS 1.3 ended in this process, client certificates asked for, errors as problem details. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import websocket from '@fastify/websocket';
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import { limits, socketPath, subprotocol } from '../../protocol/limits.ts';
import { asCausewayError } from '../../protocol/wire/problem-details.ts';
import { answerBrokenRequest } from './broken-request.ts';
import { ConnectionLimit, type ConnectionBounds } from './connection-limit.ts';
import { HandshakeLimit, type HandshakeBounds } from './handshake-limit.ts';
import { sendProblem } from './problem.ts';

export type ServerOptions = {
  readonly tls: { readonly key: string; readonly cert: string; readonly ca: string };
  readonly log: FastifyBaseLogger;
  /** Whose certificate a connection was opened with; undefined for whoever is no endpoint that takes part. */
  readonly endpointOf: (socket: TLSSocket) => EndpointAddress | undefined;
  /** Connections that carry no session. */
  readonly connections: ConnectionBounds;
  /** A failure of the gateway itself. */
  report(error: unknown): void;
  /** A request was refused with a typed error. */
  refused(error: CausewayError): void;
  /** How long a connection may take to begin to speak TLS. For tests. */
  readonly handshakeTimeoutMs?: number;
  /** Connections whose handshake is not done, and how often they are looked at. For tests. */
  readonly handshakes?: HandshakeBounds & { readonly lookMs: number };
};

const connectionTimeoutMs = 20_000;
/** Whoever opens a connection must begin to speak TLS soon, and then HTTP. */
const defaultHandshakeTimeoutMs = 10_000;
const headersTimeoutMs = 10_000;
/** Node looks for requests that take too long only now and then: by itself, every 30 s. */
const timeoutCheckMs = 2_000;

const socketOptions = {
  perMessageDeflate: false,
  maxPayload: limits.maxFrameBytes,
  clientTracking: false,
  handleProtocols: (offered: Set<string>) => (offered.has(subprotocol) ? subprotocol : (false as const)),
  /** How long a client that does not answer a close frame keeps its socket, ms. */
  closeTimeout: 2_000,
};

/**
 * Builds the server without routes and without listening.
 *
 * A client without a good certificate gets through the handshake and is then refused by each route in words;
 * TLS would only give it an alert.
 */
export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const { tls, log, handshakeTimeoutMs = defaultHandshakeTimeoutMs } = options;
  const app = fastify({
    https: {
      ...tls,
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: handshakeTimeoutMs,
      // Left at its default of 60 s, which is longer than a request may take, Node would let requests take as long.
      headersTimeout: headersTimeoutMs,
      requestTimeout: connectionTimeoutMs,
      connectionsCheckingInterval: timeoutCheckMs,
    },
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: false,
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: connectionTimeoutMs,
    forceCloseConnections: true,
    // What is no HTTP, or has too long a head: there is no request yet, and no reply.
    clientErrorHandler: (error, socket) =>
      answerBrokenRequest(error, socket, (typed) => options.refused(typed)),
    // What fails before there is a route, such as an address that cannot be decoded.
    frameworkErrors: (error, _request, reply) => {
      const typed = asCausewayError(error);
      options.refused(typed);
      sendProblem(reply, typed);
    },
  }) as unknown as FastifyInstance;
  app.setErrorHandler((error, _request, reply) => {
    const typed = asCausewayError(error);
    if (typed.code === 'internal-error') options.report(error);
    else options.refused(typed);
    sendProblem(reply, typed);
  });
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, new CausewayError('not-found')));
  app.addHook('onSend', (_request, reply, payload, done) => {
    void reply.header('x-content-type-options', 'nosniff');
    void reply.header('strict-transport-security', 'max-age=31536000');
    done(null, payload);
  });
  await app.register(websocket, {
    options: socketOptions,
    // Sessions report broken frames themselves, and the close frame with the reason is still on its way.
    errorHandler: (error: Error, socket: { terminate(): void }) => {
      if (isFrameError(error)) return;
      options.report(error);
      socket.terminate();
    },
    // Sessions are drained by the gateway before the server closes.
    preClose: (done: () => void) => done(),
  });
  boundConnections(app, options);
  // On every other route the library would open a socket for whoever asks, only to close it again.
  app.addHook('onRequest', (request, _reply, done) => {
    const isElsewhere = request.ws && request.routeOptions.url !== socketPath;
    done(isElsewhere ? new CausewayError('not-found') : undefined);
  });
  return app;
}

/** Those who are not known yet, those who are nobody known, and one endpoint alone never keep another out. */
function boundConnections(app: FastifyInstance, options: ServerOptions): void {
  const { handshakes, connections, endpointOf } = options;
  const refuse = (detail: string) => (): void =>
    options.refused(new CausewayError('rate-limited', { detail }));
  const unfinished = new HandshakeLimit(
    refuse('Too many connections have not done their TLS handshake.'),
    handshakes,
    handshakes?.lookMs,
  );
  const finished = new ConnectionLimit(
    connections,
    endpointOf,
    refuse('Too many connections carry no session.'),
  );
  app.server.on('connection', (socket: Socket) => unfinished.begin(socket));
  app.server.on('secureConnection', (socket: TLSSocket) => {
    unfinished.done(socket);
    finished.admit(socket);
  });
  app.server.on('request', ({ socket }, response) => {
    finished.began(socket as TLSSocket);
    response.once('close', () => finished.answered(socket as TLSSocket));
  });
  app.websocketServer.on('connection', (_session, { socket }) => finished.release(socket as TLSSocket));
  app.addHook('onClose', (_app, done) => {
    unfinished.stop();
    done();
  });
}

function isFrameError(error: Error): boolean {
  return 'code' in error && String(error.code).startsWith('WS_ERR_');
}
