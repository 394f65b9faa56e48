/**
 * Receipt streams: what senders are to be told after their submissions were answered.
 *
 * A commit first collects; at its end each sender gets the gateway's own receipts, signed as one group, and after
 * them the groups that recipients signed. So `delivered` always stands before the `stored` that follows it.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { BatchSigner } from '../../../protocol/proof/signing.ts';
import { limits } from '../../../protocol/limits.ts';
import { signReceiptGroup } from '../../../protocol/wire/receipt-group.ts';
import { laterNumber } from '../later-number.ts';
import { firstRow, prepare } from './database.ts';
import type { EndpointNumber } from './endpoint-table.ts';

/** A stream that has grown by one group in this commit. */
export type Growth = {
  readonly endpoint: EndpointNumber;
  readonly position: number;
  /** Position of the group before it, 0 for none. */
  readonly previous: number;
  readonly group: Uint8Array;
};

type Collected = { readonly own: Buffer[]; readonly passedOn: Uint8Array[] };

export class ReceiptStreams {
  readonly #signer: BatchSigner;
  readonly #writer: number;
  readonly #grow: StatementSync;
  readonly #insert: StatementSync;
  readonly #state: StatementSync;
  readonly #markForgotten: StatementSync;
  readonly #delete: StatementSync;
  readonly #collected = new Map<EndpointNumber, Collected>();

  /** @param writer tells this process's commits from those of others */
  constructor(database: DatabaseSync, signer: BatchSigner, writer: number) {
    this.#signer = signer;
    this.#writer = writer;
    this.#grow = prepare(
      database,
      `INSERT INTO receipt_stream (endpoint, last, forgotten, writer, record) VALUES (?1, ?2, 0, ?3, ?4)
       ON CONFLICT DO UPDATE SET last = ?2, writer = ?3, record = ?4`,
    );
    this.#insert = prepare(
      database,
      'INSERT INTO receipt_group (endpoint, position, bytes) VALUES (?, ?, ?)',
    );
    this.#state = prepare(database, 'SELECT last, forgotten FROM receipt_stream WHERE endpoint = ?');
    this.#markForgotten = prepare(database, 'UPDATE receipt_stream SET forgotten = ? WHERE endpoint = ?');
    this.#delete = prepare(database, 'DELETE FROM receipt_group WHERE endpoint = ? AND position <= ?');
  }

  /** Adds a receipt of the gateway, encoded. */
  tell(endpoint: EndpointNumber, receipt: Buffer): void {
    this.#of(endpoint).own.push(receipt);
  }

  /** Adds a group that somebody else signed. */
  passOn(endpoint: EndpointNumber, group: Uint8Array): void {
    this.#of(endpoint).passedOn.push(group);
  }

  /** Drops what was collected. */
  discard(): void {
    this.#collected.clear();
  }

  /**
   * Signs and writes what was collected.
   * @param record the index of the next record entry
   * @param at when the commit is made, ms since 1970
   */
  flush(record: number, at: number): Growth[] {
    const growth: Growth[] = [];
    for (const [endpoint, { own, passedOn }] of this.#collected) {
      const groups: Uint8Array[] = [];
      for (let from = 0; from < own.length; from += limits.maxUnits) {
        groups.push(signReceiptGroup(own.slice(from, from + limits.maxUnits), this.#signer));
      }
      groups.push(...passedOn);
      let [last] = firstRow<[number, number]>(this.#state, endpoint) ?? [0, 0];
      for (const group of groups) {
        const position = laterNumber(last, at);
        this.#insert.run(endpoint, position, group);
        growth.push({ endpoint, position, previous: last, group });
        last = position;
      }
      this.#grow.run(endpoint, last, this.#writer, record);
    }
    this.#collected.clear();
    return growth;
  }

  /** Deletes groups up to a position. @returns the position in effect, or undefined when nothing changed */
  forget(endpoint: EndpointNumber, through: number): number | undefined {
    const [last, forgotten] = firstRow<[number, number]>(this.#state, endpoint) ?? [0, 0];
    const until = Math.min(through, last);
    if (until <= forgotten) return undefined;
    this.#markForgotten.run(until, endpoint);
    this.#delete.run(endpoint, until);
    return until;
  }

  #of(endpoint: EndpointNumber): Collected {
    let collected = this.#collected.get(endpoint);
    if (collected === undefined) {
      collected = { own: [], passedOn: [] };
      this.#collected.set(endpoint, collected);
    }
    return collected;
  }
}
