/** The gap-free numbers that the correlator gives its messages, one row of them for each endpoint it writes to. */
import { correlatorAddress } from '../../protocol/ids.ts';
import type { Envelope } from '../../protocol/wire/envelope.ts';
import { readKeptEnvelope } from '../store/kept-envelope.ts';
import type { Lease, Store } from '../store/port.ts';

type NumberStore = Pick<Store, 'readMarks' | 'setMarks' | 'readAcceptances' | 'readEvidence'>;
type Numbered = Pick<Envelope, 'to' | 'sequence'>;

/** Up to which place in the order of acceptance the correlator's messages are counted. */
const countedMark = 'correlator.counted';
const markOf = (address: string): string => `correlator.sequence ${address}`;
/** Acceptances that are looked at at once. */
const portion = 1000;
/** Portions after which it is noted how far it was counted. Between two, no lease runs out. */
const notedEvery = 16;

export class PairNumbers {
  readonly #store: NumberStore;
  /** The term of the lease in which everything accepted before was counted. */
  #countedIn: number | undefined;

  constructor(store: NumberStore) {
    this.#store = store;
  }

  /** The next number for each of them; none is used up before its message is accepted. */
  async next(to: readonly string[], lease: Lease): Promise<number[]> {
    if (this.#countedIn !== lease.epoch) await this.#countAccepted(lease);
    const kept = await this.#store.readMarks();
    return to.map((address) => (kept.get(markOf(address)) ?? 0) + 1);
  }

  /** Keeps the numbers of a message that was accepted. @param record the leaf of its acceptance */
  async keep(message: Numbered, record: number, lease: Lease): Promise<void> {
    this.doubt();
    const counted = countsIn([message], await this.#store.readMarks());
    await this.#store.setMarks(counted.set(countedMark, record + 1), lease);
    this.#countedIn = lease.epoch;
  }

  /** Nobody knows whether the last message was accepted: the next number waits until that has been looked up. */
  doubt(): void {
    this.#countedIn = undefined;
  }

  /**
   * A crash between accepting and keeping leaves the message itself, which says what is to be kept. Where the correlator
   * has sent nothing for long, a long history is counted: what was is noted, for another gateway may take the turn.
   */
  async #countAccepted(lease: Lease): Promise<void> {
    const kept = await this.#store.readMarks();
    const found: Numbered[] = [];
    let position = kept.get(countedMark) ?? 0;
    for (let portions = 1; ; portions += 1) {
      const acceptances = await this.#store.readAcceptances(position, portion, 0);
      const last = acceptances.at(-1);
      if (last === undefined) break;
      for (const { id, source } of acceptances) {
        const message =
          source === correlatorAddress ? await readKeptEnvelope(this.#store, id, source) : undefined;
        if (message !== undefined) found.push(message);
      }
      ({ position } = last);
      if (portions % notedEvery === 0)
        await this.#store.setMarks(countsIn(found, kept).set(countedMark, position), lease);
    }
    await this.#store.setMarks(countsIn(found, kept).set(countedMark, position), lease);
    this.#countedIn = lease.epoch;
  }
}

/** The marks of those whom the messages are for, as they are to be kept. */
function countsIn(messages: readonly Numbered[], kept: ReadonlyMap<string, number>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { to, sequence } of messages) {
    for (const [nth, address] of to.entries()) {
      const mark = markOf(address);
      counts.set(mark, Math.max(counts.get(mark) ?? kept.get(mark) ?? 0, sequence[nth] ?? 0));
    }
  }
  return counts;
}
