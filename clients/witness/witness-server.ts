/** A witness over HTTP or HTTPS (c2sp.org/tlog-witness). */
import { fastify, type FastifyInstance, type FastifyReply } from 'fastify';
import type { AddressInfo } from 'node:net';
import { addCheckpointPath, maxWitnessRequestBytes } from '../../protocol/proof/witness-protocol.ts';
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
};

/** A witness that listens. */
export type WitnessServer = { readonly url: string; close(): Promise<void> };

const requestTimeoutMs = 10_000;
const plain = 'text/plain; charset=utf-8';

/** Starts to listen. */
export async function startWitnessServer(options: WitnessServerOptions): Promise<WitnessServer> {
  const { witness, listen, port, tls, onReply, onFailure } = options;
  const common = {
    bodyLimit: maxWitnessRequestBytes,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: requestTimeoutMs,
    forceCloseConnections: true as const,
  };
  const app = (tls === undefined
    ? fastify(common)
    : fastify({ ...common, https: { ...tls, minVersion: 'TLSv1.3' } })) as unknown as FastifyInstance;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) onFailure?.(error);
    return reply
      .code(status)
      .type(plain)
      .send(`${wordsFor(status)}\n`);
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).type(plain).send('There is nothing here.\n'));
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

function wordsFor(status: number): string {
  if (status >= 500) return 'The witness failed.';
  if (status === 413) return 'The request is too long.';
  return 'The request is not one that a witness takes.';
}

function send(reply: FastifyReply, { status, contentType, body }: WitnessReply): FastifyReply {
  return reply.code(status).header('content-type', contentType).send(body);
}
