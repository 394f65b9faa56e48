/** Which patterns look at an event at all: most events concern few, and nothing else is evaluated for them. */
import { agencyOf } from '../../protocol/ids.ts';
import type { CorrelatorEvent } from './event.ts';
import { fewestEvents, fewestRules } from './evaluate/fewest-events.ts';
import { KindMemo } from './kind-memo.ts';
import { horizonOf, waitOf, type Correlation, type Pattern } from './patterns/pattern.ts';

const yearMs = 365 * 86_400_000;

/** A pattern with what can be said of it before any window is measured. */
export type IndexedPattern = {
  readonly pattern: Pattern;
  /** Its place, for counting. */
  readonly place: number;
  /** No fewer events than these can satisfy it. */
  readonly fewest: number;
  /** No fewer of its own rules; 0 where that is not asked. */
  readonly fewestRules: number;
};

/** What an event's kind means to the patterns. */
export type About = {
  /** The patterns of which the event may be evidence. */
  readonly patterns: readonly IndexedPattern[];
  /** For each of them: which of its own rules match, a bit each. */
  readonly rules: readonly number[];
  /** A bit for the agency; the highest one stands for all agencies past the first 31. */
  readonly agency: number;
};

export const aboutNothing: About = { patterns: [], rules: [], agency: 0 };

/** What a count is asked about. */
type Focus = { readonly event: CorrelatorEvent; readonly about: About };

/** What is counted for each pattern: its events, and the bits of its rules and of their agencies. */
const wordsEach = 3;

/** Counts what a star has for each pattern: most stars have too little, and no window of theirs is measured. */
export class StarCount {
  readonly #patterns: readonly IndexedPattern[];
  readonly #counts: Int32Array;
  readonly #reachMs: Float64Array;
  #focus: CorrelatorEvent | undefined;

  constructor(patterns: readonly IndexedPattern[]) {
    this.#patterns = patterns;
    this.#counts = new Int32Array(wordsEach * patterns.length);
    this.#reachMs = Float64Array.from(patterns, ({ pattern }) => pattern.correlation.reachMs);
  }

  /**
   * Begins anew. With a focus, nothing counts that no window of the pattern holds together with it, and only its own
   * patterns may be asked about: the counts of others are left as they are.
   */
  begin(focus: Focus | undefined): void {
    this.#focus = focus?.event;
    const counts = this.#counts;
    for (const { place } of focus?.about.patterns ?? this.#patterns) {
      const at = wordsEach * place;
      counts[at] = counts[at + 1] = counts[at + 2] = 0;
    }
  }

  add({ time }: CorrelatorEvent, { patterns, rules, agency }: About): void {
    const distance = this.#focus === undefined ? 0 : Math.abs(time - this.#focus.time);
    const counts = this.#counts;
    for (let index = 0; index < patterns.length; index += 1) {
      const place = patterns[index]?.place ?? 0;
      if (distance > (this.#reachMs[place] ?? 0)) continue;
      const at = wordsEach * place;
      counts[at] = (counts[at] ?? 0) + 1;
      counts[at + 1] = (counts[at + 1] ?? 0) | (rules[index] ?? 0);
      counts[at + 2] = (counts[at + 2] ?? 0) | agency;
    }
  }

  /** False when no window can satisfy the pattern. */
  mayDo({ pattern, place, fewest, fewestRules }: IndexedPattern): boolean {
    const at = wordsEach * place;
    if ((this.#counts[at] ?? 0) < fewest || countBits(this.#counts[at + 1] ?? 0) < fewestRules) return false;
    const agencies = this.#counts[at + 2] ?? 0;
    return agencies < 0 || countBits(agencies) >= pattern.correlation.agencies;
  }
}

export class PatternIndex {
  readonly patterns: readonly IndexedPattern[];
  readonly #byKind: KindMemo<About>;
  readonly #agencies = new Map<string, number>();
  /** For one star after the other. */
  readonly count: StarCount;
  /** Whether any pattern takes what is merely possible. */
  readonly takesPossible: boolean;
  /** How far back a notice can matter, in arrivals. */
  readonly horizonMs: number;
  /**
   * For how long what was told stays told after it was last in evidence: never less than notices are held, or a link
   * that turns up would tell again of old ones.
   */
  readonly memoryMs: number;
  /** How far back history must be told, in arrivals, so that all is known of it that was told before. */
  readonly historyMs: number;

  constructor(patterns: readonly Pattern[]) {
    this.patterns = patterns.map((pattern, place) => ({
      pattern,
      place,
      fewest: fewestEvents(pattern.correlation),
      fewestRules: fewestRules(pattern.correlation),
    }));
    this.takesPossible = patterns.some(({ link }) => link === 'possible');
    this.count = new StarCount(this.patterns);
    this.#byKind = new KindMemo((event) => this.#describe(event));
    this.horizonMs = Math.max(0, ...patterns.map(horizonOf));
    this.memoryMs = Math.max(yearMs, this.horizonMs);
    // Whether a possibility was told depends on what was told for certain, and that is remembered for as long again.
    const spans = this.takesPossible ? 2 : 1;
    this.historyMs =
      patterns.length === 0 ? 0 : this.horizonMs + Math.max(...patterns.map(waitOf)) + spans * this.memoryMs;
  }

  about(event: CorrelatorEvent): About {
    return this.#byKind.get(event);
  }

  #describe(event: CorrelatorEvent): About {
    const patterns = this.patterns.filter(({ pattern }) =>
      pattern.evidenceRules.some((rule) => rule.matches(event)),
    );
    const rules = patterns.map(({ pattern }) => matchingBits(pattern.correlation, event));
    return { patterns, rules, agency: this.#bitOf(agencyOf(event.source)) };
  }

  #bitOf(agency: string): number {
    const known = this.#agencies.get(agency);
    if (known !== undefined) return known;
    const bit = 1 << Math.min(31, this.#agencies.size);
    if (bit > 0) this.#agencies.set(agency, bit);
    return bit;
  }
}

function matchingBits({ rules }: Correlation, event: CorrelatorEvent): number {
  return rules.reduce(
    (bits, rule, place) =>
      rule.kind === 'base' && place < 31 && rule.matches(event) ? bits | (1 << place) : bits,
    0,
  );
}

function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
