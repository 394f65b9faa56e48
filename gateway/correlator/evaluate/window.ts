/** What one window amounts to: the count that the condition is about, and the evidence. Pure. */
import { agencyOf, byTime, type CorrelatorEvent } from '../event.ts';
import type { Correlation } from '../patterns/pattern.ts';
import { tupleOf, type Occurrence } from './occurrence.ts';

export type Measure = {
  /** What the condition compares: events, weights, distinct values, or rules. */
  readonly count: number;
  /** Sorted by time. */
  readonly events: readonly CorrelatorEvent[];
};

/** Measures the occurrences of a window, sorted by time, that ends at `end`. */
export function measureWindow(correlation: Correlation, window: readonly Occurrence[], end: number): Measure {
  switch (correlation.type) {
    case 'event_count':
      return { count: countEvents(correlation, window, end), events: eventsOf(window, correlation) };
    case 'value_count':
      return countValues(correlation, window);
    case 'temporal': {
      const rules = new Set(window.flatMap((occurrence) => occurrence.rules));
      return { count: rules.size, events: eventsOf(window, correlation) };
    }
    case 'temporal_ordered':
      return countOrdered(correlation, window);
  }
}

/** Distinct agencies behind events. */
export function agenciesOf(events: readonly CorrelatorEvent[]): ReadonlySet<string> {
  return new Set(events.map(({ source }) => agencyOf(source)));
}

/** The events of occurrences, sorted by time and each once. */
function eventsOf(window: readonly Occurrence[], { isChained }: Correlation): readonly CorrelatorEvent[] {
  if (!isChained) return window.map(({ event }) => event);
  return [...new Set(window.flatMap(({ events }) => events))].sort(byTime);
}

/** One for each occurrence, or its weight halved by age; no agency adds more than the cap. */
function countEvents(
  { weights, sourceCap }: Correlation,
  window: readonly Occurrence[],
  end: number,
): number {
  const keys = new Set<string>();
  const byAgency = new Map<string, number>();
  for (const { key, event, rules, time } of window) {
    if (keys.has(key)) continue;
    keys.add(key);
    const weight = weights === undefined ? 1 : Math.max(...rules.map((rule) => weights.byRule[rule] ?? 1));
    const value = weights === undefined ? weight : weight * 2 ** ((time - end) / weights.halfLifeMs);
    const agency = agencyOf(event.source);
    byAgency.set(agency, Math.min((byAgency.get(agency) ?? 0) + value, sourceCap ?? Infinity));
  }
  let total = 0;
  for (const value of byAgency.values()) total += value;
  return total;
}

function countValues(correlation: Correlation, window: readonly Occurrence[]): Measure {
  const values = new Set<string>();
  const counted = window.filter((occurrence) => {
    const value = tupleOf(occurrence, correlation.fields, correlation);
    if (value !== undefined) values.add(value);
    return value !== undefined;
  });
  return { count: values.size, events: eventsOf(counted, correlation) };
}

/**
 * The most rules, in the order of `rules`, that different events of the window match in the order of time; events
 * of the same time stand in either order. The evidence is what takes part in such a sequence.
 */
function countOrdered(correlation: Correlation, window: readonly Occurrence[]): Measure {
  const { length } = correlation.rules;
  const ahead = chainLengths(window, length, (a, b) => a.time <= b.time);
  const reversed = [...window].reverse().map((one) => mirror(one, length));
  const behind = chainLengths(reversed, length, (a, b) => a.time >= b.time).reverse();
  let longest = 0;
  for (const lengths of ahead) longest = Math.max(longest, ...lengths.values());
  const taking = window.filter(({ rules }, index) =>
    rules.some(
      (rule) => (ahead[index]?.get(rule) ?? 0) + (behind[index]?.get(length - 1 - rule) ?? 0) === longest + 1,
    ),
  );
  return { count: longest, events: eventsOf(taking, correlation) };
}

function mirror(occurrence: Occurrence, length: number): Occurrence {
  return { ...occurrence, rules: occurrence.rules.map((rule) => length - 1 - rule) };
}

/** For each occurrence and each rule that it matches: the longest sequence that ends there. */
function chainLengths(
  window: readonly Occurrence[],
  rules: number,
  mayFollow: (earlier: Occurrence, later: Occurrence) => boolean,
): Map<number, number>[] {
  const all = window.map(() => new Map<number, number>());
  // Rule by rule, so that events of one time may stand in either order.
  for (let rule = 0; rule < rules; rule += 1) {
    window.forEach((occurrence, index) => {
      if (!occurrence.rules.includes(rule)) return;
      let best = 0;
      window.forEach((earlier, before) => {
        if (earlier.key === occurrence.key || !mayFollow(earlier, occurrence)) return;
        for (const [previous, length] of all[before] ?? []) {
          if (previous < rule) best = Math.max(best, length);
        }
      });
      all[index]?.set(rule, best + 1);
    });
  }
  return all;
}
