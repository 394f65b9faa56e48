/** Which patterns look at an event at all: most events concern few, and nothing else is evaluated for them. */
import type { CorrelatorEvent } from './event.ts';
import type { Entry } from './history.ts';
import type { Pattern } from './patterns/pattern.ts';

const maxKinds = 10_000;

export class PatternIndex {
  readonly #patterns: readonly Pattern[];
  /** By all fields that a base rule can look at. */
  readonly #byKind = new Map<string, readonly Pattern[]>();
  readonly usesPossible: boolean;
  /** How far back a notice can matter, in arrivals. */
  readonly horizonMs: number;

  constructor(patterns: readonly Pattern[]) {
    this.#patterns = patterns;
    this.usesPossible = patterns.some(({ link }) => link === 'possible');
    this.horizonMs = Math.max(
      0,
      ...patterns.map(
        ({ correlation, latenessMs, absence }) => correlation.reachMs + latenessMs + (absence?.withinMs ?? 0),
      ),
    );
  }

  /** The patterns of which the event may be evidence. */
  patternsFor(event: CorrelatorEvent): readonly Pattern[] {
    const kind = `${event.source}\n${event.category}\n${event.severity}\n${event.subjects ?? 1}`;
    const known = this.#byKind.get(kind);
    if (known !== undefined) return known;
    const patterns = this.#patterns.filter(({ evidenceRules }) =>
      evidenceRules.some((rule) => rule.matches(event)),
    );
    if (this.#byKind.size >= maxKinds) this.#byKind.clear();
    this.#byKind.set(kind, patterns);
    return patterns;
  }

  patternsForAny(entries: readonly Entry[]): readonly Pattern[] {
    return [...new Set(entries.flatMap(({ event }) => this.patternsFor(event)))];
  }
}
