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

  /** Counts an attempt. @throws CausewayError `rate-limited` where it is one too many, and is not counted */
  take(peer: string): void {
    this.check(peer);
    this.#windowOf(peer).used++;
  }

  /** @throws CausewayError `rate-limited` where nothing is left */
  check(peer: string): void {
    if (this.#windowOf(peer).used >= this.#attempts) throw new CausewayError('rate-limited');
  }

  /** Counts what has happened already, however much it is. */
  add(peer: string, count: number): void {
    this.#windowOf(peer).used += count;
  }

  #windowOf(peer: string): { used: number } {
    const now = this.#now();
    const known = this.#peers.get(peer);
    // A window that begins in the future is from before the clock was set back: it must not last until then.
    if (known !== undefined && Math.abs(now - known.startedAt) < this.#windowMs) return known;
    const window = { startedAt: now, used: 0 };
    this.#peers.delete(peer);
    this.#peers.set(peer, window);
    this.#forgetOldest();
    return window;
  }

  #forgetOldest(): void {
    if (this.#peers.size <= maxPeers) return;
    for (const oldest of this.#peers.keys()) {
      this.#peers.delete(oldest);
      return;
    }
  }
}
