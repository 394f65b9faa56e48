/** Why a pattern did not alert about a child: the window that came nearest, and what it lacked. Pure. */
import { byTime, type CorrelatorEvent } from './event.ts';
import { eachWindow, findHits } from './evaluate/hits.ts';
import { agenciesOf } from './evaluate/window.ts';
import { isTooLate } from './candidates.ts';
import type { Condition, Correlation, Pattern } from './patterns/pattern.ts';
import { formatTimespan } from './patterns/timespan.ts';

/** The window that came nearest to satisfying the pattern. */
export type NearMiss = {
  /** When it began and ended, milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
  /** What it holds, sorted by time. */
  readonly events: readonly CorrelatorEvent[];
  /** What the condition compares, and how far it is from holding. */
  readonly count: number;
  readonly gap: number;
  /** Distinct agencies that it lacks. */
  readonly agenciesMissing: number;
};

export type Explanation = {
  /** True when some window does satisfy the pattern: then an absence was answered, or an alert was told before. */
  readonly isSatisfied: boolean;
  /** The nearest window; undefined when nothing in the history matches any rule. */
  readonly nearest: NearMiss | undefined;
  /** Events that came later than the pattern allows for. */
  readonly tooLate: readonly CorrelatorEvent[];
  /** In words, one reason each. */
  readonly reasons: readonly string[];
};

/** @param history notices about one child, in any order */
export function explainSilence(pattern: Pattern, history: readonly CorrelatorEvent[]): Explanation {
  const { correlation } = pattern;
  const tooLate = history.filter(
    (event) => isTooLate(event, pattern) && pattern.evidenceRules.some((rule) => rule.matches(event)),
  );
  const counted = history.filter((event) => !isTooLate(event, pattern)).sort(byTime);
  const isSatisfied = findHits(correlation, counted).length > 0;
  const nearest = nearestWindow(correlation, counted);
  return { isSatisfied, nearest, tooLate, reasons: reasonsOf(pattern, isSatisfied, nearest, tooLate) };
}

function nearestWindow(correlation: Correlation, events: readonly CorrelatorEvent[]): NearMiss | undefined {
  let nearest: NearMiss | undefined;
  eachWindow(correlation, events, -Infinity, ({ end, measure }) => {
    const found: NearMiss = {
      from: end - correlation.spanMs,
      until: end,
      events: measure.events,
      count: measure.count,
      gap: gapOf(correlation.condition, measure.count),
      agenciesMissing: Math.max(0, correlation.agencies - agenciesOf(measure.events).size),
    };
    if (nearest === undefined || lacks(found) <= lacks(nearest)) nearest = found;
  });
  return nearest;
}

function lacks({ gap, agenciesMissing }: NearMiss): number {
  return gap + agenciesMissing;
}

/** How far a count is from satisfying the condition; 0 when it does. */
export function gapOf({ gt, gte, lt, lte, eq, neq }: Condition, count: number): number {
  return Math.max(
    0,
    gte === undefined ? 0 : gte - count,
    gt === undefined || count > gt ? 0 : Math.floor(gt) + 1 - count,
    lte === undefined ? 0 : count - lte,
    lt === undefined || count < lt ? 0 : count - Math.ceil(lt) + 1,
    eq === undefined ? 0 : Math.abs(count - eq),
    neq === undefined || count !== neq ? 0 : 1,
  );
}

/** What sums of fractions may be off, in hundredths. */
const rounding = 1e-6;

const counted: Readonly<Record<Correlation['type'], string>> = {
  event_count: 'notices',
  value_count: 'different values',
  temporal: 'of its rules',
  temporal_ordered: 'of its rules in their order',
};

function reasonsOf(
  { correlation, absences }: Pattern,
  isSatisfied: boolean,
  nearest: NearMiss | undefined,
  tooLate: readonly CorrelatorEvent[],
): string[] {
  const late = tooLate.length === 0 ? [] : [`${tooLate.length} arrived too late to be counted`];
  if (nearest === undefined) return ['no notice matches any of its rules', ...late];
  if (isSatisfied) {
    const quiet =
      absences.length > 0 ? 'what it waits for came, or may still come' : 'an alert has been raised';
    return [`its evidence is complete: ${quiet}`, ...late];
  }
  const { gap, count, agenciesMissing } = nearest;
  const span = formatTimespan(correlation.spanMs);
  const what = correlation.weights === undefined ? counted[correlation.type] : 'in weight';
  return [
    ...(gap > 0
      ? [`within ${span} it found ${shown(count)} ${what}, ${lacking(gap)} from its condition`]
      : []),
    ...(agenciesMissing > 0
      ? [`within ${span} it lacks ${agenciesMissing} more of the agencies it needs`]
      : []),
    ...late,
  ];
}

/** Weights that have lost a little by age are never shown as if they were enough: hundredths, the found ones downwards. */
function shown(count: number): string {
  return String(Math.floor(count * 100 + rounding) / 100);
}

/** And the lacking ones upwards. */
function lacking(gap: number): string {
  return String(Math.max(1, Math.ceil(gap * 100 - rounding)) / 100);
}
