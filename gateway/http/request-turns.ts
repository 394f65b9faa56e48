/**
 * One request of a connection at a time, so that whoever asks faster than it reads makes no answers pile up.
 *
 * ```
 * idle ──request──▶ answering ──request──▶ answering, and one waits ──request──▶ ended
 *   ▲                   │  ▲                          │
 *   └──handed over──────┘  └──────handed over─────────┘
 * ```
 *
 * An answer is handed over when the system has all of it. One request may wait, because the client can have read an
 * answer, and have asked again, before this process hears that it was handed over. Nobody who waits for answers can have two that
 * wait. To end the connection is what HTTP allows a server towards requests in a row: a client that sends them asks again.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

type Asked = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly answer: Answer;
};

export class RequestTurns {
  readonly #onEnded: () => void;
  /** The connections that are being answered, each with the request that waits. */
  readonly #answering = new WeakMap<Socket, Asked | undefined>();

  /** @param onEnded told of each connection that is ended */
  constructor(onEnded: () => void) {
    this.#onEnded = onEnded;
  }

  isAnswering(socket: Socket): boolean {
    return this.#answering.has(socket);
  }

  /** Has a request answered when its turn comes. */
  take(asked: Asked): void {
    const { socket } = asked.request;
    // What had arrived together with the request too many is still being parsed.
    if (socket.destroyed) return;
    if (!this.#answering.has(socket)) this.#begin(asked);
    else if (this.#answering.get(socket) === undefined) this.#answering.set(socket, asked);
    else this.#end(socket);
  }

  #end(socket: Socket): void {
    // Node's parser takes what arrives before the stream sees it, until somebody listens there; destroyed alone, the
    // connection would go on being parsed.
    socket.on('data', () => undefined);
    socket.destroy();
    this.#onEnded();
  }

  #begin({ request, response, answer }: Asked): void {
    const { socket } = request;
    this.#answering.set(socket, undefined);
    response.once('close', () => {
      const next = this.#answering.get(socket);
      this.#answering.delete(socket);
      if (next !== undefined && !socket.destroyed) this.#begin(next);
    });
    answer(request, response);
  }
}
