/** A pattern as the evaluator sees it: compiled from YAML documents, every name resolved. Immutable. */
import type { CorrelatorEvent, EventField } from '../event.ts';
import type { Severity } from '../../../protocol/wire/envelope.ts';

/** NICE CG89's two levels of suspicion. */
export const levels = ['consider', 'suspect'] as const;
export type Level = (typeof levels)[number];

/** How sure it is that two notices speak of one child. */
export const tiers = ['same', 'possible'] as const;
export type Tier = (typeof tiers)[number];

/** Selects single events by their metadata. */
export type BaseRule = {
  readonly kind: 'base';
  readonly name: string;
  readonly matches: (event: CorrelatorEvent) => boolean;
};

/** Bounds of a count; all that are given must hold. */
export type Condition = {
  readonly gt?: number | undefined;
  readonly gte?: number | undefined;
  readonly lt?: number | undefined;
  readonly lte?: number | undefined;
  readonly eq?: number | undefined;
  readonly neq?: number | undefined;
};

export const correlationTypes = ['event_count', 'value_count', 'temporal', 'temporal_ordered'] as const;
export type CorrelationType = (typeof correlationTypes)[number];

/** A field, or an alias that stands for another field in each rule. */
export type FieldRef = EventField | ReadonlyMap<Rule, EventField>;

/** Weights of the rules, by their place in `rules`, halved every `halfLifeMs` of age. */
export type Weights = { readonly halfLifeMs: number; readonly byRule: readonly number[] };

/** Looks for several matches of other rules within one sliding window. */
export type Correlation = {
  readonly kind: 'correlation';
  readonly name: string;
  readonly type: CorrelationType;
  readonly rules: readonly Rule[];
  /** What matches must share beside the subject. */
  readonly groupBy: readonly FieldRef[];
  readonly spanMs: number;
  readonly condition: Condition;
  /** Whose distinct values `value_count` counts. */
  readonly fields: readonly FieldRef[];
  /** Distinct agencies that the evidence needs; 1 asks for nothing. */
  readonly agencies: number;
  readonly weights: Weights | undefined;
  /** The most that one agency adds to an `event_count`, and to the events of an escalation. */
  readonly sourceCap: number | undefined;
  /** How long after an event a match that holds it can end. */
  readonly reachMs: number;
  /** True when a rule is a correlation itself. */
  readonly isChained: boolean;
};

export type Rule = BaseRule | Correlation;

/** What must come, within a time, for the pattern not to alert. */
export type Absence = {
  readonly rules: readonly BaseRule[];
  readonly withinMs: number;
  /**
   * From when its coming counts: the first event of the evidence, the one that completed it, or the last one that
   * matches this rule.
   */
  readonly from: 'first' | 'last' | BaseRule;
};

/** What raises an alert to a higher level: any of these, where given. */
export type Escalation = {
  readonly level: Level;
  readonly agencies: number | undefined;
  readonly events: number | undefined;
  readonly severity: Severity | undefined;
  /** The most that one agency adds to `events`. */
  readonly sourceCap: number | undefined;
};

/** What lets an alert fire again while its evidence overlaps that of an earlier one. */
export type Suppression = { readonly newAgency: boolean; readonly newCategory: boolean };

export type Pattern = {
  readonly id: string;
  readonly version: number;
  /** `id@version`: what state is kept by. */
  readonly key: string;
  readonly name: string | undefined;
  readonly title: string;
  readonly description: string;
  readonly status: string;
  readonly level: Level;
  readonly references: readonly string[];
  readonly falsePositives: readonly string[];
  /** File within the folder, and the line at which the document begins. */
  readonly file: string;
  readonly line: number;
  readonly correlation: Correlation;
  /** Any of these, having come, keeps the pattern quiet; empty where it alerts at once. */
  readonly absences: readonly Absence[];
  /** The weakest link that the evidence may rest on. */
  readonly link: Tier;
  /** An event that arrives later than this after its time is left out. */
  readonly lateLimitMs: number;
  /** How long a deadline waits for replies that are late; 0 without `absent`. */
  readonly graceMs: number;
  readonly suppression: Suppression;
  readonly escalation: Escalation | undefined;
  /** Why one agency is enough, where it is. */
  readonly singleAgency: string | undefined;
  /** Evidence must be completed within this time. */
  readonly effective: { readonly fromMs: number; readonly untilMs: number };
  /** Every base rule whose events can be evidence. */
  readonly evidenceRules: readonly BaseRule[];
};

/** True when the number satisfies every bound. */
export function holds(condition: Condition, count: number): boolean {
  const { gt, gte, lt, lte, eq, neq } = condition;
  return (
    (gt === undefined || count > gt) &&
    (gte === undefined || count >= gte) &&
    (lt === undefined || count < lt) &&
    (lte === undefined || count <= lte) &&
    (eq === undefined || count === eq) &&
    (neq === undefined || count !== neq)
  );
}

/** How long evidence can wait for its deadline, ms. */
export function waitOf({ graceMs, absences }: Pattern): number {
  return graceMs + Math.max(0, ...absences.map(({ withinMs }) => withinMs));
}

/** How far back a notice can matter to the pattern, in arrivals, ms. */
export function horizonOf(pattern: Pattern): number {
  return pattern.correlation.reachMs + pattern.lateLimitMs + waitOf(pattern);
}

/** The pattern as if it had been in force all the time: for comparing versions over one history, and for its fixtures. */
export function alwaysInForce(pattern: Pattern): Pattern {
  return { ...pattern, effective: { fromMs: -Infinity, untilMs: Infinity } };
}
