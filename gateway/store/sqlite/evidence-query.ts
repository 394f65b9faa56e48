/** What proves what became of a message, from the tables. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import { uuidToBytes } from '../../../protocol/uuid.ts';
import type { DeliveryState, MessageEvidence } from '../port.ts';
import type { ByteSink, ByteSource } from '../byte-stream.ts';
import { allRows, firstRow, prepare } from './database.ts';
import type { EndpointNumber, EndpointTable } from './endpoint-table.ts';
import { deliveryStates } from './schema.ts';

/** See `operations.ts`: where a field says `…Bytes`, that many bytes belong to it. */
export type PackedEvidence = {
  readonly source: EndpointAddress;
  readonly record: number;
  readonly unitBytes: number;
  readonly directory: readonly number[];
  readonly deliveries: readonly {
    readonly recipient: EndpointAddress;
    readonly state: DeliveryState;
    readonly deliveredRecord: number | null;
    readonly settledRecord: number | null;
    /** 0 where the recipient has signed nothing. */
    readonly groupBytes: number;
  }[];
};

type MessageRow = readonly [
  EndpointNumber,
  record: number,
  first: number | null,
  count: number | null,
  Uint8Array | null,
];
type DeliveryRow = readonly [EndpointNumber, state: number, delivered: number | null, settled: number | null];

export class EvidenceQuery {
  readonly #endpoints: EndpointTable;
  readonly #messages: StatementSync;
  readonly #deliveries: StatementSync;
  readonly #group: StatementSync;
  readonly #entry: StatementSync;

  constructor(database: DatabaseSync, endpoints: EndpointTable) {
    this.#endpoints = endpoints;
    this.#messages = prepare(
      database,
      'SELECT source, record, first_delivery, recipients, unit FROM message WHERE id = ? ORDER BY seq',
    );
    this.#deliveries = prepare(
      database,
      `SELECT recipient, state, delivered_record, settled_record FROM delivery
       WHERE id >= ? AND id < ? ORDER BY id`,
    );
    this.#entry = prepare(
      database,
      'SELECT max(record) FROM directory_change WHERE endpoint = ? AND record <= ?',
    );
    this.#group = prepare(
      database,
      'SELECT bytes FROM settled_group WHERE record <= ? ORDER BY record DESC LIMIT 1',
    );
  }

  read(id: MessageId, sink: ByteSink): PackedEvidence[] {
    return allRows<MessageRow>(this.#messages, uuidToBytes(id)).map(
      ([source, record, first, count, unit]) => {
        const rows = allRows<DeliveryRow>(this.#deliveries, first ?? 0, (first ?? 0) + (count ?? 0));
        return {
          source: this.#endpoints.addressOf(source),
          record,
          directory: this.#entriesInForce(source, record, rows),
          unitBytes: unit === null ? 0 : sink.add(unit),
          deliveries: rows.map((row) => this.#delivery(row, sink)),
        };
      },
    );
  }

  #entriesInForce(source: EndpointNumber, record: number, rows: readonly DeliveryRow[]): number[] {
    const moments = rows.flatMap(
      ([recipient, , , settled]) =>
        [
          [recipient, record],
          [recipient, settled ?? record],
        ] as const,
    );
    const found = [[source, record] as const, ...moments].map(
      ([endpoint, at]) => firstRow<[number | null]>(this.#entry, endpoint, at)?.[0] ?? null,
    );
    return [...new Set(found.filter((leaf) => leaf !== null))];
  }

  #delivery(
    [recipient, state, deliveredRecord, settledRecord]: DeliveryRow,
    sink: ByteSink,
  ): PackedEvidence['deliveries'][number] {
    const name = deliveryStates[state] ?? 'queued';
    const isSigned = name === 'stored' || name === 'refused';
    const group = isSigned ? firstRow<[Uint8Array]>(this.#group, settledRecord)?.[0] : undefined;
    return {
      recipient: this.#endpoints.addressOf(recipient),
      state: name,
      deliveredRecord,
      settledRecord,
      groupBytes: group === undefined ? 0 : sink.add(group),
    };
  }
}

/** Puts the bytes back in their places. */
export function unpackEvidence(
  id: MessageId,
  packed: readonly PackedEvidence[],
  bytes: ByteSource,
): MessageEvidence[] {
  return packed.map(({ unitBytes, deliveries, ...message }) => ({
    id,
    ...message,
    unit: bytes.take(unitBytes),
    deliveries: deliveries.map(({ groupBytes, ...delivery }) => ({
      ...delivery,
      group: groupBytes === 0 ? undefined : bytes.take(groupBytes),
    })),
  }));
}
