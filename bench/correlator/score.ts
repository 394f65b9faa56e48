/**
 * How alerts are held against the truth.
 *
 * An alert finds an episode when both have the same pattern and the alert names the event that completed the episode
 * and any other of its events, or more than half of its events. Further alerts that find the same episode are counted
 * in `alertsPerEpisode` and are neither right nor wrong. An alert that finds no episode is false. One that names notices
 * of different children, as far as the truth says whose they are, is counted in `mixedAlerts`, found or false.
 */
import type { Alert } from '../../gateway/correlator/alert.ts';
import { stemOf } from '../../gateway/correlator/patterns/documents.ts';
import type { Pattern } from '../../gateway/correlator/patterns/pattern.ts';
import type { Episode } from './stream.ts';

export type Counts = {
  readonly episodes: number;
  readonly found: number;
  readonly falseAlerts: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
};

/** Seconds. */
export type Delays = { readonly p50: number; readonly p95: number };

export type Score = Counts & {
  readonly alerts: number;
  readonly alertsPerEpisode: number;
  /** Alerts that take notices of different children for those of one. */
  readonly mixedAlerts: number;
  readonly byPattern: Readonly<Record<string, Counts>>;
  /** Of patterns that wait for nothing: from the arrival of the completing event to the first alert. */
  readonly secondsToAlert: Delays;
  /**
   * Of patterns with an absence, which must not alert before their time is over: from the end of the longest `within`,
   * or the arrival of the completing event where that is later. What is left is the lateness that they allow a reply.
   */
  readonly secondsPastDeadline: Delays;
  readonly missed: readonly Episode[];
  readonly falsely: readonly Alert[];
};

/** Truth may name a pattern by its id, its file, its title or its name. */
export function findPattern(patterns: readonly Pattern[], name: string): Pattern | undefined {
  return (
    patterns.find(({ id }) => id === name) ??
    patterns.find(({ name: own }) => own === name) ??
    patterns.find(({ title }) => title === name) ??
    patterns.find(({ file }) => stemOf(file) === name || file === name)
  );
}

export function score(
  alerts: readonly Alert[],
  truth: readonly Episode[],
  patterns: readonly Pattern[],
  arrivedAt: ReadonlyMap<string, number>,
): Score {
  const byEvent = new Map<string, Episode[]>();
  const patternOf = new Map<Episode, Pattern>();
  for (const episode of truth) {
    const pattern = findPattern(patterns, episode.pattern);
    // A pattern that nobody loaded finds nothing: its episodes count as missed.
    if (pattern === undefined) continue;
    patternOf.set(episode, pattern);
    for (const event of episode.events) {
      const list = byEvent.get(event);
      if (list === undefined) byEvent.set(event, [episode]);
      else list.push(episode);
    }
  }
  const found = new Map<Episode, Alert[]>();
  const falsely: Alert[] = [];
  for (const alert of alerts) {
    const near = new Set(alert.events.flatMap(({ id }) => byEvent.get(id) ?? []));
    const finds = [...near].filter(
      (episode) => patternOf.get(episode)?.id === alert.pattern.id && tells(alert, episode),
    );
    if (finds.length === 0) falsely.push(alert);
    for (const episode of finds) found.set(episode, [...(found.get(episode) ?? []), alert]);
  }
  return {
    alerts: alerts.length,
    ...count(truth.length, found.size, falsely.length),
    alertsPerEpisode: ratio([...found.values()].flat().length, found.size),
    mixedAlerts: alerts.filter((alert) => isMixed(alert, byEvent)).length,
    byPattern: Object.fromEntries(
      patterns.map((pattern) => {
        const isOf = (episode: Episode): boolean => patternOf.get(episode) === pattern;
        const wrong = falsely.filter((alert) => alert.pattern === pattern).length;
        return [
          pattern.title,
          count(truth.filter(isOf).length, [...found.keys()].filter(isOf).length, wrong),
        ];
      }),
    ),
    ...delays(found, arrivedAt),
    missed: truth.filter((episode) => !found.has(episode)),
    falsely,
  };
}

/** A notice that is no part of any episode is nobody's; one may be about several children. */
function isMixed({ events }: Alert, byEvent: ReadonlyMap<string, readonly Episode[]>): boolean {
  const owners = events
    .map(({ id }) => new Set(byEvent.get(id)?.map(({ subjectKey }) => subjectKey)))
    .filter(({ size }) => size > 0);
  const [first = new Set()] = owners;
  return owners.length > 0 && ![...first].some((key) => owners.every((keys) => keys.has(key)));
}

function tells({ events }: Alert, episode: Episode): boolean {
  const ids = new Set(events.map(({ id }) => id));
  const shared = episode.events.filter((event) => ids.has(event)).length;
  const needed = Math.min(2, episode.events.length);
  if (ids.has(episode.completedBy)) {
    return shared >= needed || (!episode.events.includes(episode.completedBy) && shared > 0);
  }
  return shared >= needed && shared * 2 > episode.events.length;
}

function count(episodes: number, found: number, falseAlerts: number): Counts {
  const precision = ratio(found, found + falseAlerts);
  const recall = ratio(found, episodes);
  return {
    episodes,
    found,
    falseAlerts,
    precision,
    recall,
    f1: ratio(2 * found, 2 * found + falseAlerts + (episodes - found)),
  };
}

function delays(
  found: ReadonlyMap<Episode, readonly Alert[]>,
  arrivedAt: ReadonlyMap<string, number>,
): Pick<Score, 'secondsToAlert' | 'secondsPastDeadline'> {
  const prompt: number[] = [];
  const waiting: number[] = [];
  for (const [{ completedBy }, alerts] of found) {
    const first = alerts.reduce((earliest, alert) => (alert.firedAt < earliest.firedAt ? alert : earliest));
    const { absences } = first.pattern;
    const arrived = arrivedAt.get(completedBy) ?? first.firedAt;
    const deadline = first.completedAt + Math.max(0, ...absences.map(({ withinMs }) => withinMs));
    if (absences.length === 0) prompt.push(first.firedAt - arrived);
    else waiting.push(first.firedAt - Math.max(arrived, deadline));
  }
  return { secondsToAlert: percentilesOf(prompt), secondsPastDeadline: percentilesOf(waiting) };
}

/** @param delaysMs an alert on an earlier completion than the truth names took no time */
function percentilesOf(delaysMs: readonly number[]): Delays {
  const seconds = delaysMs.map((ms) => Math.max(0, ms) / 1000).sort((a, b) => a - b);
  const at = (q: number): number =>
    seconds[Math.min(seconds.length - 1, Math.floor(q * seconds.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}

/** To four digits; 1 for nothing of nothing. */
function ratio(part: number, whole: number): number {
  return whole === 0 ? 1 : Math.round((part / whole) * 10_000) / 10_000;
}
