/**
 * Finds every window of a subject's history in which a correlation matches. Pure.
 *
 * Windows slide: one is looked at for each time at which something occurred, and holds what occurred from `timespan`
 * before that time up to it, both ends included. Static buckets would miss what falls across their borders.
 */
import { byTime, type CorrelatorEvent } from '../event.ts';
import { KindMemo } from '../kind-memo.ts';
import { holds, type Correlation } from '../patterns/pattern.ts';
import { tupleOf, type Occurrence } from './occurrence.ts';
import { agenciesOf, measureWindow, type Measure } from './window.ts';

/** A window that matches. */
export type Hit = {
  /** The time at which the window ends. */
  readonly end: number;
  /** The evidence, sorted by time. */
  readonly events: readonly CorrelatorEvent[];
  /** The values of `group-by` beside the subject. */
  readonly group: string;
};

const noHits: readonly Hit[] = [];

/**
 * @param events the history of one subject, sorted by time, each message once
 * @param focus only windows whose evidence holds this event
 */
export function findHits(
  correlation: Correlation,
  events: readonly CorrelatorEvent[],
  focus?: CorrelatorEvent,
): readonly Hit[] {
  const near = focus === undefined ? events : around(events, focus.time, correlation.reachMs);
  let hits: Hit[] | undefined;
  eachWindow(correlation, near, focus?.time ?? -Infinity, ({ group, measure, end }) => {
    if (!holds(correlation.condition, measure.count)) return;
    const evidence = measure.evidence();
    if (correlation.agencies > 1 && agenciesOf(evidence).size < correlation.agencies) return;
    if (focus !== undefined && !evidence.includes(focus)) return;
    (hits ??= []).push({ end, events: evidence, group });
  });
  return hits ?? noHits;
}

export type MeasuredWindow = { readonly group: string; readonly end: number; readonly measure: Measure };

/** Measures each window that ends at `from` or later, whether it matches or not. */
export function eachWindow(
  correlation: Correlation,
  events: readonly CorrelatorEvent[],
  from: number,
  visit: (window: MeasuredWindow) => void,
): void {
  const occurrences = collectOccurrences(correlation, events);
  if (occurrences.length === 0) return;
  for (const [group, members] of partition(occurrences, correlation)) {
    let start = 0;
    for (let last = 0; last < members.length; last += 1) {
      const end = members[last]?.time ?? 0;
      if (end < from || members[last + 1]?.time === end) continue;
      while ((members[start]?.time ?? end) < end - correlation.spanMs) start += 1;
      const isWhole = start === 0 && last === members.length - 1;
      const window = isWhole ? members : members.slice(start, last + 1);
      visit({ group, end, measure: measureWindow(correlation, window, end) });
    }
  }
}

/** The places of the rules that match an event, remembered for its kind. */
const matching = new WeakMap<Correlation, KindMemo<readonly number[]>>();

function matchingOf(correlation: Correlation): KindMemo<readonly number[]> {
  const known = matching.get(correlation);
  if (known !== undefined) return known;
  const memo = new KindMemo((event) =>
    correlation.rules.flatMap((rule, place) => (rule.kind === 'base' && rule.matches(event) ? [place] : [])),
  );
  matching.set(correlation, memo);
  return memo;
}

/** The occurrences in events that are sorted by time, sorted by time themselves. */
function collectOccurrences(
  correlation: Correlation,
  events: readonly CorrelatorEvent[],
): readonly Occurrence[] {
  const found: Occurrence[] = [];
  const memo = matchingOf(correlation);
  for (const event of events) {
    const rules = memo.get(event);
    if (rules.length > 0) found.push({ time: event.time, event, events: [event], rules });
  }
  if (!correlation.isChained) return found;
  correlation.rules.forEach((rule, index) => {
    if (rule.kind === 'base') return;
    for (const { end, events: evidence } of findHits(rule, events)) {
      const event = evidence.at(-1);
      if (event === undefined) continue;
      found.push({ time: end, event, events: evidence, rules: [index] });
    }
  });
  return found.sort((a, b) => a.time - b.time || byTime(a.event, b.event));
}

/** Without `group-by` beside the subject, all belong together; what lacks a value belongs nowhere. */
function partition(
  occurrences: readonly Occurrence[],
  correlation: Correlation,
): Iterable<readonly [string, readonly Occurrence[]]> {
  if (correlation.groupBy.length === 0) return [['', occurrences]];
  const groups = new Map<string, Occurrence[]>();
  for (const occurrence of occurrences) {
    const key = tupleOf(occurrence, correlation.groupBy, correlation);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [occurrence]);
    else group.push(occurrence);
  }
  return groups;
}

function around(
  events: readonly CorrelatorEvent[],
  time: number,
  reachMs: number,
): readonly CorrelatorEvent[] {
  const first = events[0];
  const last = events.at(-1);
  if (first === undefined || last === undefined) return events;
  if (first.time >= time - reachMs && last.time <= time + reachMs) return events;
  return events.filter((event) => Math.abs(event.time - time) <= reachMs);
}
