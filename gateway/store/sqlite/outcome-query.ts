/** What is kept of the first outcome of ids, to be held against the log. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import { uuidFromBytes, uuidToBytes } from '../../../protocol/uuid.ts';
import { matterOf } from '../accepted-unit.ts';
import type { KeptOutcome, OutcomePortion } from '../port.ts';
import { digestText } from '../statements.ts';
import { allRows, bufferOf, prepare } from './database.ts';

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
  recipient: EndpointAddress,
  lane: number,
  expiresAt: number,
  settledAt: number | null,
];

export class OutcomeQuery {
  readonly #outcomes: StatementSync;
  readonly #deliveries: StatementSync;

  constructor(database: DatabaseSync) {
    this.#outcomes = prepare(
      database,
      `SELECT seq, record, unit, (SELECT address FROM endpoint e WHERE e.id = m.source), digest, at, refusal, expires_at,
       lane, category, severity, thread, first_delivery, recipients, listening FROM message m WHERE id = ?`,
    );
    // One more than it counts tells as well that it counts wrong.
    this.#deliveries = prepare(
      database,
      `SELECT (SELECT address FROM endpoint e WHERE e.id = d.recipient), lane, expires_at, settled_at
       FROM delivery d WHERE id >= ?1 AND id <= ?1 + ?2 AND message = ?3 ORDER BY id`,
    );
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
    const isUnderWay = deliveries.some(([, , , settledAt]) => settledAt === null);
    const areItsOwn =
      deliveries.length === count && deliveries.every((each) => each[1] === lane && each[2] === expiresAt);
    const columns = {
      ...{ id, source: source ?? undefined, expiresAt, category, severity },
      thread: thread === null ? null : uuidFromBytes(thread),
    };
    return {
      ...{ message: id, source: columns.source, leaf, at, envelope: digestText(bufferOf(digest)) },
      refusal: refusal ?? undefined,
      matter: matterOf({ ...columns, unit, digest }, isUnderWay),
      lane: lane ?? undefined,
      recipients: areItsOwn ? deliveries.map(([recipient]) => recipient) : undefined,
      listening: listening ?? undefined,
    };
  }
}
