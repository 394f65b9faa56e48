/** The table of docs/patterns.md: the shipped patterns beside simpler ways of noticing, on one stream. */
import type { Alert } from '../../gateway/correlator/alert.ts';
import { byArrival } from '../../gateway/correlator/event.ts';
import type { Pattern } from '../../gateway/correlator/patterns/pattern.ts';
import type { PolicySet } from '../../gateway/policy/policy-set.ts';
import type { GeneratedStream } from '../stream/generate.ts';
import {
  alertsByExactKeys,
  alertsByTokens,
  alertsInFixedBuckets,
  alertsOfSingleAgencies,
  type ComparedStream,
} from './baselines.ts';
import { byEither, byIdentifier, byNameAndDate } from './exact-linker.ts';
import { eventOf, lineTokeniser } from './replay.ts';
import { score, type Counts, type Score } from './score.ts';
import type { Episode } from './stream.ts';

/** One way of noticing, and what came of it. */
export type Compared = Pick<Counts, 'precision' | 'recall' | 'f1' | 'falseAlerts'> & {
  readonly name: string;
  readonly alerts: number;
  /** Alerts that name a notice of a planted near-miss. */
  readonly onNearMisses: number;
  readonly secondsToAlert: Score['secondsToAlert'];
};

/** So many notices of one agency about one child. */
const thresholds = [1, 2, 3, 4, 5];
/** Between which the table stands in a document. */
export const tableMarks = { begin: '<!-- comparison -->', end: '<!-- end of comparison -->' };

/** Runs every way over the same stream. */
export function compareAll(
  stream: GeneratedStream,
  patterns: readonly Pattern[],
  policy: PolicySet,
): readonly Compared[] {
  const { truth } = stream;
  const compared = asCompared(stream, patterns, policy);
  const arrivedAt = new Map(compared.notices.toReversed().map(({ event }) => [event.id, event.arrived]));
  const nearMisses = new Set(stream.nearMisses.flatMap(({ events }) => events));
  const rate = (name: string, alerts: readonly Alert[]): Compared => {
    const result = score(alerts, truth, patterns, arrivedAt);
    const { precision, recall, f1, falseAlerts, secondsToAlert } = result;
    const onNearMisses = alerts.filter(({ events }) => events.some(({ id }) => nearMisses.has(id))).length;
    return {
      name,
      alerts: alerts.length,
      precision,
      recall,
      f1,
      falseAlerts,
      onNearMisses,
      secondsToAlert,
    };
  };
  return [
    rate('Causeway', alertsByTokens(compared, patterns)),
    rate('single-agency threshold', bestThresholds(compared, truth, patterns, arrivedAt)),
    rate('fixed buckets', alertsInFixedBuckets(compared, patterns)),
    rate('id-only linkage', alertsByExactKeys(compared, patterns, byIdentifier)),
    rate('exact name and date', alertsByExactKeys(compared, patterns, byNameAndDate)),
    rate('exact name and date, or id', alertsByExactKeys(compared, patterns, byEither)),
  ];
}

/**
 * For each pattern the threshold, or none at all, that makes F1 of all of them together the best: no choice of
 * thresholds does better on this stream. (F1 is twice the found over the told and the true together; a ratio of sums is
 * at its best where each part is, with the ratio itself as the price of what is told: Dinkelbach 1967.)
 */
function bestThresholds(
  compared: ComparedStream,
  truth: readonly Episode[],
  patterns: readonly Pattern[],
  arrivedAt: ReadonlyMap<string, number>,
): readonly Alert[] {
  const choices = patterns.map((): Choice[] => [{ alerts: [], found: 0, told: 0 }]);
  for (const threshold of thresholds) {
    const all = alertsOfSingleAgencies(compared, patterns, threshold);
    const { byPattern } = score(all, truth, patterns, arrivedAt);
    patterns.forEach((own, place) => {
      const { found = 0, falseAlerts = 0 } = byPattern[own.title] ?? {};
      const alerts = all.filter(({ pattern }) => pattern === own);
      choices[place]?.push({ alerts, found, told: found + falseAlerts });
    });
  }
  const chooseAt = (price: number): Choice[] =>
    choices.map((own) => own.reduce((best, one) => (worth(one, price) > worth(best, price) ? one : best)));
  let [before, f1] = [-1, 0];
  while (f1 > before) {
    const chosen = chooseAt(f1);
    const sum = (of: (choice: Choice) => number): number => chosen.reduce((total, one) => total + of(one), 0);
    [before, f1] = [f1, (2 * sum(({ found }) => found)) / (sum(({ told }) => told) + truth.length)];
  }
  return chooseAt(f1).flatMap(({ alerts }) => alerts);
}

type Choice = { readonly alerts: readonly Alert[]; readonly found: number; readonly told: number };

function worth({ found, told }: Choice, price: number): number {
  return 2 * found - price * told;
}

/** As Markdown. */
export function tableOf(rows: readonly Compared[]): string {
  const lines = rows.map(({ name, precision, recall, f1, falseAlerts, onNearMisses, secondsToAlert }) => [
    name,
    ...[precision, recall, f1].map((ratio) => ratio.toFixed(4)),
    falseAlerts,
    onNearMisses,
    hours(secondsToAlert.p50),
    hours(secondsToAlert.p95),
  ]);
  const head = [
    'Noticed by',
    'Precision',
    'Recall',
    'F1',
    'False alerts',
    'on near-misses',
    'To alert, p50',
    'p95',
  ];
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function hours(seconds: number): string {
  return seconds === 0 ? '0' : `${(seconds / 3600).toFixed(1)} h`;
}

function asCompared(
  { lines }: GeneratedStream,
  patterns: readonly Pattern[],
  policy: PolicySet,
): ComparedStream {
  const tokensOf = lineTokeniser();
  const notices = lines
    .map((line) => ({ event: eventOf(line, policy), details: line.subject, tokens: tokensOf(line) }))
    .sort((a, b) => byArrival(a.event, b.event));
  const latest = Math.max(0, ...notices.slice(-1).map(({ event }) => event.arrived));
  const graceMs = Math.max(0, ...patterns.map((pattern) => pattern.graceMs));
  return { notices, until: latest + graceMs + 1 };
}
