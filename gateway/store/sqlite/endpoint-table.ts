/** Addresses as small integers. Rows never change, so what has been read stays true. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { firstRow, prepare } from './database.ts';

/** An endpoint's number within one store. */
export type EndpointNumber = number;

export class EndpointTable {
  readonly #insert: StatementSync;
  readonly #byAddress: StatementSync;
  readonly #byNumber: StatementSync;
  readonly #numbers = new Map<EndpointAddress, EndpointNumber>();
  readonly #addresses = new Map<EndpointNumber, EndpointAddress>();

  constructor(database: DatabaseSync) {
    this.#insert = prepare(database, 'INSERT INTO endpoint (address) VALUES (?)');
    this.#byAddress = prepare(database, 'SELECT id FROM endpoint WHERE address = ?');
    this.#byNumber = prepare(database, 'SELECT address FROM endpoint WHERE id = ?');
  }

  /** The number of an address, given now if it has none. */
  intern(address: EndpointAddress): EndpointNumber {
    return this.find(address) ?? this.#keep(Number(this.#insert.run(address).lastInsertRowid), address);
  }

  find(address: EndpointAddress): EndpointNumber | undefined {
    const known = this.#numbers.get(address);
    if (known !== undefined) return known;
    const row = firstRow<[number]>(this.#byAddress, address);
    return row === undefined ? undefined : this.#keep(row[0], address);
  }

  addressOf(number: EndpointNumber): EndpointAddress {
    const known = this.#addresses.get(number);
    if (known !== undefined) return known;
    const row = firstRow<[EndpointAddress]>(this.#byNumber, number);
    if (row === undefined) throw new RangeError('no such endpoint');
    this.#keep(number, row[0]);
    return row[0];
  }

  /** After a rollback: numbers given in it were never given. */
  forget(): void {
    this.#numbers.clear();
    this.#addresses.clear();
  }

  #keep(number: EndpointNumber, address: EndpointAddress): EndpointNumber {
    this.#numbers.set(address, number);
    this.#addresses.set(number, address);
    return number;
  }
}
