/** The gap-free numbers that the correlator gives its messages, one row of them for each endpoint it writes to. */
import type { MessageId } from '../protocol/ids.ts';
import { parseEnvelope } from '../protocol/wire/envelope.ts';
import { decodeUnit } from '../protocol/wire/frame.ts';
import { correlatorAddress } from './identity/correlator-identity.ts';
import type { Lease, Store } from './store/port.ts';

type NumberStore = Pick<Store, 'readMarks' | 'setMarks' | 'readEvidence'>;

const markOf = (address: string): string => `correlator.sequence ${address}`;

export class PairNumbers {
  readonly #store: NumberStore;

  constructor(store: NumberStore) {
    this.#store = store;
  }

  /** The next number for each of them; none is used up before it is kept. */
  async next(to: readonly string[]): Promise<number[]> {
    const kept = await this.#store.readMarks();
    return to.map((address) => (kept.get(markOf(address)) ?? 0) + 1);
  }

  /** Keeps the numbers of a message that was accepted. */
  async keep(to: readonly string[], sequence: readonly number[], lease: Lease): Promise<void> {
    const kept = await this.#store.readMarks();
    const marks = new Map(
      to.map((address, nth) => [
        markOf(address),
        Math.max(kept.get(markOf(address)) ?? 0, sequence[nth] ?? 0),
      ]),
    );
    await this.#store.setMarks(marks, lease);
  }

  /** A crash between accepting and counting leaves the message itself, which says what was counted. */
  async recover(id: MessageId, lease: Lease): Promise<void> {
    const evidence = await this.#store.readEvidence(id);
    const unit = evidence.find(({ source }) => source === correlatorAddress)?.unit;
    if (unit === undefined || unit.byteLength === 0) return;
    const { to, sequence } = parseEnvelope(decodeUnit(unit).envelope);
    await this.keep(to, sequence, lease);
  }
}
