/**
 * Bounds the connections of those who show no certificate of this exchange: whoever enrols, watches the gateway's health
 * or reads its log, and anybody else. What they may hold must never keep an agency out.
 */
import type { TLSSocket } from 'node:tls';

/** Far more than enrol, watch and read at the same time. */
const maxStrangers = 512;

export class StrangerLimit {
  readonly #most: number;
  /** The oldest first. */
  readonly #open = new Set<TLSSocket>();

  constructor(most = maxStrangers) {
    this.#most = most;
  }

  /** Takes a connection whose handshake is done. One too many costs the oldest of them: the newest may be in earnest. */
  admit(socket: TLSSocket): void {
    if (socket.authorized) return;
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    if (this.#open.size <= this.#most) return;
    const [oldest] = this.#open;
    if (oldest === undefined) return;
    this.#open.delete(oldest);
    oldest.destroy();
  }
}
