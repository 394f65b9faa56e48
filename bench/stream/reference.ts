/**
 * The reference: what a pattern says of one child whose whole history is read again at every step, with no index, no
 * state and no linkage. Slow on purpose, and written without the evaluator, so that each can be held against the other.
 */
import { agencyOf } from '../../protocol/ids.ts';
import {
  byArrival,
  byTime,
  fieldOf,
  severityRank,
  type CorrelatorEvent,
} from '../../gateway/correlator/event.ts';
import {
  holds,
  type Absence,
  type Correlation,
  type FieldRef,
  type Level,
  type Pattern,
} from '../../gateway/correlator/patterns/pattern.ts';

export type ReferenceAlert = {
  readonly events: readonly string[];
  readonly level: Level;
  readonly firedAt: number;
  /** The notice whose arrival completed the evidence. */
  readonly completedBy: string;
  /** Alerts of one number are one episode. */
  readonly episode: number;
};

type Finding = { readonly end: number; readonly events: readonly CorrelatorEvent[] };
type Episode = { number: number; ids: Set<string> };
/** The words that were told with an event, by the event's id. */
type Memory = Map<string, ReadonlySet<string>>;

/** @param events notices about one child, in any order, repeated ones included */
export function referenceAlerts(pattern: Pattern, events: readonly CorrelatorEvent[]): ReferenceAlert[] {
  const seen = new Set<string>();
  const arrivals = [...events].sort(byArrival).filter(({ id }) => !seen.has(id) && seen.add(id));
  const alerts: ReferenceAlert[] = [];
  const episodes: Episode[] = [];
  const memory: Memory = new Map();
  let waiting: { due: number; finding: Finding; completedBy: string }[] = [];
  const known: CorrelatorEvent[] = [];
  const settle = (now: number): void => {
    waiting.sort((a, b) => a.due - b.due || (idsOf(a.finding) < idsOf(b.finding) ? -1 : 1));
    for (const one of waiting.filter(({ due }) => due < now)) {
      if (!isAnswered(pattern, one.finding, known, one.due)) raise(one.finding, one.due, one.completedBy);
    }
    waiting = waiting.filter(({ due }) => due >= now);
  };
  const raise = (finding: Finding, firedAt: number, completedBy: string): void => {
    const level = referenceLevel(pattern, finding.events);
    const ids = finding.events.map(({ id }) => id);
    const { number } = joinEpisodes(episodes, ids);
    if (learn(memory, ids, wordsOf(pattern, finding, level))) {
      alerts.push({ events: ids, level, firedAt, completedBy, episode: number });
    }
  };
  for (const event of arrivals) {
    settle(event.arrived);
    known.push(event);
    const inTime = (one: CorrelatorEvent): boolean => one.arrived - one.time <= pattern.lateLimitMs;
    const findings = inTime(event)
      ? referenceFindings(pattern.correlation, known.filter(inTime))
          .filter(({ events: evidence }) => evidence.includes(event))
          .filter(({ end }) => end >= pattern.effective.fromMs && end < pattern.effective.untilMs)
          .sort(fullestFirst)
      : [];
    if (pattern.absences.length === 0) {
      for (const finding of findings) raise(finding, event.arrived, event.id);
    } else {
      for (const end of new Set(findings.map((finding) => finding.end))) {
        const finding = findings.find((one) => one.end === end)!;
        const withinMs = Math.max(...pattern.absences.map((absence) => absence.withinMs));
        const due = Math.max(end + withinMs + pattern.graceMs, event.arrived);
        waiting.push({ due, finding, completedBy: finding.events.at(-1)!.id });
      }
    }
  }
  settle(Infinity);
  return alerts;
}

/** Every window of the events in which the correlation matches. */
export function referenceFindings(correlation: Correlation, events: readonly CorrelatorEvent[]): Finding[] {
  const counted = occurrencesOf(correlation, events);
  const groups = new Map<string, Counted[]>();
  for (const one of counted) {
    const values = correlation.groupBy.map((field) => valueOf(correlation, one, field));
    if (values.includes(undefined)) continue;
    const key = JSON.stringify(values);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const findings: Finding[] = [];
  for (const group of groups.values()) {
    for (const end of new Set(group.map(({ time }) => time))) {
      const window = group.filter(({ time }) => time <= end && end - time <= correlation.spanMs);
      const { count, used } = amountOf(correlation, window, end);
      const evidence = [...new Set(used.flatMap((one) => one.events))].sort(byTime);
      const agencies = new Set(evidence.map(({ source }) => agencyOf(source))).size;
      if (holds(correlation.condition, count) && agencies >= correlation.agencies) {
        findings.push({ end, events: evidence });
      }
    }
  }
  return findings;
}

type Counted = {
  readonly time: number;
  readonly events: readonly CorrelatorEvent[];
  readonly rules: readonly number[];
};

function occurrencesOf({ rules }: Correlation, events: readonly CorrelatorEvent[]): Counted[] {
  const single = events.map((event) => ({
    time: event.time,
    events: [event],
    rules: rules.flatMap((rule, index) => (rule.kind === 'base' && rule.matches(event) ? [index] : [])),
  }));
  const chained = rules.flatMap((rule, index) =>
    rule.kind === 'base'
      ? []
      : referenceFindings(rule, events).map(({ end, events: evidence }) => ({
          time: end,
          events: evidence,
          rules: [index],
        })),
  );
  return [...single.filter((one) => one.rules.length > 0), ...chained];
}

function valueOf({ rules }: Correlation, one: Counted, field: FieldRef): string | undefined {
  const event = one.events.at(-1)!;
  if (typeof field === 'string') return fieldOf(event, field);
  const rule = one.rules.map((index) => rules[index]!).find((candidate) => field.has(candidate));
  return rule === undefined ? undefined : fieldOf(event, field.get(rule)!);
}

function amountOf(
  correlation: Correlation,
  window: readonly Counted[],
  end: number,
): { count: number; used: readonly Counted[] } {
  const { type, rules, fields, weights, sourceCap = Infinity } = correlation;
  if (type === 'event_count') {
    const agencies = new Set(window.map(({ events }) => agencyOf(events.at(-1)!.source)));
    let count = 0;
    for (const agency of agencies) {
      const mine = window.filter(({ events }) => agencyOf(events.at(-1)!.source) === agency);
      const sum = mine.reduce((total, one) => {
        if (weights === undefined) return total + 1;
        const weight = Math.max(...one.rules.map((rule) => weights.byRule[rule]!));
        return total + weight * 0.5 ** ((end - one.time) / weights.halfLifeMs);
      }, 0);
      count += Math.min(sum, sourceCap);
    }
    return { count, used: window };
  }
  if (type === 'value_count') {
    const tuples = window.map((one) => fields.map((field) => valueOf(correlation, one, field)));
    const used = window.filter((_, index) => !tuples[index]!.includes(undefined));
    const distinct = new Set(
      tuples.filter((tuple) => !tuple.includes(undefined)).map((tuple) => JSON.stringify(tuple)),
    );
    return { count: distinct.size, used };
  }
  if (type === 'temporal') return { count: new Set(window.flatMap((one) => one.rules)).size, used: window };
  const sequences = orderedSequences(window, rules.length);
  const count = Math.max(0, ...sequences.map(({ length }) => length));
  const longest = sequences.filter(({ length }) => length === count);
  return { count, used: window.filter((one) => longest.some((sequence) => sequence.includes(one))) };
}

/** Every sequence of different occurrences that match rising rules at times that do not fall. */
function orderedSequences(
  window: readonly Counted[],
  rules: number,
  from = 0,
  after = -Infinity,
  used: readonly Counted[] = [],
): Counted[][] {
  const sequences: Counted[][] = [[]];
  for (let rule = from; rule < rules; rule += 1) {
    for (const one of window) {
      if (used.includes(one) || one.time < after || !one.rules.includes(rule)) continue;
      for (const rest of orderedSequences(window, rules, rule + 1, one.time, [...used, one])) {
        sequences.push([one, ...rest]);
      }
    }
  }
  return sequences;
}

function isAnswered(
  { absences }: Pattern,
  { end, events }: Finding,
  known: readonly CorrelatorEvent[],
  due: number,
): boolean {
  const replies = known.filter((event) => event.arrived <= due && !events.includes(event));
  return absences.some(({ from, withinMs, rules }) =>
    replies.some(
      (event) =>
        event.time >= countedSince(from, events, end) &&
        event.time <= end + withinMs &&
        rules.some((rule) => rule.matches(event)),
    ),
  );
}

function countedSince(from: Absence['from'], events: readonly CorrelatorEvent[], end: number): number {
  if (from === 'last') return end;
  return (from === 'first' ? events : events.filter(from.matches).slice(-1))[0]?.time ?? end;
}

function referenceLevel({ level, escalation }: Pattern, events: readonly CorrelatorEvent[]): Level {
  if (escalation === undefined) return level;
  const agencies = [...new Set(events.map(({ source }) => agencyOf(source)))];
  const counted = agencies.map((agency) =>
    Math.min(
      events.filter(({ source }) => agencyOf(source) === agency).length,
      escalation.sourceCap ?? Infinity,
    ),
  );
  const isReached =
    (escalation.agencies !== undefined && agencies.length >= escalation.agencies) ||
    (escalation.events !== undefined &&
      counted.reduce((sum, count) => sum + count, 0) >= escalation.events) ||
    (escalation.severity !== undefined &&
      events.some(({ severity }) => severityRank(severity) <= severityRank(escalation.severity!)));
  return isReached ? escalation.level : level;
}

/** What overlaps is one episode. */
function joinEpisodes(episodes: Episode[], ids: readonly string[]): Episode {
  const touched = episodes.filter((episode) => ids.some((id) => episode.ids.has(id)));
  const episode = touched[0] ?? { number: episodes.length, ids: new Set() };
  if (touched.length === 0) episodes.push(episode);
  for (const other of touched.slice(1)) {
    for (const id of other.ids) episode.ids.add(id);
    other.ids = new Set();
  }
  for (const id of ids) episode.ids.add(id);
  return episode;
}

function wordsOf({ suppression }: Pattern, { events }: Finding, level: Level): string[] {
  return [
    'told',
    ...(level === 'suspect' ? [level] : []),
    ...(suppression.newAgency ? events.map(({ source }) => `agency ${agencyOf(source)}`) : []),
    ...(suppression.newCategory ? events.map(({ category }) => `category ${category}`) : []),
  ];
}

/** Each event learns all that the others know, and the words; true when one of these is new to all of them. */
function learn(memory: Memory, ids: readonly string[], words: readonly string[]): boolean {
  const known = new Set(ids.flatMap((id) => [...(memory.get(id) ?? [])]));
  const all = new Set([...known, ...words]);
  for (const id of ids) memory.set(id, all);
  return all.size > known.size;
}

function fullestFirst(a: Finding, b: Finding): number {
  const agencies = ({ events }: Finding): number =>
    new Set(events.map(({ source }) => agencyOf(source))).size;
  return (
    agencies(b) - agencies(a) ||
    b.events.length - a.events.length ||
    a.end - b.end ||
    (idsOf(a) < idsOf(b) ? -1 : 1)
  );
}

function idsOf({ events }: Finding): string {
  return events.map(({ id }) => id).join('\n');
}
