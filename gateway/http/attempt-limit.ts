/** How often one peer may try something within a time. Bounded in memory; the oldest peers are forgotten first. */
import { CausewayError } from '../../protocol/errors.ts';

const maxPeers = 10_000;

export class AttemptLimit {
  readonly #attempts: number;
  readonly #windowMs: number;
  readonly #now: () => number;
  readonly #peers = new Map<string, { startedAt: number; used: number }>();

  constructor(attempts: number, windowMs: number, now: () => number) {
    this.#attempts = attempts;
    this.#windowMs = windowMs;
    this.#now = now;
  }

  /** Counts one attempt. @throws CausewayError `rate-limited` */
  take(peer: string): void {
    const now = this.#now();
    const known = this.#peers.get(peer);
    if (known === undefined || now - known.startedAt >= this.#windowMs) {
      this.#peers.delete(peer);
      this.#peers.set(peer, { startedAt: now, used: 1 });
      this.#forgetOldest();
      return;
    }
    if (known.used >= this.#attempts) throw new CausewayError('rate-limited');
    known.used++;
  }

  #forgetOldest(): void {
    if (this.#peers.size <= maxPeers) return;
    for (const oldest of this.#peers.keys()) {
      this.#peers.delete(oldest);
      return;
    }
  }
}
