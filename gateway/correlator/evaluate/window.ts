/** What one window amounts to: the count that the condition is about, and the evidence. Pure. */
import { agencyOf } from '../../../protocol/ids.ts';
import { byTime, type CorrelatorEvent } from '../event.ts';
import type { Correlation, Weights } from '../patterns/pattern.ts';
import { tupleOf, type Occurrence } from './occurrence.ts';

export type Measure = {
  /** What the condition compares: events, weights, distinct values, or rules. */
  readonly count: number;
  /** The evidence, sorted by time: found when it is asked for, since most windows have too small a count. */
  readonly evidence: () => readonly CorrelatorEvent[];
};

/** Measures the occurrences of a window, sorted by time, that ends at `end`. */
export function measureWindow(correlation: Correlation, window: readonly Occurrence[], end: number): Measure {
  switch (correlation.type) {
    case 'event_count':
      return {
        count: countEvents(correlation, window, end),
        evidence: () => eventsOf(window, correlation),
      };
    case 'value_count':
      return countValues(correlation, window);
    case 'temporal':
      return { count: countRules(correlation, window), evidence: () => eventsOf(window, correlation) };
    case 'temporal_ordered':
      return countOrdered(correlation, window);
  }
}

/** Distinct agencies behind events. */
export function agenciesOf(events: readonly CorrelatorEvent[]): ReadonlySet<string> {
  const agencies = new Set<string>();
  let last: string | undefined;
  for (const { source } of events) {
    if (source !== last) agencies.add(agencyOf(source));
    last = source;
  }
  return agencies;
}

/** How many events there are where no agency counts for more than the cap. */
export function countCapped(events: readonly CorrelatorEvent[], cap = Infinity): number {
  const sum = new CappedSum(cap);
  for (const { source } of events) sum.add(source, 1);
  return sum.total;
}

/** A sum of values by their sources, no agency adding more than the cap. */
class CappedSum {
  readonly #cap: number;
  readonly #byAgency = new Map<string, number>();

  constructor(cap: number) {
    this.#cap = cap;
  }

  add(source: string, value: number): void {
    const agency = agencyOf(source);
    this.#byAgency.set(agency, Math.min((this.#byAgency.get(agency) ?? 0) + value, this.#cap));
  }

  get total(): number {
    let total = 0;
    for (const value of this.#byAgency.values()) total += value;
    return total;
  }
}

/** The events of occurrences, sorted by time and each once. */
function eventsOf(window: readonly Occurrence[], { isChained }: Correlation): readonly CorrelatorEvent[] {
  if (!isChained) return window.map(({ event }) => event);
  return [...new Set(window.flatMap(({ events }) => events))].sort(byTime);
}

function countRules({ rules }: Correlation, window: readonly Occurrence[]): number {
  let found = 0;
  for (let rule = 0; rule < rules.length; rule += 1) {
    if (window.some((occurrence) => occurrence.rules.includes(rule))) found += 1;
  }
  return found;
}

/** One for each occurrence, or its weight halved by age; no agency adds more than the cap. */
function countEvents(
  { weights, sourceCap }: Correlation,
  window: readonly Occurrence[],
  end: number,
): number {
  if (weights === undefined && sourceCap === undefined) return window.length;
  const sum = new CappedSum(sourceCap ?? Infinity);
  for (const { event, rules, time } of window) {
    sum.add(
      event.source,
      weights === undefined ? 1 : weightOf(rules, weights) * 2 ** ((time - end) / weights.halfLifeMs),
    );
  }
  return sum.total;
}

/** Of an occurrence that matches these rules: the heaviest counts. */
function weightOf(rules: readonly number[], { byRule }: Weights): number {
  let most = -Infinity;
  for (const rule of rules) most = Math.max(most, byRule[rule] ?? 1);
  return most;
}

function countValues(correlation: Correlation, window: readonly Occurrence[]): Measure {
  const values = new Set<string>();
  const counted = window.filter((occurrence) => {
    const value = tupleOf(occurrence, correlation.fields, correlation);
    if (value !== undefined) values.add(value);
    return value !== undefined;
  });
  return { count: values.size, evidence: () => eventsOf(counted, correlation) };
}

/**
 * The most rules, in the order of `rules`, that different events of the window match in the order of time; events
 * of the same time stand in either order. The evidence is what takes part in such a sequence.
 */
function countOrdered(correlation: Correlation, window: readonly Occurrence[]): Measure {
  const count = correlation.rules.length;
  const ahead = chainLengths(window, count, 1);
  const longest = Math.max(0, ...ahead);
  const evidence = (): readonly CorrelatorEvent[] => {
    const behind = chainLengths(window, count, -1);
    const isTaking = (index: number, rule: number): boolean =>
      (ahead[index * count + rule] ?? 0) + (behind[index * count + rule] ?? 0) > longest;
    const taking = window.filter(({ rules }, index) => rules.some((rule) => isTaking(index, rule)));
    return eventsOf(taking, correlation);
  };
  return { count: longest, evidence };
}

/**
 * For each occurrence and each rule, at `occurrence * count + rule`: the longest sequence that ends there, or with
 * the direction -1 begins there; 0 where the occurrence does not match the rule.
 */
function chainLengths(window: readonly Occurrence[], count: number, direction: 1 | -1): readonly number[] {
  const lengths = new Array<number>(window.length * count).fill(0);
  /** The longest sequence that ends at each occurrence with a rule that was looked at before. */
  const longest = new Array<number>(window.length).fill(0);
  // Rule by rule, so that events of one time may stand in either order.
  for (let step = 0; step < count; step += 1) {
    const rule = direction === 1 ? step : count - 1 - step;
    const before = new Longest();
    eachOfATime(window, direction, (from, to) => {
      // What is of the same time may stand before it as well, but nothing before itself.
      for (let index = from; index !== to; index += direction) before.add(longest[index] ?? 0, index);
      for (let index = from; index !== to; index += direction) {
        if (window[index]?.rules.includes(rule) === true)
          lengths[index * count + rule] = before.longestBut(index) + 1;
      }
    });
    for (let index = 0; index < window.length; index += 1) {
      longest[index] = Math.max(longest[index] ?? 0, lengths[index * count + rule] ?? 0);
    }
  }
  return lengths;
}

/** Visits what is of the same time together, in the direction: the places from `from` on, without `to`. */
function eachOfATime(
  window: readonly Occurrence[],
  direction: 1 | -1,
  visit: (from: number, to: number) => void,
): void {
  const end = direction === 1 ? window.length : -1;
  for (let from = direction === 1 ? 0 : window.length - 1; from !== end;) {
    let to = from + direction;
    while (to !== end && window[to]?.time === window[from]?.time) to += direction;
    visit(from, to);
    from = to;
  }
}

/** The longest of the lengths that were added, and the longest of another place than its. */
class Longest {
  #place = -1;
  #length = 0;
  #second = 0;

  add(length: number, place: number): void {
    if (length > this.#length) [this.#place, this.#second, this.#length] = [place, this.#length, length];
    else if (length > this.#second) this.#second = length;
  }

  longestBut(place: number): number {
    return place === this.#place ? this.#second : this.#length;
  }
}
