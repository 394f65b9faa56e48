/** Which payloads are still kept, and since when nobody waits for them. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { KeptPayload, PayloadPortion } from '../port.ts';
import { firstRow, prepare } from './database.ts';
import type { RecordSearch } from './record-search.ts';
import { stateNumbers } from './schema.ts';

type MessageRow = readonly [
  position: number,
  at: number,
  category: string | null,
  unitBytes: number | null,
  hasPayload: number | null,
  first: number | null,
  count: number | null,
];
type EndRow = readonly [endedAt: number | null, open: number | null, notStored: number | null];

export class PayloadQuery {
  readonly #search: RecordSearch;
  readonly #messages: StatementSync;
  readonly #end: StatementSync;

  constructor(database: DatabaseSync, search: RecordSearch) {
    this.#search = search;
    // The payload's length stands in the unit's bytes 6 to 9; see `protocol/wire/frame.ts`.
    this.#messages = prepare(
      database,
      `SELECT record + 1, at, category, length(unit), substr(unit, 7, 4) <> x'00000000', first_delivery, recipients
       FROM message WHERE seq >= ? ORDER BY seq LIMIT ?`,
    );
    this.#end = prepare(
      database,
      `SELECT max(settled_at), sum(settled_at IS NULL), sum(state <> ${stateNumbers.stored}) FROM delivery
       WHERE id >= ? AND id < ?`,
    );
  }

  /** See `Store.readPayloads`. */
  read(after: number, limit: number, before: number): PayloadPortion {
    const payloads: KeptPayload[] = [];
    let through = after;
    for (const row of this.#messages.iterate(this.#search.firstFrom(after), limit)) {
      const [position, at, category, unitBytes, hasPayload, first, count] = row as unknown as MessageRow;
      if (at >= before) break;
      through = position;
      if (category === null || first === null || unitBytes === null || hasPayload !== 1) continue;
      const [endedAt, open, notStored] =
        firstRow<EndRow>(this.#end, first, first + (count ?? 0)) ?? ([null, 1, 1] as const);
      const isStored = notStored === 0;
      payloads.push({ position, category, unitBytes, endedAt: open === 0 ? endedAt : null, isStored });
    }
    return { payloads, through };
  }
}
