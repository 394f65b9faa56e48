/**
 * Bounds the connections whose TLS handshake is not done: nobody knows yet who they are, and each costs memory and a file
 * descriptor.
 *
 * ```
 * connection ──▶ unfinished ──handshake done──▶ an endpoint, or a stranger: see connection-limit.ts
 *                    ├── silent: nothing came between two looks. Of too many silent ones the oldest are let go
 *                    └── of too many in all, the oldest
 * ```
 *
 * When a gateway was restarted, thousands of endpoints come back at once. They say at every turn what is theirs to say, and
 * wait for the gateway only; so they are never silent for a look, however busy it is: what has arrived is read before the
 * next look. The second bound lies far above what such a crowd has unfinished at one moment.
 */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

export type HandshakeBounds = {
  /** Unfinished handshakes in all. */
  readonly most: number;
  /** Those of them from which nothing came between two looks. */
  readonly mostSilent: number;
};

type Unfinished = {
  readonly socket: Socket;
  /** As of the last look; undefined before the first. */
  bytesRead: number | undefined;
};

const usual: HandshakeBounds = { most: 4_096, mostSilent: 512 };
/** Of the descriptors that the process may have, so many are for unfinished handshakes at most. */
const shareOfFiles = 0.25;
const defaultLookMs = 2_000;

/** The usual bounds, or lower ones where the process may open few files. */
export function handshakeBounds(openFiles = readOpenFilesLimit()): HandshakeBounds {
  const most = Math.max(1, Math.min(usual.most, Math.floor(openFiles * shareOfFiles)));
  return { most, mostSilent: Math.min(usual.mostSilent, Math.ceil(most / 2)) };
}

/** How many files this process may have open, as Linux tells; elsewhere as many as it likes. */
function readOpenFilesLimit(): number {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return Number(line?.[1] ?? Infinity);
  } catch {
    return Infinity;
  }
}

export class HandshakeLimit {
  readonly #bounds: HandshakeBounds;
  readonly #lookMs: number;
  readonly #onLetGo: () => void;
  /** The oldest first. */
  readonly #unfinished = new Map<string, Unfinished>();
  #timer: NodeJS.Timeout | undefined;
  #next: NodeJS.Immediate | undefined;

  /** @param onLetGo told of each connection that is let go */
  constructor(onLetGo: () => void, bounds = handshakeBounds(), lookMs = defaultLookMs) {
    this.#onLetGo = onLetGo;
    this.#bounds = bounds;
    this.#lookMs = lookMs;
  }

  /** A connection was accepted. */
  begin(socket: Socket): void {
    const name = nameOf(socket);
    const unfinished = { socket, bytesRead: undefined };
    this.#unfinished.set(name, unfinished);
    socket.once('close', () => {
      if (this.#unfinished.get(name) === unfinished) this.#unfinished.delete(name);
    });
    // Timers run before what has arrived is read, immediates after it.
    this.#timer ??= setInterval(() => (this.#next = setImmediate(() => this.#look())), this.#lookMs).unref();
    if (this.#unfinished.size <= this.#bounds.most) return;
    const [oldest] = this.#unfinished.values();
    if (oldest !== undefined) this.#letGo(oldest);
  }

  /** Its handshake is done. @param socket the one that speaks TLS over it, which has the same addresses */
  done(socket: Socket): void {
    this.#unfinished.delete(nameOf(socket));
  }

  stop(): void {
    clearInterval(this.#timer);
    clearImmediate(this.#next);
  }

  #look(): void {
    const silent: Unfinished[] = [];
    for (const unfinished of this.#unfinished.values()) {
      const { bytesRead } = unfinished.socket;
      if (bytesRead === unfinished.bytesRead) silent.push(unfinished);
      unfinished.bytesRead = bytesRead;
    }
    const tooMany = Math.max(0, silent.length - this.#bounds.mostSilent);
    for (const unfinished of silent.slice(0, tooMany)) this.#letGo(unfinished);
  }

  #letGo({ socket }: Unfinished): void {
    this.#unfinished.delete(nameOf(socket));
    socket.destroy();
    this.#onLetGo();
  }
}

/** No two open connections have the same. */
function nameOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(' ');
}
