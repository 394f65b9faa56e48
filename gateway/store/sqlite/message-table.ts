/** Messages and the first outcome of every id: acceptance, refusal, duplicates and conflicts. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { uuidFromBytes, uuidToBytes } from '../../../protocol/uuid.ts';
import type { BatchSigner } from '../../../protocol/proof/signing.ts';
import { signReceiptGroup } from '../../../protocol/wire/receipt-group.ts';
import { unreadableId } from '../../../protocol/wire/receipt.ts';
import { houseCase, type CaseId, type DeliveryId } from '../port.ts';
import {
  acceptedDetailText,
  conflictEntry,
  digestText,
  outcomeReceipt,
  presenceText,
  refusedDetailText,
} from '../statements.ts';
import { keptRefusal, toldAgain } from '../kept-refusal.ts';
import { secretBytes, type FreshlySealed } from '../case-vault.ts';
import type { ByteSource } from '../byte-stream.ts';
import { allRows, firstRow, prepare } from './database.ts';
import type { DeliveryFacts } from './delivery-facts.ts';
import type { EndpointNumber, EndpointTable } from './endpoint-table.ts';
import type { ExpirySpans } from './expiry-spans.ts';
import {
  digestBytes,
  type Operation,
  type PackedAcceptable,
  type PackedOutcome,
  type PackedRefusable,
  type PackedRoute,
} from './operations.ts';
import type { AuditJournal } from './audit-journal.ts';

type Submit = Extract<Operation, { type: 'submit' }>;
type Sender = { readonly number: EndpointNumber; readonly address: EndpointAddress };
/** With what the receipts say of it. */
type Route = PackedRoute & { readonly presence: string };
type Verdict = { readonly outcome: PackedOutcome; readonly receipt: Buffer };

/** A row of `message`: digest, at, record, refusal, first delivery, number of recipients, listening, case. */
type FirstOutcome = readonly [
  Uint8Array,
  number,
  number,
  string | null,
  number,
  number,
  number,
  Uint8Array | null,
];

export class MessageTable {
  readonly #endpoints: EndpointTable;
  readonly #journal: AuditJournal;
  readonly #signer: BatchSigner;
  readonly #facts: DeliveryFacts;
  readonly #spans: ExpirySpans;
  readonly #insertMessage: StatementSync;
  readonly #insertRefusal: StatementSync;
  readonly #insertDelivery: StatementSync;
  readonly #firstOutcome: StatementSync;
  readonly #recipients: StatementSync;
  readonly #lastDelivery: StatementSync;
  readonly #openOf: StatementSync;
  readonly #ofCase: StatementSync;
  readonly #erase: StatementSync;
  #nextDelivery = 1;

  constructor(
    database: DatabaseSync,
    endpoints: EndpointTable,
    journal: AuditJournal,
    signer: BatchSigner,
    { facts, spans }: { readonly facts: DeliveryFacts; readonly spans: ExpirySpans },
  ) {
    this.#facts = facts;
    this.#spans = spans;
    this.#endpoints = endpoints;
    this.#journal = journal;
    this.#signer = signer;
    this.#insertMessage = prepare(
      database,
      `INSERT INTO message (id, source, digest, at, record, expires_at, lane, category, severity, thread,
       first_delivery, recipients, listening, secret, unit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
    );
    this.#insertRefusal = prepare(
      database,
      'INSERT INTO message (id, source, digest, at, record, refusal) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#insertDelivery = prepare(
      database,
      'INSERT INTO delivery (id, message, recipient, lane, expires_at, state) VALUES (?, ?, ?, ?, ?, 0)',
    );
    this.#firstOutcome = prepare(
      database,
      `SELECT digest, at, record, refusal, first_delivery, recipients, listening, thread FROM message
       WHERE id = ? AND source = ?`,
    );
    this.#recipients = prepare(
      database,
      'SELECT recipient FROM delivery WHERE id >= ? AND id < ? ORDER BY id',
    );
    this.#lastDelivery = prepare(database, 'SELECT max(id) FROM delivery');
    this.#openOf = prepare(
      database,
      `SELECT d.id FROM message m JOIN delivery d ON d.id >= m.first_delivery AND d.id < m.first_delivery + m.recipients
       WHERE m.seq = ? AND d.settled_at IS NULL`,
    );
    this.#ofCase = prepare(
      database,
      `SELECT seq, record FROM message WHERE id = ?1 AND thread = ?1
       UNION ALL SELECT seq, record FROM message WHERE thread = ?1 AND thread <> id`,
    );
    this.#erase = prepare(
      database,
      "UPDATE message SET category = NULL, severity = NULL, thread = NULL, unit = x'' WHERE seq = ?",
    );
  }

  /** Reads where the ids end. */
  reload(): void {
    this.#nextDelivery = (firstRow<[number | null]>(this.#lastDelivery)?.[0] ?? 0) + 1;
  }

  /** Takes one submission. @returns an outcome for each message and the group of their receipts */
  submit(
    { source, routes, messages }: Submit,
    bytes: ByteSource,
    at: number,
  ): { outcomes: PackedOutcome[]; group: Buffer } {
    const sender = { number: this.#endpoints.intern(source), address: source };
    const outcomes: PackedOutcome[] = [];
    const receipts: Buffer[] = [];
    const known = routes.map((route) => ({
      ...route,
      presence: presenceText(route.recipients, route.listening),
    }));
    for (const message of messages) {
      const digest = bytes.take(digestBytes);
      const { outcome, receipt } =
        message.verdict === 'accept'
          ? this.#accept(sender, message, routeOf(message, known), digest, bytes, at)
          : this.#refuse(sender, message, digest, bytes, at);
      outcomes.push(outcome);
      receipts.push(receipt);
    }
    return { outcomes, group: signReceiptGroup(receipts, this.#signer) };
  }

  /** The messages of a case, and the leaves by which they were accepted. */
  ofCase(id: CaseId): { readonly messages: number[]; readonly records: number[] } {
    const rows = allRows<[seq: number, record: number]>(this.#ofCase, uuidToBytes(id));
    return { messages: rows.map(([seq]) => seq), records: rows.map(([, record]) => record) };
  }

  /** Their deliveries that have not come to an end, until as many are found as are wanted. */
  openDeliveriesOf(messages: readonly number[], wanted: number): DeliveryId[] {
    const open: DeliveryId[] = [];
    for (const seq of messages) {
      if (open.length >= wanted) break;
      for (const [delivery] of allRows<[DeliveryId]>(this.#openOf, seq)) open.push(delivery);
    }
    return open;
  }

  /** Forgets what a case's messages were about, and their ciphertexts; the first outcomes of their ids stay. */
  erase(messages: readonly number[]): void {
    for (const seq of messages) this.#erase.run(seq);
  }

  #accept(
    sender: Sender,
    message: PackedAcceptable,
    route: Route,
    digest: Buffer,
    bytes: ByteSource,
    at: number,
  ): Verdict {
    const unit = bytes.take(message.unitBytes);
    const entry = takeEntry(message, bytes);
    const meaning = message.meaningBytes === undefined ? undefined : bytes.take(message.meaningBytes);
    const { id, thread = id, expiresAt } = message;
    const { lane, category, severity, recipients, listening, presence } = route;
    const idBytes = uuidToBytes(id);
    const first = this.#nextDelivery;
    const record = this.#journal.next;
    // Where the message begins its case, its row keeps the secret.
    const beginsCase = 'secret' in entry && !this.#journal.isKnownCase(idBytes);
    const { changes, lastInsertRowid: seq } = this.#insertMessage.run(
      idBytes,
      sender.number,
      digest,
      at,
      record,
      expiresAt,
      lane,
      category,
      severity,
      thread === id ? idBytes : uuidToBytes(thread),
      first,
      recipients.length,
      listening,
      beginsCase ? entry.secret : null,
      unit,
    );
    if (changes === 0) return this.#repeat(sender, message, idBytes, digest, at);
    // The digest is a view of the whole batch, which must not live as long as the facts.
    const ownDigest = Buffer.from(digest);
    for (const recipient of recipients) {
      const number = this.#endpoints.intern(recipient);
      this.#insertDelivery.run(this.#nextDelivery, seq, number, lane, expiresAt);
      this.#spans.add(this.#nextDelivery, expiresAt);
      const nth = this.#nextDelivery - first;
      const fact = { message: id, digest: ownDigest, source: sender.number, recipient: number, record, nth };
      this.#facts.keep(this.#nextDelivery++, fact);
    }
    const { leaves } = this.#journal;
    const facts = { message: id, envelope: digestText(digest) };
    if (!('secret' in entry)) leaves.accepted(facts, thread, entry, at);
    else if (beginsCase) leaves.acceptedSealed(facts, thread, entry, at);
    else leaves.acceptedAnew(facts, thread, entry, at);
    if (meaning !== undefined) leaves.entry(meaning.toString(), at, thread);
    const detail = acceptedDetailText(record, presence);
    return {
      outcome: [first, recipients.length],
      receipt: outcomeReceipt('accepted', message.id, digest, at, detail),
    };
  }

  #refuse(sender: Sender, message: PackedRefusable, digest: Buffer, bytes: ByteSource, at: number): Verdict {
    const entry = bytes.take(message.recordBytes);
    const { id, code, text, thread: of = houseCase } = message;
    if (message.final && id !== unreadableId) {
      const idBytes = uuidToBytes(id);
      if (this.#isKnown(idBytes, sender)) return this.#repeat(sender, message, idBytes, digest, at);
      const kept = keptRefusal(code);
      this.#insertRefusal.run(idBytes, sender.number, digest, at, this.#journal.next, kept);
    }
    const facts = { message: id, envelope: digestText(digest), code };
    this.#journal.leaves.refused(facts, of, entry, at);
    const detail = refusedDetailText(code, text);
    return { outcome: { code }, receipt: outcomeReceipt('refused', id, digest, at, detail) };
  }

  #isKnown(idBytes: Buffer, sender: Sender): boolean {
    return firstRow<FirstOutcome>(this.#firstOutcome, idBytes, sender.number) !== undefined;
  }

  /** The id had an outcome before: the same envelope gets it again, another one is refused. Both are recorded. */
  #repeat(
    sender: Sender,
    { id }: PackedAcceptable | PackedRefusable,
    idBytes: Buffer,
    digest: Buffer,
    at: number,
  ): Verdict {
    const found = firstRow<FirstOutcome>(this.#firstOutcome, idBytes, sender.number);
    if (found === undefined) throw new Error('a message conflicts with no row');
    const [firstDigest, firstAt, record, refusal, firstDelivery, count, listening, thread] = found;
    if (!digest.equals(firstDigest)) {
      const code = 'id-conflict';
      const of = thread === null ? undefined : uuidFromBytes(thread);
      const entry = conflictEntry(id, of && sender.address, record);
      const facts = { message: id, envelope: digestText(digest), code } as const;
      this.#journal.leaves.refused(facts, of ?? houseCase, Buffer.from(JSON.stringify(entry)), at);
      return {
        outcome: { code },
        receipt: outcomeReceipt('refused', id, digest, at, refusedDetailText(code, undefined)),
      };
    }
    this.#journal.leaves.repeated(record, at);
    if (refusal !== null) {
      const about = { message: id, envelope: digestText(digest) };
      const { code, detail } = toldAgain(refusal, () => this.#journal.wordsOfRefusal(record, about));
      return { outcome: { code }, receipt: outcomeReceipt('refused', id, digest, firstAt, detail) };
    }
    const recipients = allRows<[EndpointNumber]>(this.#recipients, firstDelivery, firstDelivery + count);
    const addresses = recipients.map(([recipient]) => this.#endpoints.addressOf(recipient));
    const detail = acceptedDetailText(record, presenceText(addresses, listening));
    return { outcome: 'duplicate', receipt: outcomeReceipt('accepted', id, digest, firstAt, detail) };
  }
}

/** The record entry of a message: as JSON, or sealed under a secret for the case that it may begin. */
function takeEntry({ commitment, recordBytes }: PackedAcceptable, bytes: ByteSource): Buffer | FreshlySealed {
  if (commitment === undefined) return bytes.take(recordBytes);
  return { secret: bytes.take(secretBytes), sealed: bytes.take(recordBytes), commitment };
}

function routeOf({ route }: PackedAcceptable, routes: readonly Route[]): Route {
  const found = routes[route];
  if (found === undefined) throw new RangeError('a message has no route');
  return found;
}
