/** Requests that cannot be read as HTTP, answered in the words of the catalogue all the same. */
import type { Socket } from 'node:net';
import { CausewayError } from '../../protocol/errors.ts';
import { problemDetails } from '../../protocol/wire/problem-details.ts';

const tooLong = new Set(['HPE_HEADER_OVERFLOW', 'HPE_CHUNK_EXTENSIONS_OVERFLOW']);

/** Of a connection that speaks HTTP, if badly. All else comes from TLS, which is then not there to carry an answer. */
const ofHttp = /^(?:HPE|ERR_HTTP)_/;

/** Answers, where there is somebody to answer, and ends the connection. */
export function answerBrokenRequest(
  error: NodeJS.ErrnoException,
  socket: Pick<Socket, 'writable' | 'end' | 'destroy'>,
  refused: (error: CausewayError) => void,
): void {
  const { code = '' } = error;
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const typed = new CausewayError(tooLong.has(code) ? 'request-too-large' : 'request-malformed', {
    cause: error,
  });
  refused(typed);
  if (!ofHttp.test(code)) {
    // An answer would wait for the handshake for ever, and the connection with it, also when its peer is gone.
    socket.destroy();
    return;
  }
  const body = JSON.stringify(problemDetails(typed));
  const head = [
    `HTTP/1.1 ${typed.meaning.httpStatus} ${typed.code}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
