/** How far each message came with each of its recipients, and the signed receipts that prove it. */
import type { SQLOutputValue } from 'node:sqlite';
import { CausewayError, type ErrorCode } from '../../protocol/errors.ts';
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import { uuidFromBytes, uuidToBytes } from '../../protocol/uuid.ts';
import type { Envelope, Severity } from '../../protocol/wire/envelope.ts';
import type { RefusedDetail } from '../../protocol/wire/receipt-detail.ts';
import type { KeptAnswer } from './kept-answer.ts';
import { readStoredEnvelope } from './outbox-table.ts';
import type { Statements } from './state-database.ts';

/** How far a message came with one recipient. Times are ms since 1970. */
export type DeliveryRecord = {
  readonly recipient: EndpointAddress;
  readonly deliveredAt: number | undefined;
  /** `undefined` while it is open. */
  readonly outcome: 'stored' | 'refused' | 'expired' | undefined;
  readonly settledAt: number | undefined;
  /** Why the recipient refused it. */
  readonly code: ErrorCode | undefined;
  readonly text: string | undefined;
};

/** A message of this endpoint and what became of it. */
export type MessageRecord = {
  readonly id: MessageId;
  readonly to: readonly string[];
  readonly category: string;
  readonly severity: Severity;
  readonly time: string;
  readonly expires: string;
  readonly thread: MessageId;
  /** `waiting` for the gateway's answer; what the gateway said otherwise. */
  readonly state: 'waiting' | 'accepted' | 'refused';
  readonly answer: KeptAnswer | undefined;
  readonly deliveries: readonly DeliveryRecord[];
};

/** Which messages to list, the newest first. */
export type MessageQuery = {
  readonly state?: MessageRecord['state'];
  /** Only messages that some recipient has neither stored nor refused and that have not expired. */
  readonly open?: boolean;
  /** Default 100. */
  readonly limit?: number;
};

export class LadderTable {
  readonly #database: Statements;

  constructor(database: Statements) {
    this.#database = database;
  }

  /** The row of a message whose envelope has this digest, or undefined. */
  findMessage(id: MessageId, digest: Buffer): number | undefined {
    const row = this.#database
      .prepare('SELECT seq FROM outbox WHERE id = ? AND digest = ?')
      .get(uuidToBytes(id), digest);
    return row === undefined ? undefined : Number(row.seq);
  }

  /** The message without an answer whose envelope has this digest, or undefined. */
  findWaiting(digest: Buffer): MessageId | undefined {
    const row = this.#database
      .prepare("SELECT id FROM outbox INDEXED BY outbox_waiting WHERE state = 'waiting' AND digest = ?")
      .get(digest);
    return row === undefined ? undefined : uuidFromBytes(row.id as Uint8Array);
  }

  /** @returns false when the message does not go to this endpoint */
  markDelivered(seq: number, recipient: string, at: number): boolean {
    const { changes } = this.#database
      .prepare(
        'UPDATE deliveries SET delivered_at = coalesce(delivered_at, ?) WHERE seq = ? AND recipient = ?',
      )
      .run(at, seq, recipient);
    return changes !== 0;
  }

  /**
   * Ends a delivery. The first statement of the recipient stands; it outweighs the gateway's `expired`.
   * @returns false when the message does not go to this endpoint
   */
  settle(
    seq: number,
    recipient: string,
    outcome: 'stored' | 'refused' | 'expired',
    at: number,
    detail?: RefusedDetail,
  ): boolean {
    const row = this.#database
      .prepare('SELECT outcome FROM deliveries WHERE seq = ? AND recipient = ?')
      .get(seq, recipient);
    if (row === undefined) return false;
    const isFirst = row.outcome === null || (row.outcome === 'expired' && outcome !== 'expired');
    if (isFirst) {
      this.#database
        .prepare(
          'UPDATE deliveries SET outcome = ?, settled_at = ?, code = ?, text = ? WHERE seq = ? AND recipient = ?',
        )
        .run(outcome, at, detail?.code ?? null, detail?.text ?? null, seq, recipient);
      this.#dropSettled(seq);
    }
    return true;
  }

  /** Nothing more is to become of a message whose deliveries have all come to an end: its payload goes. */
  #dropSettled(seq: number): void {
    this.#database
      .prepare(
        `UPDATE outbox SET payload = NULL WHERE seq = ? AND state = 'accepted' AND payload IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.seq = outbox.seq AND d.outcome IS NULL)`,
      )
      .run(seq);
  }

  keepEvidence(group: Buffer, receivedAt: number): void {
    this.#database
      .prepare('INSERT INTO evidence (received_at, receipts) VALUES (?, ?)')
      .run(receivedAt, group);
  }

  /** @param signed whether a key of the directory has signed it */
  holdGroup(issuer: string, group: Buffer, signed: boolean): void {
    this.#database
      .prepare('INSERT INTO held_receipts (issuer, receipts, signed) VALUES (?, ?, ?)')
      .run(issuer, group, Number(signed));
  }

  /** True when at least so many groups are held. */
  hasHeld(groups: number): boolean {
    const row = this.#database.prepare('SELECT max(entry) - min(entry) AS span FROM held_receipts').get();
    // The span is quick and never too small; counting is left for when it is large.
    if (Number(row?.span ?? -1) + 1 < groups) return false;
    const counted = this.#database.prepare('SELECT count(*) AS n FROM held_receipts').get();
    return Number(counted?.n) >= groups;
  }

  readHeldIssuers(): EndpointAddress[] {
    const rows = this.#database.prepare('SELECT DISTINCT issuer FROM held_receipts').all();
    return rows.map((row) => String(row.issuer) as EndpointAddress);
  }

  /**
   * Takes out the groups that were held for an issuer; what becomes of them belongs in the same transaction.
   * @returns each, and whether a key of the directory had signed it
   */
  releaseGroups(issuer: string): { bytes: Buffer; signed: boolean }[] {
    const rows = this.#database
      .prepare('DELETE FROM held_receipts WHERE issuer = ? RETURNING receipts, signed')
      .all(issuer);
    return rows.map((row) => ({ bytes: Buffer.from(row.receipts as Uint8Array), signed: row.signed === 1 }));
  }

  /** Position of the last group of the receipt stream that is stored here. */
  readPosition(): number {
    const row = this.#database.prepare("SELECT value FROM meta WHERE name = 'receiptPosition'").get();
    return Number(row?.value ?? 0);
  }

  /**
   * Notes that the stream is stored up to a position.
   * @throws CausewayError `state-unavailable` when the group before it is not: it would be lost
   */
  advancePosition(position: number, previous: number): void {
    if (this.readPosition() < previous) throw new CausewayError('state-unavailable');
    this.#database
      .prepare(
        `INSERT INTO meta (name, value) VALUES ('receiptPosition', ?)
         ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)`,
      )
      .run(position);
  }

  /** Notes that the stream has begun anew at a position below the one stored. */
  rewindPosition(position: number): void {
    this.#database.prepare("UPDATE meta SET value = ? WHERE name = 'receiptPosition'").run(position);
  }

  readMessage(id: MessageId): MessageRecord | undefined {
    const row = this.#database.prepare('SELECT * FROM outbox WHERE id = ?').get(uuidToBytes(id));
    return row === undefined ? undefined : this.#asMessage(row);
  }

  readMessages({ state, open = false, limit = 100 }: MessageQuery): MessageRecord[] {
    const conditions = [
      state === undefined ? 'true' : 'state = :state',
      open
        ? `state = 'waiting' OR (state = 'accepted' AND EXISTS
             (SELECT 1 FROM deliveries d WHERE d.seq = outbox.seq AND d.outcome IS NULL))`
        : 'true',
    ];
    const rows = this.#database
      .prepare(`SELECT * FROM outbox WHERE (${conditions.join(') AND (')}) ORDER BY seq DESC LIMIT :limit`)
      .all({ limit, ...(state === undefined ? {} : { state }) });
    return rows.map((row) => this.#asMessage(row));
  }

  #asMessage(row: Record<string, SQLOutputValue>): MessageRecord {
    const envelope: Envelope = readStoredEnvelope(row.envelope);
    const deliveries = this.#database
      .prepare('SELECT * FROM deliveries WHERE seq = ? ORDER BY recipient')
      .all(row.seq as number);
    return {
      id: uuidFromBytes(row.id as Uint8Array),
      to: envelope.to,
      category: envelope.category,
      severity: envelope.severity,
      time: envelope.time,
      expires: envelope.expires,
      thread: envelope.thread,
      state: row.state as MessageRecord['state'],
      answer: row.answer === null ? undefined : (JSON.parse(String(row.answer)) as KeptAnswer),
      deliveries: deliveries.map((delivery) => ({
        recipient: delivery.recipient as EndpointAddress,
        deliveredAt: optional(delivery.delivered_at) as number | undefined,
        outcome: optional(delivery.outcome) as DeliveryRecord['outcome'],
        settledAt: optional(delivery.settled_at) as number | undefined,
        code: optional(delivery.code) as ErrorCode | undefined,
        text: optional(delivery.text) as string | undefined,
      })),
    };
  }
}

function optional(value: SQLOutputValue | undefined): SQLOutputValue | undefined {
  return value ?? undefined;
}

/** True when nothing more is to become of a message. */
export function isSettled({ state, deliveries }: MessageRecord): boolean {
  if (state === 'refused') return true;
  return state === 'accepted' && deliveries.every(({ outcome }) => outcome !== undefined);
}
