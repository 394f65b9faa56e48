/** Requests that cannot be read as HTTP. */
import type { Socket } from 'node:net';
import type { CausewayError } from '../../protocol/errors.ts';
import { judgeBrokenRequest } from '../../protocol/wire/broken-request.ts';

/** Answers, where there is somebody to answer, and ends the connection. */
export function answerBrokenRequest(
  cause: NodeJS.ErrnoException,
  socket: Pick<Socket, 'writable' | 'end' | 'destroy'>,
  refused: (error: CausewayError) => void,
): void {
  if (cause.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { error, response } = judgeBrokenRequest(cause);
  refused(error);
  if (response === undefined) socket.destroy();
  else socket.end(response, () => socket.destroy());
}
