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

  /** Counts attempts. @throws CausewayError `rate-limited` where they would be too many */
  take(peer: string, count = 1): void {
    const now = this.#now();
    const known = this.#peers.get(peer);
    if (known === undefined || now - known.startedAt >= this.#windowMs) {
      this.#peers.delete(peer);
      this.#peers.set(peer, { startedAt: now, used: count });
      this.#forgetOldest();
      return;
    }
    if (known.used + count > this.#attempts) throw new CausewayError('rate-limited');
    known.used += count;
  }

  #forgetOldest(): void {
    if (this.#peers.size <= maxPeers) return;
    for (const oldest of this.#peers.keys()) {
      this.#peers.delete(oldest);
      return;
    }
  }
}
