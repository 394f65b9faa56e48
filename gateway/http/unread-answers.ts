/**
 * Bounds what waits in memory because clients do not read their answers. A connection has one answer at a time, see
 * request-turns.ts, and a large one is handed over in pieces, see in-pieces.ts; what is left is how long it stays, and how
 * much it is of all connections together, however many addresses they come from.
 *
 * Sessions are left out: they bound what waits for them by themselves.
 */
import type { Socket } from 'node:net';

export type UnreadBounds = {
  /** What may wait of all connections together, bytes. */
  readonly mostBytes: number;
  /** How long the network may take nothing of what waits. */
  readonly patienceMs: number;
};

/** The same patience as with a session that does not read. */
const usual: UnreadBounds = { mostBytes: 64 * 1024 * 1024, patienceMs: 10_000 };

const looksInPatience = 10;

type Progress = { takenBytes: number; at: number };
type Stalled = { readonly socket: Socket; readonly waitingBytes: number; readonly at: number };

export class UnreadAnswers {
  readonly #bounds: UnreadBounds;
  readonly #onEnded: () => void;
  readonly #connections = new Map<Socket, Progress>();
  #timer: NodeJS.Timeout | undefined;

  /** @param onEnded told of each connection that is ended */
  constructor(onEnded: () => void, bounds = usual) {
    this.#onEnded = onEnded;
    this.#bounds = bounds;
  }

  /** Takes a connection whose handshake is done. */
  watch(socket: Socket): void {
    this.#connections.set(socket, { takenBytes: 0, at: performance.now() });
    socket.once('close', () => this.release(socket));
    this.#timer ??= setInterval(() => this.#look(), this.#bounds.patienceMs / looksInPatience).unref();
  }

  /** It has become a session, or is closed. */
  release(socket: Socket): void {
    this.#connections.delete(socket);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    const unread: Stalled[] = [];
    let bytes = 0;
    for (const [socket, progress] of this.#connections) {
      const { writableLength: waitingBytes } = socket;
      const takenBytes = socket.bytesWritten - waitingBytes;
      if (waitingBytes === 0 || takenBytes > progress.takenBytes) progress.at = now;
      progress.takenBytes = takenBytes;
      if (waitingBytes === 0) continue;
      if (now - progress.at >= this.#bounds.patienceMs) this.#end(socket);
      else {
        unread.push({ socket, waitingBytes, at: progress.at });
        bytes += waitingBytes;
      }
    }
    this.#endSlowest(unread, bytes);
  }

  /** Those first of which the network has taken nothing for longest, and among equals those with most. */
  #endSlowest(unread: Stalled[], bytes: number): void {
    if (bytes <= this.#bounds.mostBytes) return;
    unread.sort((one, other) => one.at - other.at || other.waitingBytes - one.waitingBytes);
    for (const { socket, waitingBytes } of unread) {
      if (bytes <= this.#bounds.mostBytes) return;
      bytes -= waitingBytes;
      this.#end(socket);
    }
  }

  #end(socket: Socket): void {
    this.release(socket);
    socket.destroy();
    this.#onEnded();
  }
}
