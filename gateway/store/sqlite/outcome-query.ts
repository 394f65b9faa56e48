/** What is kept of the first outcome of ids, to be held against the log. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import { digestOf } from '../../../protocol/proof/merkle.ts';
import { uuidFromBytes, uuidToBytes } from '../../../protocol/uuid.ts';
import { matterOf } from '../accepted-unit.ts';
import type { KeptCount, KeptDelivery, KeptGroup, KeptOutcome, OutcomePortion } from '../port.ts';
import { digestText } from '../statements.ts';
import { allRows, bufferOf, firstRow, prepare } from './database.ts';
import { deliveryStates } from './schema.ts';

/** What one reading looks at, about. */
const maxReadBytes = 1024 * 1024;

type OutcomeRow = readonly [
  seq: number,
  leaf: number,
  unit: Uint8Array | null,
  source: EndpointAddress | null,
  digest: Uint8Array,
  at: number,
  refusal: string | null,
  expiresAt: number | null,
  lane: number | null,
  category: string | null,
  severity: string | null,
  thread: Uint8Array | null,
  firstDelivery: number | null,
  recipients: number | null,
  listening: number | null,
];
type DeliveryRow = readonly [
  nth: number,
  recipient: EndpointAddress | null,
  lane: number,
  expiresAt: number,
  state: number,
  deliveredAt: number | null,
  deliveredLeaf: number | null,
  settledAt: number | null,
  settledLeaf: number | null,
];

export class OutcomeQuery {
  readonly #outcomes: StatementSync;
  readonly #deliveries: StatementSync;
  readonly #groups: StatementSync;
  readonly #count: StatementSync;

  constructor(database: DatabaseSync) {
    this.#outcomes = prepare(
      database,
      `SELECT seq, record, unit, (SELECT address FROM endpoint e WHERE e.id = m.source), digest, at, refusal, expires_at,
       lane, category, severity, thread, first_delivery, recipients, listening FROM message m WHERE id = ?`,
    );
    // One more than it counts tells as well that it counts wrong.
    this.#deliveries = prepare(
      database,
      `SELECT id - ?1, (SELECT address FROM endpoint e WHERE e.id = d.recipient), lane, expires_at, state, delivered_at,
       delivered_record, settled_at, settled_record
       FROM delivery d WHERE id >= ?1 AND id <= ?1 + ?2 AND message = ?3 ORDER BY id`,
    );
    this.#groups = prepare(
      database,
      'SELECT record, bytes FROM settled_group WHERE record >= ? AND record < ? ORDER BY record',
    );
    // One statement: all of it is of one moment.
    this.#count = prepare(
      database,
      `SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM delivery),
       (SELECT first + count FROM audit_block ORDER BY first DESC LIMIT 1)`,
    );
  }

  /** See `Store.countKept`. */
  count(): KeptCount {
    type CountRow = [messages: number, deliveries: number, leaves: number | null];
    const [messages = 0, deliveries = 0, leaves] = firstRow<CountRow>(this.#count) ?? [];
    return { messages, deliveries, leaves: leaves ?? 0 };
  }

  /** See `Store.readKeptGroups`. */
  readGroups(from: number, to: number): KeptGroup[] {
    const groups: KeptGroup[] = [];
    // One by one: together they may be large.
    for (const row of this.#groups.iterate(from, to)) {
      const [leaf, bytes] = row as unknown as readonly [number, Uint8Array];
      groups.push({ leaf, digest: digestOf(bytes) });
    }
    return groups;
  }

  /** See `Store.readOutcomes`. */
  read(ids: readonly MessageId[]): OutcomePortion {
    const outcomes: KeptOutcome[] = [];
    let [looked, bytes] = [0, 0];
    for (const id of ids) {
      for (const row of allRows<OutcomeRow>(this.#outcomes, uuidToBytes(id))) {
        outcomes.push(this.#outcomeOf(id, row));
        bytes += row[2]?.byteLength ?? 0;
      }
      looked += 1;
      if (bytes >= maxReadBytes) break;
    }
    return { outcomes, looked };
  }

  #outcomeOf(id: MessageId, row: OutcomeRow): KeptOutcome {
    const [seq, leaf, unit, source, digest, at, refusal, expiresAt, lane, category, severity, thread] = row;
    const [first, count, listening] = row.slice(12) as [number | null, number | null, number | null];
    const deliveries = allRows<DeliveryRow>(this.#deliveries, first, count, seq);
    const kept = deliveries.map(keptDelivery);
    const areItsOwn =
      deliveries.length === count && deliveries.every((each) => each[2] === lane && each[3] === expiresAt);
    const columns = {
      ...{ id, source: source ?? undefined, expiresAt, category, severity },
      thread: thread === null ? null : uuidFromBytes(thread),
    };
    return {
      ...{ message: id, source: columns.source, leaf, at, envelope: digestText(bufferOf(digest)) },
      refusal: refusal ?? undefined,
      matter: matterOf(
        { ...columns, unit, digest },
        kept.some(({ isOpen }) => isOpen),
      ),
      lane: lane ?? undefined,
      recipients: areItsOwn ? addressesOf(kept) : undefined,
      listening: listening ?? undefined,
      deliveries: inTheirPlaces(deliveries, kept, count ?? 0),
    };
  }
}

function keptDelivery(row: DeliveryRow): KeptDelivery {
  const [, recipient, , , state, deliveredAt, deliveredLeaf, settledAt, settledLeaf] = row;
  return {
    recipient: recipient ?? undefined,
    state: deliveryStates[state],
    isOpen: settledAt === null,
    delivered: { at: deliveredAt, leaf: deliveredLeaf },
    settled: { at: settledAt, leaf: settledLeaf },
  };
}

/** Undefined where one of them is nobody's. */
function addressesOf(kept: readonly KeptDelivery[]): EndpointAddress[] | undefined {
  const addresses = kept.flatMap(({ recipient }) => recipient ?? []);
  return addresses.length === kept.length ? addresses : undefined;
}

/** One of them may be gone, and one too many there. */
function inTheirPlaces(
  rows: readonly DeliveryRow[],
  kept: readonly KeptDelivery[],
  count: number,
): KeptOutcome['deliveries'] {
  const places: (KeptDelivery | undefined)[] = [];
  rows.forEach(([nth], index) => {
    if (nth < count) places[nth] = kept[index];
  });
  return places;
}
