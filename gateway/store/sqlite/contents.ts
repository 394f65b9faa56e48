/** Everything in the file, table by table, for moving it elsewhere. */
import type { DatabaseSync } from 'node:sqlite';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { uuidFromBytes } from '../../../protocol/uuid.ts';
import type { Severity } from '../../../protocol/wire/envelope.ts';
import { withoutWords } from '../kept-refusal.ts';
import { JoinedBlocks } from '../joined-blocks.ts';
import type { DeliveryId, Lane, StoreVersions } from '../port.ts';
import type { HeldDelivery, HeldMessage, StoreContents } from '../store-contents.ts';
import { allRows, bufferOf, firstRow, openForMoving, prepare } from './database.ts';
import { versionsOf } from './directory-table.ts';
import { orDamage } from './failures.ts';
import { deliveryStates } from './schema.ts';

/** The tables whose rows {@link SqliteContents} gives; a test holds both lists to the schema. */
export const tablesRead: readonly string[] = [
  'audit_block',
  'case_erasure',
  'case_secret',
  'delivery',
  'directory_change',
  'directory_entry',
  'endpoint',
  'mark',
  'message',
  'meta',
  'permit',
  'receipt_group',
  'receipt_stream',
  'settled_group',
];

/** Tables that follow from others. */
export const derivedTables: readonly string[] = ['expiry_span'];

type MessageRow = readonly [
  id: Uint8Array,
  source: EndpointAddress,
  digest: Uint8Array,
  at: number,
  record: number,
  refusal: string | null,
  expiresAt: number,
  lane: Lane,
  category: string | null,
  severity: Severity | null,
  thread: Uint8Array | null,
  firstDelivery: DeliveryId,
  recipients: number,
  listening: number,
  unit: Uint8Array | null,
];

type DeliveryRow = readonly [
  id: DeliveryId,
  message: Uint8Array,
  source: EndpointAddress,
  digest: Uint8Array,
  recipient: EndpointAddress,
  lane: Lane,
  expiresAt: number,
  unitBytes: number,
  record: number,
  nth: number,
  state: number,
  deliveredAt: number | null,
  settledAt: number | null,
  deliveredRecord: number | null,
  settledRecord: number | null,
];

export class SqliteContents implements StoreContents {
  readonly versions: StoreVersions;
  readonly nextDelivery: DeliveryId;
  readonly #database: DatabaseSync;

  /**
   * Opens a store and keeps every writer away from it until it is closed.
   * @throws CausewayError `configuration-invalid` where there is none, `store-incompatible`, `store-damaged`,
   * `store-unavailable` while somebody else writes
   */
  constructor(file: string) {
    this.#database = openForMoving(file);
    try {
      this.versions = versionsOf(this.#prepare('SELECT name, value FROM meta'));
      const last = firstRow<[number | null]>(this.#prepare('SELECT max(id) FROM delivery'))?.[0];
      this.nextDelivery = (last ?? 0) + 1;
    } catch (error) {
      this.#database.close();
      throw orDamage(error, file);
    }
  }

  *blocks(): ReturnType<StoreContents['blocks']> & Generator {
    type Row = readonly [number, number, number, Uint8Array, Uint8Array];
    const sql = 'SELECT first, count, at, leaves, bodies FROM audit_block ORDER BY first';
    const joined = new JoinedBlocks(0);
    for (const [first, count, at, leaves, bodies] of this.#rows<Row>(sql)) {
      const block = { first, count, at, leaves: bufferOf(leaves), bodies: bufferOf(bodies) };
      joined.take(block);
      yield block;
    }
  }

  *messages(): Generator<HeldMessage> {
    const recipients = this.#prepare(
      `SELECT address FROM delivery d JOIN endpoint e ON e.id = d.recipient
       WHERE d.id >= ? AND d.id < ? ORDER BY d.id`,
    );
    const rows = this.#rows<MessageRow>(
      `SELECT m.id, address, digest, at, record, refusal, expires_at, lane, category, severity, thread,
       first_delivery, recipients, listening, unit
       FROM message m JOIN endpoint e ON e.id = m.source ORDER BY m.seq`,
    );
    for (const row of rows) {
      const [, , , , , , , , , , , first, count] = row;
      yield heldMessage(row, () =>
        allRows<[EndpointAddress]>(recipients, first, first + count).map(([address]) => address),
      );
    }
  }

  *deliveries(): Generator<HeldDelivery> {
    const rows = this.#rows<DeliveryRow>(
      `SELECT d.id, m.id, s.address, m.digest, r.address, d.lane, d.expires_at, length(m.unit), m.record,
       d.id - m.first_delivery, d.state, d.delivered_at, d.settled_at, d.delivered_record, d.settled_record
       FROM delivery d JOIN message m ON m.seq = d.message
       JOIN endpoint s ON s.id = m.source JOIN endpoint r ON r.id = d.recipient ORDER BY d.id`,
    );
    for (const row of rows) yield heldDelivery(row);
  }

  *streams(): ReturnType<StoreContents['streams']> & Generator {
    type Row = readonly [EndpointAddress, number, number];
    const sql = `SELECT address, last, forgotten FROM receipt_stream JOIN endpoint ON id = endpoint ORDER BY id`;
    for (const [endpoint, last, forgotten] of this.#rows<Row>(sql)) yield { endpoint, last, forgotten };
  }

  *receiptGroups(): ReturnType<StoreContents['receiptGroups']> & Generator {
    type Row = readonly [EndpointAddress, number, Uint8Array];
    const sql = `SELECT address, position, bytes FROM receipt_group g JOIN endpoint e ON e.id = g.endpoint
      ORDER BY g.endpoint, position`;
    for (const [endpoint, position, bytes] of this.#rows<Row>(sql)) {
      yield { endpoint, position, group: bufferOf(bytes) };
    }
  }

  *settledGroups(): ReturnType<StoreContents['settledGroups']> & Generator {
    type Row = readonly [number, Uint8Array];
    for (const [record, bytes] of this.#rows<Row>(
      'SELECT record, bytes FROM settled_group ORDER BY record',
    )) {
      yield { record, group: bufferOf(bytes) };
    }
  }

  *permits(): ReturnType<StoreContents['permits']> & Generator {
    type Row = readonly [Uint8Array, EndpointAddress, string, number, number | null];
    const sql = `SELECT secret, address, roles, expires_at, used_at FROM permit JOIN endpoint ON id = endpoint
      ORDER BY secret`;
    for (const [secret, endpoint, roles, expiresAt, usedAt] of this.#rows<Row>(sql)) {
      const secretDigest = bufferOf(secret);
      yield { secretDigest, endpoint, roles: JSON.parse(roles) as string[], expiresAt, usedAt };
    }
  }

  *entries(): ReturnType<StoreContents['entries']> & Generator {
    type Row = readonly [EndpointAddress, number, string, number];
    const sql = `SELECT address, version, entry, record FROM directory_entry JOIN endpoint ON id = endpoint
      ORDER BY id`;
    for (const [endpoint, version, entry, record] of this.#rows<Row>(sql)) {
      yield { endpoint, version, entry, record };
    }
  }

  *directoryChanges(): ReturnType<StoreContents['directoryChanges']> & Generator {
    type Row = readonly [EndpointAddress, number];
    const sql = `SELECT address, record FROM directory_change JOIN endpoint ON id = endpoint ORDER BY id, record`;
    for (const [endpoint, record] of this.#rows<Row>(sql)) yield { endpoint, record };
  }

  *caseSecrets(): ReturnType<StoreContents['caseSecrets']> & Generator {
    type Row = readonly [Uint8Array, Uint8Array];
    const sql = `SELECT id, secret FROM case_secret UNION ALL SELECT id, secret FROM message WHERE secret IS NOT NULL
      ORDER BY id`;
    for (const [id, secret] of this.#rows<Row>(sql)) {
      yield { id: uuidFromBytes(id), secret: bufferOf(secret) };
    }
  }

  *caseErasures(): ReturnType<StoreContents['caseErasures']> & Generator {
    type Row = readonly [Uint8Array, number];
    for (const [id, record] of this.#rows<Row>('SELECT id, record FROM case_erasure ORDER BY id, record')) {
      yield { id: uuidFromBytes(id), record };
    }
  }

  *marks(): ReturnType<StoreContents['marks']> & Generator {
    type Row = readonly [string, number];
    for (const [name, value] of this.#rows<Row>('SELECT name, value FROM mark ORDER BY name')) {
      yield { name, value };
    }
  }

  close(): void {
    this.#database.close();
  }

  #prepare(sql: string): ReturnType<typeof prepare> {
    return prepare(this.#database, sql);
  }

  /** The rows of a statement; whoever calls it names the types of its columns. */
  #rows<T extends readonly unknown[]>(sql: string): Iterable<T> {
    return this.#prepare(sql).iterate() as unknown as Iterable<T>;
  }
}

function heldMessage(row: MessageRow, readRecipients: () => EndpointAddress[]): HeldMessage {
  const [id, source, digest, at, record, refusal, expiresAt, lane, category, severity, thread] = row;
  const [, , , , , , , , , , , firstDelivery, , listening, unit] = row;
  const held = { id: uuidFromBytes(id), source, digest: bufferOf(digest), at, record };
  // One of an older form has words as well.
  if (refusal !== null) return { ...held, outcome: { refusal: withoutWords(refusal) } };
  const isErased = category === null || severity === null || thread === null;
  return {
    ...held,
    outcome: {
      expiresAt,
      lane,
      firstDelivery,
      recipients: readRecipients(),
      listening,
      unit: bufferOf(unit ?? new Uint8Array()),
      matter: isErased ? undefined : { category, severity, thread: uuidFromBytes(thread) },
    },
  };
}

function heldDelivery(row: DeliveryRow): HeldDelivery {
  const [id, message, source, digest, recipient, lane, expiresAt, unitBytes, record, nth, state] = row;
  const [, , , , , , , , , , , deliveredAt, settledAt, deliveredRecord, settledRecord] = row;
  return {
    id,
    message: uuidFromBytes(message),
    source,
    digest: bufferOf(digest),
    recipient,
    lane,
    expiresAt,
    unitBytes,
    record,
    nth,
    state: deliveryStates[state] ?? 'queued',
    deliveredAt,
    settledAt,
    deliveredRecord,
    settledRecord,
  };
}
