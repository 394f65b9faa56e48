/** A witness over HTTP or HTTPS (c2sp.org/tlog-witness). */
import { fastify, type FastifyInstance, type FastifyReply } from 'fastify';
import type { AddressInfo, Socket } from 'node:net';
import { fileTrouble } from '../../files/file-trouble.ts';
import { CausewayError } from '../../protocol/errors.ts';
import { addCheckpointPath, maxWitnessRequestBytes } from '../../protocol/proof/witness-protocol.ts';
import { judgeBrokenRequest } from '../../protocol/wire/broken-request.ts';
import { asCausewayError, problemContentType, problemDetails } from '../../protocol/wire/problem-details.ts';
import type { Witness, WitnessReply } from './witness.ts';

export type WitnessServerOptions = {
  readonly witness: Pick<Witness, 'addCheckpoint' | 'lastCheckpoint'>;
  readonly listen: string;
  readonly port: number;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Told of every answer to a request for a cosignature. */
  readonly onReply?: (reply: WitnessReply) => void;
  /** Told of a failure of the witness itself. */
  readonly onFailure?: (error: unknown) => void;
  /** How long a connection may take to begin to speak TLS. For tests. */
  readonly handshakeTimeoutMs?: number;
};

/** A witness that listens. */
export type WitnessServer = { readonly url: string; close(): Promise<void> };

const requestTimeoutMs = 10_000;

const unwritten =
  'The file of what this witness has cosigned, witness.db, cannot be written, so nothing is cosigned';

/**
 * Starts to listen. What the protocol answers is as its standard has it; what is no request of the protocol is answered
 * with problem details (RFC 9457).
 */
export async function startWitnessServer(options: WitnessServerOptions): Promise<WitnessServer> {
  const { witness, listen, port, tls, onReply, onFailure, handshakeTimeoutMs = requestTimeoutMs } = options;
  const common = {
    bodyLimit: maxWitnessRequestBytes,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: requestTimeoutMs,
    forceCloseConnections: true as const,
    // What fails before there is a route, such as an address that cannot be decoded.
    frameworkErrors: (error: Error, _request: unknown, reply: unknown) =>
      sendProblem(reply as FastifyReply, asCausewayError(error)),
    // What is no HTTP: there is no reply yet.
    clientErrorHandler: answerBroken,
  };
  const app = (tls === undefined
    ? fastify(common)
    : fastify({
        ...common,
        https: { ...tls, minVersion: 'TLSv1.3', handshakeTimeout: handshakeTimeoutMs },
      })) as unknown as FastifyInstance;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, _request, reply) => {
    const trouble = fileTrouble(error, unwritten);
    const typed = trouble ?? asCausewayError(error);
    if (trouble !== undefined || typed.code === 'internal-error') onFailure?.(typed);
    return sendProblem(reply, typed);
  });
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, new CausewayError('not-found')));
  app.post(addCheckpointPath, (request, reply) => {
    const answer = witness.addCheckpoint(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
    onReply?.(answer);
    return send(reply, answer);
  });
  app.get('/:origin/checkpoint', (request, reply) => send(reply, witness.lastCheckpoint(request.url)));
  await app.listen({ host: listen, port });
  const { address, family, port: actual } = app.server.address() as AddressInfo;
  const host = family === 'IPv6' ? `[${address}]` : address;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}:${actual}`,
    close: () => app.close(),
  };
}

function sendProblem(reply: FastifyReply, error: CausewayError): FastifyReply {
  const { httpStatus } = error.meaning;
  return reply
    .code(httpStatus)
    .type(problemContentType)
    .send(JSON.stringify(problemDetails(error)));
}

function answerBroken(cause: NodeJS.ErrnoException, socket: Socket): void {
  const { response } = judgeBrokenRequest(cause);
  if (response === undefined || !socket.writable) socket.destroy();
  else socket.end(response, () => socket.destroy());
}

function send(reply: FastifyReply, { status, contentType, body }: WitnessReply): FastifyReply {
  return reply.code(status).header('content-type', contentType).send(body);
}
