/**
 * Messages of this endpoint in `state.db`: written once, sent until they are answered, and kept until every recipient has
 * answered too: should the gateway lose one, it is sent again.
 */
import type { SQLOutputValue } from 'node:sqlite';
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import { uuidToBytes } from '../../protocol/uuid.ts';
import { sha256 } from '../../protocol/proof/merkle.ts';
import { encodeEnvelope, type Envelope } from '../../protocol/wire/envelope.ts';
import { frameHeaderBytes, unitHeaderBytes } from '../../protocol/wire/frame.ts';
import type { Limits } from '../../protocol/limits.ts';
import { maxProofBytes } from '../../protocol/proof/batch-proof.ts';
import type { AnsweredMessage, KeptAnswer } from './kept-answer.ts';
import { RecordOrder } from './record-order.ts';
import type { Statements } from './state-database.ts';

/** An envelope that lacks only what the database gives it: its sequence numbers. */
export type EnvelopeDraft = Omit<Envelope, 'sequence'>;

/** A message ready to be written down. */
export type OutboxDraft = {
  readonly envelope: EnvelopeDraft;
  readonly payload: Uint8Array;
  /** The endpoints behind the envelope's `to`. */
  readonly recipients: readonly EndpointAddress[];
};

/** A message that waits for the gateway's answer. */
export type WaitingMessage = {
  readonly seq: number;
  readonly digest: Buffer;
  readonly envelope: Buffer;
  readonly payload: Buffer;
};

const waitingColumns = 'seq, digest, envelope, payload';
const expiredKept = `FROM outbox INDEXED BY outbox_kept
  WHERE state = 'accepted' AND payload IS NOT NULL AND expires_at <= ?`;

export class OutboxTable {
  readonly #database: Statements;
  readonly #limit: number;
  readonly #record: RecordOrder;

  /** `limit`: how many messages may wait at once. */
  constructor(database: Statements, limit: number) {
    this.#database = database;
    this.#limit = limit;
    this.#record = new RecordOrder(database);
  }

  /**
   * Numbers a message and writes it down; call inside a transaction.
   * @param limits those of the gateway
   * @throws CausewayError `outbox-full`, `envelope-too-large`, or `payload-too-large` where it would not fit a frame
   */
  insert(draft: OutboxDraft, holder: string, transmitted: boolean, now: number, limits: Limits): number {
    this.#assertRoom();
    const sequence = draft.envelope.to.map((recipient) => this.#nextNumber(recipient));
    const bytes = encodeEnvelope(inOrder(draft.envelope, sequence));
    if (bytes.byteLength > limits.maxEnvelopeBytes) {
      throw new CausewayError('envelope-too-large', {
        detail: `The limit is ${limits.maxEnvelopeBytes} bytes.`,
      });
    }
    const tooLarge = frameRefusal({ envelope: bytes, payload: draft.payload }, limits);
    if (tooLarge !== undefined) throw tooLarge;
    const { lastInsertRowid } = this.#database
      .prepare(
        `INSERT INTO outbox
           (id, digest, envelope, payload, state, holder, transmitted, created_at, expires_at, record_before)
         VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?, ?, ?)`,
      )
      .run(
        uuidToBytes(draft.envelope.id),
        sha256(bytes),
        bytes,
        draft.payload,
        holder,
        transmitted ? 1 : 0,
        now,
        Date.parse(draft.envelope.expires),
        this.#record.highest ?? null,
      );
    const seq = Number(lastInsertRowid);
    const insert = this.#database.prepare('INSERT INTO deliveries (seq, recipient) VALUES (?, ?)');
    for (const recipient of draft.recipients) insert.run(seq, recipient);
    return seq;
  }

  /** Messages of a holder that wait, after a given one, in order; at least one, then up to about `maxBytes`. */
  readWaiting(holder: string, after: number, limit: number, maxBytes: number): WaitingMessage[] {
    const rows = this.#database
      .prepare(
        `SELECT ${waitingColumns} FROM outbox INDEXED BY outbox_waiting
         WHERE state = 'waiting' AND seq > ? AND holder = ? ORDER BY seq LIMIT ?`,
      )
      .iterate(after, holder, limit);
    const messages: WaitingMessage[] = [];
    let bytes = 0;
    for (const row of rows) {
      const message = asWaiting(row);
      messages.push(message);
      bytes += message.payload.byteLength;
      if (bytes >= maxBytes) break;
    }
    return messages;
  }

  readWaitingOne(seq: number): WaitingMessage | undefined {
    const row = this.#database
      .prepare(`SELECT ${waitingColumns} FROM outbox WHERE seq = ? AND state = 'waiting'`)
      .get(seq);
    return row === undefined ? undefined : asWaiting(row);
  }

  hasWaiting(holder: string): boolean {
    const row = this.#database
      .prepare(
        "SELECT 1 FROM outbox INDEXED BY outbox_waiting WHERE state = 'waiting' AND holder = ? LIMIT 1",
      )
      .get(holder);
    return row !== undefined;
  }

  countWaiting(): number {
    const row = this.#database.prepare("SELECT count(*) AS n FROM outbox WHERE state = 'waiting'").get();
    return Number(row?.n ?? 0);
  }

  /** Who holds waiting messages, and since when the oldest of each has been waiting. */
  readHolders(): { holder: string; oldest: number }[] {
    const rows = this.#database
      .prepare("SELECT holder, min(created_at) AS oldest FROM outbox WHERE state = 'waiting' GROUP BY holder")
      .all();
    return rows.map((row) => ({ holder: String(row.holder), oldest: Number(row.oldest) }));
  }

  /** Takes over what another holder left; call inside a transaction. @returns the first message taken, if any */
  adopt(from: string, holder: string, createdBefore: number): number | undefined {
    const where = "state = 'waiting' AND holder = ? AND created_at < ?";
    const row = this.#database
      .prepare(`SELECT min(seq) AS first FROM outbox WHERE ${where}`)
      .get(from, createdBefore);
    this.#database
      .prepare(`UPDATE outbox SET holder = ?, transmitted = 1 WHERE ${where}`)
      .run(holder, from, createdBefore);
    return row?.first == null ? undefined : Number(row.first);
  }

  /** Notes that everything of this holder is about to be sent; call inside a transaction. */
  markTransmitted(holder: string): void {
    this.#database
      .prepare("UPDATE outbox SET transmitted = 1 WHERE state = 'waiting' AND holder = ? AND transmitted = 0")
      .run(holder);
  }

  /**
   * Takes back a message that was never sent, and its numbers; call inside a transaction.
   * @returns false when it has been sent, or when later numbers to one of its recipients were given out
   */
  withdraw(id: MessageId): boolean {
    const row = this.#database
      .prepare("SELECT seq, envelope FROM outbox WHERE id = ? AND state = 'waiting' AND transmitted = 0")
      .get(uuidToBytes(id));
    if (row === undefined) return false;
    const { to, sequence } = readStoredEnvelope(row.envelope);
    const last = this.#database.prepare('SELECT last FROM sequences WHERE recipient = ?');
    if (!to.every((recipient, index) => last.get(recipient)?.last === sequence[index])) return false;
    const giveBack = this.#database.prepare('UPDATE sequences SET last = last - 1 WHERE recipient = ?');
    for (const recipient of to) giveBack.run(recipient);
    this.#database.prepare('DELETE FROM deliveries WHERE seq = ?').run(row.seq as number);
    this.#database.prepare('DELETE FROM outbox WHERE seq = ?').run(row.seq as number);
    return true;
  }

  /**
   * Keeps the gateway's answer, the first one only; call inside a transaction.
   * @returns undefined where the message does not wait for one
   */
  answer(id: MessageId, digest: Buffer, answer: KeptAnswer): AnsweredMessage | undefined {
    const row = this.#database
      .prepare(
        `UPDATE outbox SET state = :outcome, answered_at = :at, answer = :answer, payload = CASE
           WHEN :outcome = 'accepted' AND EXISTS
             (SELECT 1 FROM deliveries d WHERE d.seq = outbox.seq AND d.outcome IS NULL) THEN payload END
         WHERE id = :id AND digest = :digest AND state = 'waiting' RETURNING seq, record_before`,
      )
      .get({
        ...{ outcome: answer.outcome, at: answer.at, answer: JSON.stringify(answer) },
        ...{ id: uuidToBytes(id), digest },
      });
    if (row === undefined) return undefined;
    const before = row.record_before;
    return { seq: Number(row.seq), recordBefore: before === null ? undefined : Number(before) };
  }

  /** Drops payloads of accepted messages that have expired: nobody takes them any more. */
  dropExpired(now: number, limit: number): void {
    this.#database
      .prepare(`UPDATE outbox SET payload = NULL WHERE seq IN (SELECT seq ${expiredKept} LIMIT ?)`)
      .run(now, limit);
  }

  hasExpired(now: number): boolean {
    return this.#database.prepare(`SELECT 1 ${expiredKept} LIMIT 1`).get(now) !== undefined;
  }

  /** The gateway's answer; `undefined` while the message waits, null when there is no such message. */
  readAnswer(id: MessageId): KeptAnswer | undefined | null {
    const row = this.#database.prepare('SELECT answer FROM outbox WHERE id = ?').get(uuidToBytes(id));
    if (row === undefined) return null;
    return row.answer === null ? undefined : (JSON.parse(String(row.answer)) as KeptAnswer);
  }

  #nextNumber(recipient: string): number {
    const row = this.#database
      .prepare(
        `INSERT INTO sequences (recipient, last) VALUES (?, 1)
         ON CONFLICT (recipient) DO UPDATE SET last = last + 1 RETURNING last`,
      )
      .get(recipient);
    return Number(row?.last);
  }

  #assertRoom(): void {
    const row = this.#database
      .prepare("SELECT max(seq) - min(seq) AS span FROM outbox WHERE state = 'waiting'")
      .get();
    // The span is quick and never too small; counting is left for when it is large.
    if (Number(row?.span ?? 0) + 1 < this.#limit) return;
    if (this.countWaiting() >= this.#limit) throw new CausewayError('outbox-full');
  }
}

/** Why a message cannot travel in any frame that the gateway takes; undefined where it can. */
export function frameRefusal(
  { envelope, payload }: { readonly envelope: Uint8Array; readonly payload: Uint8Array },
  { maxFrameBytes }: Pick<Limits, 'maxFrameBytes'>,
): CausewayError | undefined {
  const unitBytes = unitHeaderBytes + envelope.byteLength + maxProofBytes + payload.byteLength;
  if (frameHeaderBytes + unitBytes <= maxFrameBytes) return undefined;
  return new CausewayError('payload-too-large', {
    detail: `With its envelope it does not fit the frames of ${maxFrameBytes} bytes that the gateway takes.`,
  });
}

/** An envelope of this endpoint: it was checked when it was made. */
export function readStoredEnvelope(bytes: SQLOutputValue | Uint8Array | undefined): Envelope {
  return JSON.parse(Buffer.from(bytes as Uint8Array).toString('utf8')) as Envelope;
}

/** The keys of an envelope stand in the order of its schema, for people who read it. */
function inOrder(draft: EnvelopeDraft, sequence: number[]): Envelope {
  const { id, source, type, time, expires, to, ...rest } = draft;
  return { id, source, type, time, expires, to, sequence, ...rest };
}

function asWaiting(row: Record<string, SQLOutputValue>): WaitingMessage {
  return {
    seq: Number(row.seq),
    digest: view(row.digest),
    envelope: view(row.envelope),
    payload: view(row.payload),
  };
}

function view(value: SQLOutputValue | undefined): Buffer {
  const bytes = value as Uint8Array;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
