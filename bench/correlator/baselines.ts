/**
 * What the patterns are held against: simpler ways of noticing the same, over the same notices. Each runs on the
 * correlator itself, so that nothing but the one idea differs.
 */
import type { PackedTokens } from '../../protocol/linkage/packed-set.ts';
import { alertKey, type Alert } from '../../gateway/correlator/alert.ts';
import { Correlator, type Outcome } from '../../gateway/correlator/correlator.ts';
import { agencyOf } from '../../protocol/ids.ts';
import { byArrival, type CorrelatorEvent } from '../../gateway/correlator/event.ts';
import { LinkIndex } from '../../gateway/correlator/link-index.ts';
import type { Linker } from '../../gateway/correlator/linker.ts';
import type { Correlation, Pattern } from '../../gateway/correlator/patterns/pattern.ts';
import { ExactLinker, type Details, type KeysOf } from './exact-linker.ts';

/** A notice with its subject as the sender knows it, and as the gateway does. */
export type ComparedNotice = {
  readonly event: CorrelatorEvent;
  readonly details: Details;
  readonly tokens: PackedTokens;
};

/** Notices in the order of arrival, and up to when time passes after the last one, ms since 1970. */
export type ComparedStream = { readonly notices: readonly ComparedNotice[]; readonly until: number };

/** As in service: linked by tokens. */
export function alertsByTokens({ notices, until }: ComparedStream, patterns: readonly Pattern[]): Alert[] {
  return tell(notices, patterns, new LinkIndex(), ({ tokens }) => tokens, until);
}

/** The same patterns, linked only by what is equal to the letter. */
export function alertsByExactKeys(
  { notices, until }: ComparedStream,
  patterns: readonly Pattern[],
  keysOf: KeysOf,
): Alert[] {
  return tell(notices, patterns, new ExactLinker(keysOf), ({ details }) => details, until);
}

/**
 * The same patterns, linked by tokens, over the calendar cut into pieces as long as the pattern's window: what lies on
 * two sides of a cut never meets.
 */
export function alertsInFixedBuckets(
  { notices, until }: ComparedStream,
  patterns: readonly Pattern[],
): Alert[] {
  return patterns.flatMap((pattern) => {
    const isEvidence = matchesAny(pattern.evidenceRules);
    const isReply = matchesAny(pattern.absences.flatMap(({ rules }) => rules));
    const bucketOf = ({ event }: ComparedNotice): number =>
      Math.floor(event.time / pattern.correlation.reachMs);
    // What is waited for counts whenever it comes, also on the other side of a cut.
    const replies = notices.filter((notice) => isReply(notice) && !isEvidence(notice));
    return [...Map.groupBy(notices, bucketOf)].flatMap(([bucket, own]) => {
      if (!own.some(isEvidence)) return [];
      const later = replies.filter((notice) => bucketOf(notice) > bucket);
      const told = [...own, ...later].sort((a, b) => byArrival(a.event, b.event));
      return tell(told, [pattern], new LinkIndex(), ({ tokens }) => tokens, until);
    });
  });
}

/**
 * Each agency for itself: it counts the notices that it sent about a child, within the pattern's window and of the
 * kinds that the pattern takes for evidence, and alerts when there are so many. Linked by tokens.
 */
export function alertsOfSingleAgencies(
  { notices, until }: ComparedStream,
  patterns: readonly Pattern[],
  threshold: number,
): Alert[] {
  const counting = patterns.map((pattern) => countingPattern(pattern, threshold));
  const original = new Map(counting.map((changed, place) => [changed, patterns[place]!]));
  const byAgency = Map.groupBy(notices, ({ event }) => agencyOf(event.source));
  return [...byAgency.values()].flatMap((own) =>
    tell(own, counting, new LinkIndex(), ({ tokens }) => tokens, until).map((alert) => ({
      ...alert,
      pattern: original.get(alert.pattern)!,
    })),
  );
}

function countingPattern(pattern: Pattern, threshold: number): Pattern {
  const { name, reachMs } = pattern.correlation;
  const correlation: Correlation = {
    kind: 'correlation',
    name,
    type: 'event_count',
    rules: pattern.evidenceRules,
    groupBy: [],
    spanMs: reachMs,
    condition: { gte: threshold },
    fields: [],
    agencies: 1,
    weights: undefined,
    sourceCap: undefined,
    reachMs,
    isChained: false,
  };
  return { ...pattern, correlation };
}

function matchesAny(rules: readonly { readonly matches: (event: CorrelatorEvent) => boolean }[]) {
  return ({ event }: ComparedNotice): boolean => rules.some((rule) => rule.matches(event));
}

function tell<S>(
  notices: readonly ComparedNotice[],
  patterns: readonly Pattern[],
  linker: Linker<S>,
  subjectOf: (notice: ComparedNotice) => S,
  until: number,
): Alert[] {
  const correlator = new Correlator(patterns, linker);
  const alerts = new Map<string, Alert>();
  const take = ({ raised, withdrawn }: Outcome): void => {
    for (const alert of withdrawn) alerts.delete(alertKey(alert));
    for (const alert of raised) alerts.set(alertKey(alert), alert);
  };
  for (const notice of notices) take(correlator.add(notice.event, subjectOf(notice)));
  take(correlator.advance(until));
  return [...alerts.values()];
}
