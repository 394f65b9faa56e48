/** What a correlation's form alone cannot say: which keys go together, and whether it can ever match. */
import type { CorrelationRuleDocument } from './documents.ts';
import { holds, type Correlation } from './pattern.ts';

type Report = (path: readonly PropertyKey[], message: string) => void;

export function checkCorrelation(
  { content }: CorrelationRuleDocument,
  compiled: Correlation,
  report: Report,
): void {
  const { correlation } = content;
  const { type, condition } = correlation;
  const isTemporal = type === 'temporal' || type === 'temporal_ordered';
  const at = (...path: PropertyKey[]): PropertyKey[] => ['correlation', ...path];
  if (!isTemporal && Object.keys(compiled.condition).length === 0) {
    report(at('condition'), `\`${type}\` needs a \`condition\` with gt, gte, lt, lte, eq or neq`);
  }
  if (type === 'value_count' && condition?.field === undefined) {
    report(at('condition'), '`value_count` needs a `field` in its condition, whose values it counts');
  }
  if (type !== 'value_count' && condition?.field !== undefined) {
    report(at('condition', 'field'), `\`${type}\` counts no values of a field; \`value_count\` does`);
  }
  if (correlation.weights !== undefined && type !== 'event_count') {
    report(at('weights'), '`weights` goes with `event_count` only');
  }
  const isCapped = type === 'event_count' || content.escalation?.events !== undefined;
  if (correlation['source-cap'] !== undefined && !isCapped) {
    report(at('source-cap'), '`source-cap` goes with `event_count`, or with `events` of an `escalation`');
  }
  // A rule that was not found is a problem of its own: what would be possible with it is not known.
  if (compiled.rules.length < correlation.rules.length) return;
  checkPossible(compiled, (message) => report(at('condition'), message));
}

/** A window is looked at when a match falls into it, so a count is never below one. */
function checkPossible(compiled: Correlation, report: (message: string) => void): void {
  const { condition, type, rules, weights, sourceCap } = compiled;
  if (Object.keys(condition).length === 0 || rules.length === 0) return;
  if (weights !== undefined || sourceCap !== undefined) return;
  const most = type === 'temporal' || type === 'temporal_ordered' ? rules.length : 100_000;
  const bounds = Object.values(condition).filter((bound) => bound !== undefined);
  const tried = [1, most, ...bounds.flatMap((bound) => [Math.floor(bound), bound - 1, bound + 1])];
  if (tried.some((count) => count >= 1 && count <= most && holds(condition, count))) return;
  report(
    most === rules.length
      ? `can never hold: the count is between 1 and the number of rules, ${most}`
      : 'can never hold: the count is at least 1, since a window ends at a match (for absence use `absent`)',
  );
}
