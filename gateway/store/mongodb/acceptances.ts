/** Accepted messages in order, by the thread that reads them. */
import { Timestamp } from 'mongodb';
import type { Acceptance, DamagedMessage } from '../port.ts';
import { unpackAccepted } from '../accepted-batch.ts';
import { ReaderThread } from '../reader-thread.ts';
import type { AcceptanceAnswer, AcceptanceQuestion, AcceptanceReaderOptions } from './acceptance-reader.ts';
import type { CausalTime } from './causal-time.ts';

export class Acceptances {
  readonly #thread: ReaderThread<AcceptanceQuestion, AcceptanceAnswer>;
  readonly #causal: CausalTime;
  readonly #onDamaged: (message: DamagedMessage) => void;

  /** @param onDamaged told of what a reading leaves out */
  constructor(
    workerData: AcceptanceReaderOptions,
    causal: CausalTime,
    onDamaged: (message: DamagedMessage) => void,
  ) {
    this.#thread = new ReaderThread(new URL('./acceptance-reader.ts', import.meta.url), {
      name: 'acceptance-reader',
      workerData,
    });
    this.#causal = causal;
    this.#onDamaged = onDamaged;
  }

  /** See `Store.readAcceptances`. @throws CausewayError `store-unavailable` */
  async read(after: number, limit: number, since: number): Promise<Acceptance[]> {
    const question = { after, limit, since, seen: this.#causal.seen.toBigInt() };
    const { value, bytes } = await this.#thread.ask(question);
    this.#causal.advance(new Timestamp(value.seen));
    for (const message of value.damaged) this.#onDamaged(message);
    return unpackAccepted(value.batch, bytes.rest());
  }

  async close(): Promise<void> {
    await this.#thread.close();
  }
}
