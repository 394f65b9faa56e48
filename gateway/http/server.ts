/** The HTTPS server: TLS 1.3 ended in this process, client certificates asked for, errors as problem details. */
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import websocket from '@fastify/websocket';
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
} from 'fastify';
import { CausewayError } from '../../protocol/errors.ts';
import { limits, socketPath, subprotocol } from '../../protocol/limits.ts';
import { asCausewayError } from '../../protocol/wire/problem-details.ts';
import { answerBrokenRequest } from './broken-request.ts';
import { BoundedConnections, type BoundsOptions } from './bounded-connections.ts';
import { sendProblem } from './problem.ts';

export type ServerOptions = BoundsOptions & {
  readonly tls: { readonly key: string; readonly cert: string; readonly ca: string };
  readonly log: FastifyBaseLogger;
  /** A failure of the gateway itself. */
  report(error: unknown): void;
  /** How long a connection may take to begin to speak TLS. For tests. */
  readonly handshakeTimeoutMs?: number;
};

const connectionTimeoutMs = 20_000;
/** Whoever opens a connection must begin to speak TLS soon, and then HTTP. */
const defaultHandshakeTimeoutMs = 10_000;
const headersTimeoutMs = 10_000;
/** Longer than load balancers keep an idle connection, mostly 60 s: so that it is they who end it. */
const keepAliveTimeoutMs = 72_000;
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
  const bounds = new BoundedConnections(options);
  const app = fastify({
    serverFactory: (answer) => {
      const server = createServer({
        ...httpsOptions(options),
        shouldUpgradeCallback: ({ socket }) => bounds.mayUpgrade(socket),
      });
      server.setTimeout(connectionTimeoutMs);
      bounds.guard(server, answer);
      return server;
    },
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: false,
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
  app.websocketServer.on('connection', (_session, { socket }) => bounds.becameSession(socket as TLSSocket));
  app.addHook('onClose', (_app, done) => {
    bounds.stop();
    done();
  });
  app.addHook('onRequest', (request, _reply, done) => done(whyRefused(request)));
  return app;
}

function httpsOptions({ tls, handshakeTimeoutMs = defaultHandshakeTimeoutMs }: ServerOptions) {
  return {
    ...tls,
    minVersion: 'TLSv1.3',
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: handshakeTimeoutMs,
    // Left at its default of 60 s, which is longer than a request may take, Node would let requests take as long.
    headersTimeout: headersTimeoutMs,
    requestTimeout: connectionTimeoutMs,
    connectionsCheckingInterval: timeoutCheckMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    // Node would answer those without one out of turn: see whyRefused.
    requireHostHeader: false,
  } as const;
}

function whyRefused(request: FastifyRequest): CausewayError | undefined {
  // On every other route the library would open a socket for whoever asks, only to close it again.
  if (request.ws && request.routeOptions.url !== socketPath) return new CausewayError('not-found');
  const { httpVersion, headers } = request.raw;
  return httpVersion === '1.1' && headers.host === undefined
    ? new CausewayError('request-malformed', { detail: 'A request names its host.' })
    : undefined;
}

function isFrameError(error: Error): boolean {
  return 'code' in error && String(error.code).startsWith('WS_ERR_');
}
