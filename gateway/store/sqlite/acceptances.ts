/**
 * Accepted messages in order. One portion is a question like any other; a reading that goes on beyond it may be long,
 * and gets a thread of its own that gives way: neither a recipient's queue nor a message under way waits behind it.
 */
import { unpackAccepted } from '../accepted-batch.ts';
import type { Acceptance, DamagedMessage } from '../port.ts';
import { ReaderClient } from './reader-client.ts';
import type { ReaderOptions } from './reader.ts';

export class Acceptances {
  readonly #reader: ReaderClient;
  readonly #longReader: ReaderClient;
  readonly #onDamaged: (message: DamagedMessage) => void;
  /** Where the last full portion ended: whoever asks on from there has a long way to go. */
  #fullUntil: number | undefined;

  /** @param onDamaged told of what a reading leaves out */
  constructor(reader: ReaderClient, options: ReaderOptions, onDamaged: (message: DamagedMessage) => void) {
    this.#reader = reader;
    this.#longReader = new ReaderClient({ ...options, givesWay: true });
    this.#onDamaged = onDamaged;
  }

  /** See `Store.readAcceptances`. @throws CausewayError `store-unavailable` */
  async read(after: number, limit: number, since: number): Promise<Acceptance[]> {
    const reader = after === this.#fullUntil ? this.#longReader : this.#reader;
    const { value, bytes } = await reader.ask('acceptances', { after, limit, since });
    for (const message of value.damaged) this.#onDamaged(message);
    const found = unpackAccepted(value.batch, bytes.rest());
    if (value.isFull || reader === this.#longReader)
      this.#fullUntil = value.isFull ? found.at(-1)?.position : undefined;
    return found;
  }

  async close(): Promise<void> {
    await this.#longReader.close();
  }
}
