/**
 * What the senders' own counts say: each numbers its messages to each recipient address from 1 without gaps, so a
 * number that no acceptance and no refusal in the log accounts for is a message that the log does not know.
 *
 * A sender that begins again at 1 has lost its state, or two devices use one name: the count then starts anew, and the
 * gaps of the one before stay.
 */
import { NumberRanges, type NumberRange } from './number-ranges.ts';

/** What an acceptance or an authentic refusal says of the counts. */
export type CountedMessage = {
  readonly message: string;
  readonly source: string;
  readonly to: readonly string[];
  readonly sequence: readonly number[];
};

export type Pair = { readonly source: string; readonly to: string };
export type SequenceGap = Pair & NumberRange;
/** The count of a pair began again with the message of this leaf. */
export type Recount = Pair & { readonly leaf: number };

export class SequenceCounts {
  readonly #pairs = new Map<string, CountedPair>();
  readonly recounts: Recount[] = [];

  accepted(message: CountedMessage, leaf: number): void {
    for (const { pair, count, number } of this.#countsOf(message)) {
      if (count.accept(number, message.message)) this.recounts.push({ ...pair, leaf });
    }
  }

  refused(message: CountedMessage): void {
    for (const { count, number } of this.#countsOf(message)) count.refuse(number, message.message);
  }

  /** Gaps that are there now are older than the period. */
  beginPeriod(): void {
    this.recounts.length = 0;
    for (const { count } of this.#pairs.values()) count.beginPeriod();
  }

  /** Gaps that came up in the period, and how many numbers were missing before it and still are. */
  gaps(): { readonly gaps: SequenceGap[]; readonly missingBefore: number } {
    const gaps: SequenceGap[] = [];
    let missingBefore = 0;
    for (const { pair, count } of this.#pairs.values()) {
      gaps.push(...count.newGaps().map((gap) => ({ ...pair, ...gap })));
      missingBefore += count.missingBefore();
    }
    return { gaps, missingBefore };
  }

  *#countsOf({ source, to, sequence }: CountedMessage): Generator<CountedPair & { readonly number: number }> {
    for (const [nth, recipient] of to.entries()) {
      const number = sequence[nth];
      if (number === undefined || !Number.isSafeInteger(number) || number < 1) continue;
      const name = `${source} ${recipient}`;
      let known = this.#pairs.get(name);
      if (known === undefined) {
        known = { pair: { source, to: recipient }, count: new PairCount() };
        this.#pairs.set(name, known);
      }
      yield { ...known, number };
    }
  }
}

/** A pair and its count. */
type CountedPair = { readonly pair: Pair; readonly count: PairCount };

class PairCount {
  #numbers = new NumberRanges();
  /** Refused messages by their number: they may be handed in again, and be accepted. */
  readonly #refused = new Map<number, string>();
  /** Numbers of refused messages that were in use: they belong to the next count, if one begins. */
  #strays = new Set<number>();
  /** Highest number when the period began. */
  #maxBefore = 0;
  /** Gaps of counts that have ended. */
  #endedGaps: NumberRange[] = [];
  #endedMissing = 0;

  /** @returns true when the count began again */
  accept(number: number, message: string): boolean {
    const isRetry = this.#refused.get(number) === message;
    this.#refused.delete(number);
    if (isRetry) return false;
    const isUsed = this.#numbers.has(number);
    if (isUsed) this.#beginAgain();
    this.#numbers.add(number);
    return isUsed;
  }

  refuse(number: number, message: string): void {
    if (!this.#numbers.has(number)) {
      this.#numbers.add(number);
      this.#refused.set(number, message);
    } else if (this.#refused.get(number) !== message) this.#strays.add(number);
  }

  beginPeriod(): void {
    this.#endedMissing += sizeOf(this.#endedGaps);
    this.#endedGaps = [];
    this.#maxBefore = this.#numbers.max;
  }

  newGaps(): NumberRange[] {
    return [...this.#endedGaps, ...this.#numbers.gaps().filter(({ last }) => last > this.#maxBefore)];
  }

  missingBefore(): number {
    return this.#endedMissing + sizeOf(this.#numbers.gaps().filter(({ last }) => last <= this.#maxBefore));
  }

  #beginAgain(): void {
    const [gaps, missing] = [this.newGaps(), this.missingBefore()];
    this.#endedGaps = gaps;
    this.#endedMissing = missing;
    this.#numbers = new NumberRanges();
    for (const number of this.#strays) this.#numbers.add(number);
    this.#strays = new Set();
    this.#refused.clear();
    this.#maxBefore = 0;
  }
}

function sizeOf(gaps: readonly NumberRange[]): number {
  return gaps.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}
