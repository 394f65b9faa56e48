/** Messages that arrived and that nobody has taken, in the order in which they came. */
import type { Envelope } from '../../protocol/wire/envelope.ts';
import type { Unit } from '../../protocol/wire/frame.ts';

/** A message in hand. */
export type Arrival = {
  readonly name: string;
  readonly unit: Unit;
  readonly envelope: Envelope;
  /** SHA-256 of the envelope's bytes. */
  readonly digest: Buffer;
  /** Its place in the queue; kept while it is looked at, given anew when it is postponed. */
  place: number;
  /** How often it was put back. */
  returns: number;
};

export class ArrivalQueue {
  #waiting: Arrival[] = [];
  #lastPlace = 0;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  append(arrival: Arrival): void {
    arrival.place = ++this.#lastPlace;
    this.#waiting.push(arrival);
  }

  /** Puts a message back where it was: some that are put back together come late and in disorder. */
  putBack(arrival: Arrival): void {
    const behind = this.#waiting.findIndex(({ place }) => place > arrival.place);
    this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, arrival);
  }

  take(): Arrival | undefined {
    return this.#waiting.shift();
  }

  clear(): void {
    this.#waiting = [];
  }
}
