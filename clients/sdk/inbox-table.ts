/** What this endpoint has dealt with for good, and what it holds back because it cannot be shown yet. */
import type { SQLOutputValue } from 'node:sqlite';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import { uuidFromBytes, uuidToBytes } from '../../protocol/uuid.ts';
import type { HeldNotice } from './events.ts';
import type { Statements } from './state-database.ts';

/** What became of a message here. `detail` is empty when it was stored, the JSON of the reason when refused. */
export type Settled = {
  readonly id: MessageId;
  readonly sender: EndpointAddress;
  /** SHA-256 of the envelope. */
  readonly digest: Buffer;
  /** ms since 1970. */
  readonly at: number;
  readonly detail: string;
};

/** Under these codes a message is held until its sender's key is trusted. */
const untrusted: readonly ErrorCode[] = ['key-unknown', 'key-changed'];
const isUntrusted = `code IN (${untrusted.map((code) => `'${code}'`).join(', ')})`;

/** True where trust in keys of the sender may set free what is held under this code: those it names may be new ones. */
export function mayAwaitTrust(code: ErrorCode): boolean {
  return untrusted.includes(code) || code === 'signing-key-unknown';
}

/** More is not noted, in all and of one sender, who would otherwise hide what is held of everybody else. */
export const mostHeld = { inAll: 10_000, ofOne: 1_000 };

export class InboxTable {
  readonly #database: Statements;

  constructor(database: Statements) {
    this.#database = database;
  }

  find(id: MessageId, sender: EndpointAddress): Settled | undefined {
    const row = this.#database
      .prepare('SELECT * FROM inbox WHERE id = ? AND sender = ?')
      .get(uuidToBytes(id), sender);
    return row === undefined ? undefined : asSettled(row);
  }

  /** Senders whose message with this id was stored, not refused. */
  readSendersOf(id: MessageId): EndpointAddress[] {
    const rows = this.#database
      .prepare("SELECT sender FROM inbox WHERE id = ? AND detail = ''")
      .all(uuidToBytes(id));
    return rows.map((row) => row.sender as EndpointAddress);
  }

  /**
   * Writes down that a message is settled; the first word stands. Call inside a transaction.
   * @returns false when it was settled before
   */
  settle({ id, sender, digest, at, detail }: Settled): boolean {
    const { changes } = this.#database
      .prepare(
        `INSERT INTO inbox (id, sender, digest, at, detail, confirmed) VALUES (?, ?, ?, ?, ?, 0)
         ON CONFLICT DO NOTHING`,
      )
      .run(uuidToBytes(id), sender, digest, at, detail);
    this.releaseOne(id, sender);
    return changes !== 0;
  }

  /** Settled messages whose receipts the gateway has not confirmed. */
  readUnconfirmed(): Settled[] {
    const rows = this.#database
      .prepare('SELECT * FROM inbox INDEXED BY inbox_unconfirmed WHERE confirmed = 0 ORDER BY at')
      .all();
    return rows.map(asSettled);
  }

  /** Call inside a transaction. */
  confirm(settled: readonly Settled[]): void {
    const update = this.#database.prepare('UPDATE inbox SET confirmed = 1 WHERE id = ? AND sender = ?');
    for (const { id, sender } of settled) update.run(uuidToBytes(id), sender);
  }

  /**
   * Notes a message that is held back, and forgets those that have expired; call inside a transaction. Neither one sender
   * nor those that a gateway invents fill more than so many rows: what is not noted stays at the gateway like all that is.
   * @param now ms since 1970
   */
  hold(
    { id, from, code, category, severity, heldAt, expiresAt }: HeldNotice,
    now: number,
  ): 'noted' | 'known' | 'left out' {
    this.dropExpired(now);
    // Another process that shares the home may have dealt with it meanwhile.
    if (this.find(id, from) !== undefined) return 'known';
    const known = this.#database
      .prepare('SELECT code FROM held WHERE id = ? AND sender = ?')
      .get(uuidToBytes(id), from);
    if (known?.code === code) return 'known';
    if (known === undefined && !this.#hasRoomFor(from)) return 'left out';
    this.#database
      .prepare(
        `INSERT INTO held (id, sender, code, category, severity, held_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET code = excluded.code`,
      )
      .run(uuidToBytes(id), from, code, category, severity, heldAt, expiresAt);
    return 'noted';
  }

  #hasRoomFor(sender: EndpointAddress): boolean {
    const select = this.#database.prepare(
      'SELECT count(*) AS inAll, count(*) FILTER (WHERE sender = ?) AS ofOne FROM held',
    );
    const counts = select.get(sender);
    return Number(counts?.inAll) < mostHeld.inAll && Number(counts?.ofOne) < mostHeld.ofOne;
  }

  /** Call inside a transaction. @param now ms since 1970 */
  dropExpired(now: number): void {
    this.#database.prepare('DELETE FROM held WHERE expires_at <= ?').run(now);
  }

  /** Those that have not expired. @param now ms since 1970 */
  countHeld(now: number): number {
    return Number(
      this.#database.prepare('SELECT count(*) AS n FROM held WHERE expires_at > ?').get(now)?.n ?? 0,
    );
  }

  /** Those that have not expired, the oldest first. @param now ms since 1970 */
  readHeld(now: number): HeldNotice[] {
    const rows = this.#database.prepare('SELECT * FROM held WHERE expires_at > ? ORDER BY held_at').all(now);
    return rows.map((row) => ({
      id: uuidFromBytes(row.id as Uint8Array),
      from: row.sender as EndpointAddress,
      code: row.code as ErrorCode,
      category: String(row.category),
      severity: String(row.severity),
      heldAt: Number(row.held_at),
      expiresAt: Number(row.expires_at),
    }));
  }

  /** True where something of these senders waits for trust in their keys. */
  awaitsTrust(senders: readonly EndpointAddress[]): boolean {
    const select = this.#database.prepare(`SELECT 1 FROM held WHERE sender = ? AND ${isUntrusted} LIMIT 1`);
    return senders.some((sender) => select.get(sender) !== undefined);
  }

  /** Forgets what waited for trust in the keys of these senders; call inside a transaction. */
  releaseAll(senders: readonly EndpointAddress[]): void {
    const remove = this.#database.prepare(`DELETE FROM held WHERE sender = ? AND ${isUntrusted}`);
    for (const sender of senders) remove.run(sender);
  }

  isHeld(id: MessageId, sender: EndpointAddress): boolean {
    const select = this.#database.prepare('SELECT 1 FROM held WHERE id = ? AND sender = ?');
    return select.get(uuidToBytes(id), sender) !== undefined;
  }

  /** Forgets that a message was held back. */
  releaseOne(id: MessageId, sender: EndpointAddress): void {
    this.#database.prepare('DELETE FROM held WHERE id = ? AND sender = ?').run(uuidToBytes(id), sender);
  }
}

function asSettled(row: Record<string, SQLOutputValue>): Settled {
  const digest = row.digest as Uint8Array;
  return {
    id: uuidFromBytes(row.id as Uint8Array),
    sender: row.sender as EndpointAddress,
    digest: Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength),
    at: Number(row.at),
    detail: String(row.detail),
  };
}
