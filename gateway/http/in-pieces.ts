/** Large answers that many share, such as the directory. */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** What each connection copies at a time. Small, so that a slow line is seen to take one piece after the other. */
const pieceBytes = 32 * 1024;

/** Sends bytes one piece after the other: to whoever reads slowly, the next is not even copied before it has room. */
export function sendInPieces(reply: FastifyReply, bytes: Buffer): FastifyReply {
  if (bytes.length <= pieceBytes) return reply.send(bytes);
  const pieces = Readable.from(cut(bytes), { objectMode: false, highWaterMark: pieceBytes });
  return reply.header('content-length', bytes.length).send(pieces);
}

function* cut(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
