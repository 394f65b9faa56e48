/**
 * When deliveries expire, kept by spans of consecutive ids and not one by one: nearly all of them end long before, and an
 * index of each would have to be written twice for nothing, a tenth of what a message costs the store.
 *
 * A span is due when the soonest of its open deliveries may be. It is then looked through, and is due again at the soonest
 * that is left; it goes when none is open. So `soonest` may be too early, where what it stood for has ended, and is
 * never too late.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DeliveryId } from '../port.ts';
import { allRows, firstRow, prepare } from './database.ts';

/** So that a span is looked through quickly, however different the times in it are. */
const maxSpan = 256;
/** Spans that are looked through in one transaction. */
const spansAtOnce = 64;

type Span = readonly [soonest: number, first: DeliveryId, last: DeliveryId];
type Due = readonly [delivery: DeliveryId, expiresAt: number];

export class ExpirySpans {
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #dueSpans: StatementSync;
  readonly #firstSpan: StatementSync;
  readonly #dueIn: StatementSync;
  readonly #soonestIn: StatementSync;
  /** Of what this transaction has accepted. */
  #first = 0;
  #last = -1;
  #soonest = Infinity;

  constructor(database: DatabaseSync) {
    this.#insert = prepare(database, 'INSERT INTO expiry_span (soonest, first, last) VALUES (?, ?, ?)');
    this.#delete = prepare(database, 'DELETE FROM expiry_span WHERE soonest = ? AND first = ?');
    const read = 'SELECT soonest, first, last FROM expiry_span';
    this.#dueSpans = prepare(database, `${read} WHERE soonest <= ? ORDER BY soonest, first LIMIT ?`);
    this.#firstSpan = prepare(database, `${read} ORDER BY soonest, first LIMIT 1`);
    this.#dueIn = prepare(
      database,
      'SELECT id, expires_at FROM delivery WHERE id BETWEEN ? AND ? AND settled_at IS NULL AND expires_at <= ?',
    );
    this.#soonestIn = prepare(
      database,
      'SELECT min(expires_at) FROM delivery WHERE id BETWEEN ? AND ? AND settled_at IS NULL',
    );
  }

  /** A delivery that was just inserted. */
  add(delivery: DeliveryId, expiresAt: number): void {
    if (delivery !== this.#last + 1 || delivery - this.#first >= maxSpan) {
      this.flush();
      this.#first = delivery;
    }
    this.#last = delivery;
    this.#soonest = Math.min(this.#soonest, expiresAt);
  }

  /** Writes what was added. Call before the commit. */
  flush(): void {
    if (this.#last >= this.#first) this.#insert.run(this.#soonest, this.#first, this.#last);
    this.discard();
  }

  /** Drops what was added. */
  discard(): void {
    this.#first = 0;
    this.#last = -1;
    this.#soonest = Infinity;
  }

  /** Open deliveries whose time has come, at most `limit`, in the order of their times. */
  due(now: number, limit: number): DeliveryId[] {
    this.flush();
    const due = allRows<Span>(this.#dueSpans, now, spansAtOnce).flatMap(([, first, last]) =>
      allRows<Due>(this.#dueIn, first, last, now),
    );
    due.sort(([oneId, one], [otherId, other]) => one - other || oneId - otherId);
    return due.slice(0, limit).map(([delivery]) => delivery);
  }

  /**
   * Brings spans up to date of which something was due. Call when that has been ended.
   * @returns when the next delivery is due at the soonest, ms since 1970
   */
  settle(now: number): number | null {
    for (const span of allRows<Span>(this.#dueSpans, now, spansAtOnce)) this.#renew(span);
    for (let looked = 0; looked < spansAtOnce; looked++) {
      const span = firstRow<Span>(this.#firstSpan);
      if (span === undefined) return null;
      if (this.#renew(span)) return span[0];
    }
    return firstRow<Span>(this.#firstSpan)?.[0] ?? null;
  }

  /** @returns true where it says already what is so */
  #renew([soonest, first, last]: Span): boolean {
    const found = firstRow<[number | null]>(this.#soonestIn, first, last)?.[0] ?? null;
    if (found === soonest) return true;
    this.#delete.run(soonest, first);
    if (found !== null) this.#insert.run(found, first, last);
    return false;
  }
}
