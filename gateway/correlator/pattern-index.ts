/** Which patterns look at an event at all: most events concern few, and nothing else is evaluated for them. */
import type { CorrelatorEvent } from './event.ts';
import { fewestEvents } from './evaluate/fewest-events.ts';
import { KindMemo } from './kind-memo.ts';
import type { Pattern } from './patterns/pattern.ts';

/** A pattern with what can be said of it before any window is measured. */
export type IndexedPattern = {
  readonly pattern: Pattern;
  /** Its place, for counting. */
  readonly place: number;
  /** No fewer events than these can satisfy it. */
  readonly fewest: number;
};

export class PatternIndex {
  readonly #patterns: readonly IndexedPattern[];
  readonly #byKind: KindMemo<readonly IndexedPattern[]>;
  /** How far back a notice can matter, in arrivals. */
  readonly horizonMs: number;

  constructor(patterns: readonly Pattern[]) {
    this.#patterns = patterns.map((pattern, place) => ({
      pattern,
      place,
      fewest: fewestEvents(pattern.correlation),
    }));
    this.#byKind = new KindMemo((event) =>
      this.#patterns.filter(({ pattern }) => pattern.evidenceRules.some((rule) => rule.matches(event))),
    );
    this.horizonMs = Math.max(
      0,
      ...patterns.map(
        ({ correlation, lateLimitMs, graceMs, absences }) =>
          correlation.reachMs +
          lateLimitMs +
          graceMs +
          Math.max(0, ...absences.map(({ withinMs }) => withinMs)),
      ),
    );
  }

  get size(): number {
    return this.#patterns.length;
  }

  /** The patterns of which the event may be evidence. */
  patternsFor(event: CorrelatorEvent): readonly IndexedPattern[] {
    return this.#byKind.get(event);
  }
}
