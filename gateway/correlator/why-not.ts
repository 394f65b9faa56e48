/** Why a pattern did not alert about a child: the window that came nearest, and what it lacked. Pure. */
import type { Alert } from './alert.ts';
import { byTime, messageKey, type CorrelatorEvent } from './event.ts';
import { answers } from './evaluate/absence.ts';
import { eachWindow, findHits, type Hit } from './evaluate/hits.ts';
import { agenciesOf } from './evaluate/window.ts';
import { isTooLate } from './candidates.ts';
import { holds, type Condition, type Correlation, type Pattern, type Rule } from './patterns/pattern.ts';
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
  /** Names of the rules that none of its events match, where matching them would help. */
  readonly rulesMissing: readonly string[];
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

/** What is known beside the notices. */
export type Known = {
  /** Keys of those that are only possibly about this child. */
  readonly possible: ReadonlySet<string>;
  /** Of this pattern, about whomever. */
  readonly alerts: readonly Pick<Alert, 'tier' | 'events'>[];
};

const nothingKnown: Known = { possible: new Set(), alerts: [] };

/** @param history notices about one child, in any order */
export function explainSilence(
  pattern: Pattern,
  history: readonly CorrelatorEvent[],
  known: Known = nothingKnown,
): Explanation {
  const { correlation } = pattern;
  const tooLate = history.filter(
    (event) => isTooLate(event, pattern) && pattern.evidenceRules.some((rule) => rule.matches(event)),
  );
  const counted = history.filter((event) => !isTooLate(event, pattern)).sort(byTime);
  const hits = findHits(correlation, counted);
  const isSatisfied = hits.length > 0;
  const window = nearestWindow(correlation, counted);
  const nearest = window && { ...window, rulesMissing: rulesMissingIn(correlation, window) };
  const answered = answersOf(pattern, hits.at(-1), history);
  return {
    isSatisfied,
    nearest,
    tooLate,
    reasons: reasonsOf(pattern, {
      isSatisfied,
      nearest,
      tooLate,
      answered,
      isLesser: hasLesser(hits, known),
    }),
  };
}

/** Whether some evidence rests on a possibility, and on notices by which an alert was raised of a child for certain. */
function hasLesser(hits: readonly Hit[], { possible, alerts }: Known): boolean {
  const told = messagesIn(alerts);
  const certain = messagesIn(alerts.filter(({ tier }) => tier === 'same'));
  return hits.some(({ events }) => {
    const keys = events.map(messageKey);
    return (
      keys.some((key) => possible.has(key)) &&
      keys.some((key) => certain.has(key)) &&
      !keys.every((key) => told.has(key))
    );
  });
}

function messagesIn(alerts: Known['alerts']): ReadonlySet<string> {
  return new Set(alerts.flatMap(({ events }) => events.map(messageKey)));
}

/** What kept the pattern quiet about its last evidence. */
function answersOf(
  pattern: Pattern,
  hit: Hit | undefined,
  history: readonly CorrelatorEvent[],
): readonly CorrelatorEvent[] {
  if (hit === undefined) return [];
  return history.filter((event) => !hit.events.includes(event) && answers(pattern, hit, event)).sort(byTime);
}

type Nearest = Omit<NearMiss, 'rulesMissing'>;

function nearestWindow(correlation: Correlation, events: readonly CorrelatorEvent[]): Nearest | undefined {
  let nearest: Nearest | undefined;
  eachWindow(correlation, events, -Infinity, ({ end, measure }) => {
    const events = measure.evidence();
    const found: Nearest = {
      from: end - correlation.spanMs,
      until: end,
      events,
      count: measure.count,
      gap: gapOf(correlation.condition, measure.count, stepOf(correlation)),
      agenciesMissing: Math.max(0, correlation.agencies - agenciesOf(events).size),
    };
    if (nearest === undefined || lacks(found) <= lacks(nearest)) nearest = found;
  });
  return nearest;
}

/** Only where the condition counts rules and holds for more of them. */
function rulesMissingIn({ type, rules, condition }: Correlation, { count, gap, events }: Nearest): string[] {
  if (type !== 'temporal' && type !== 'temporal_ordered') return [];
  if (gap === 0 || gapOf(condition, count + gap) > 0) return [];
  const isMatched = (rule: Rule): boolean =>
    rule.kind === 'base' ? events.some((event) => rule.matches(event)) : findHits(rule, events).length > 0;
  return rules.filter((rule) => !isMatched(rule)).map(({ name }) => name);
}

function lacks({ gap, agenciesMissing }: Nearest): number {
  return gap + agenciesMissing;
}

/**
 * How far a count is from satisfying the condition; 0 when it does.
 * @param step the least by which counts differ: 1, or a fraction
 */
export function gapOf({ gt, gte, lt, lte, eq, neq }: Condition, count: number, step = 1): number {
  const isWhole = step === 1;
  return Math.max(
    0,
    gte === undefined ? 0 : gte - count,
    gt === undefined || count > gt ? 0 : (isWhole ? Math.floor(gt) : gt) + step - count,
    lte === undefined ? 0 : count - lte,
    lt === undefined || count < lt ? 0 : count - (isWhole ? Math.ceil(lt) : lt) + step,
    eq === undefined ? 0 : Math.abs(count - eq),
    neq === undefined || count !== neq ? 0 : step,
  );
}

/** Counts are whole, but weights and what is capped at a fraction: these are told in hundredths. */
function stepOf({ weights, sourceCap = 1 }: Correlation): number {
  return weights === undefined && Number.isInteger(sourceCap) ? 1 : 0.01;
}

/** What sums of fractions may be off, in hundredths. */
const rounding = 1e-6;

/** What one of those is that a condition counts. */
const counted: Readonly<Record<Correlation['type'], string>> = {
  event_count: 'notice',
  value_count: 'different value',
  temporal: 'of its rules',
  temporal_ordered: 'of its rules in their order',
};

type Found = Pick<Explanation, 'isSatisfied' | 'nearest' | 'tooLate'> & {
  readonly answered: readonly CorrelatorEvent[];
  readonly isLesser: boolean;
};

function reasonsOf(
  { correlation, absences }: Pattern,
  { isSatisfied, nearest, tooLate, answered, isLesser }: Found,
): string[] {
  const late = tooLate.length === 0 ? [] : [`${tooLate.length} arrived too late to be counted`];
  if (nearest === undefined) return ['no notice matches any of its rules', ...late];
  if (isSatisfied) {
    return [`its evidence is complete: ${quietBecause(absences.length > 0, answered, isLesser)}`, ...late];
  }
  const { gap, count, agenciesMissing, rulesMissing } = nearest;
  const { condition } = correlation;
  const span = formatTimespan(correlation.spanMs);
  const what = correlation.weights === undefined ? countedAs(correlation.type, count) : 'in weight';
  const where = correlation.type === 'temporal_ordered' ? 'in that order' : 'there';
  const without = rulesMissing.length === 0 ? '' : `; nothing ${where} matches ${rulesMissing.join(', ')}`;
  return [
    ...(gap > 0
      ? [
          `within ${span} it found ${shown(count, condition)} ${what}, ${lacking(gap)} from its condition${without}`,
        ]
      : []),
    ...(agenciesMissing > 0
      ? [`within ${span} it lacks ${agenciesMissing} more of the agencies it needs`]
      : []),
    ...late,
  ];
}

function quietBecause(waits: boolean, answered: readonly CorrelatorEvent[], isLesser: boolean): string {
  if (answered.length > 0) {
    return `what it waits for came, ${answered.map(({ category, id }) => `${category} ${id}`).join(', ')}`;
  }
  if (isLesser) {
    return 'an alert has been raised of a child known for certain, to which what is only possible adds nothing';
  }
  return waits ? 'what it waits for may still come, or an alert has been raised' : 'an alert has been raised';
}

function countedAs(type: Correlation['type'], count: number): string {
  const isPlural = count !== 1 && (type === 'event_count' || type === 'value_count');
  return `${counted[type]}${isPlural ? 's' : ''}`;
}

/**
 * Weights that have lost a little by age are never shown as if they were enough, nor too many as if they were few enough:
 * hundredths that do not satisfy the condition either, the lower ones first.
 */
function shown(count: number, condition: Condition): string {
  const hundredths = [
    Math.floor(count * 100 + rounding),
    Math.floor(count * 100),
    Math.ceil(count * 100),
  ].map((number) => number / 100);
  return String(hundredths.find((number) => !holds(condition, number)) ?? count);
}

/** And the lacking ones upwards. */
function lacking(gap: number): string {
  return String(Math.max(1, Math.ceil(gap * 100 - rounding)) / 100);
}
