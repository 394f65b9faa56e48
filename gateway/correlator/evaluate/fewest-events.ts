/** How few events could ever satisfy a correlation: what has fewer is not looked at any closer. */
import { holds, type Correlation } from '../patterns/pattern.ts';

const searched = 10_000;

/** A lower bound; never more than what is really needed. */
export function fewestEvents(correlation: Correlation): number {
  const chained = correlation.rules.flatMap((rule) =>
    rule.kind === 'correlation' ? [fewestEvents(rule)] : [],
  );
  const needsAll = chained.length === correlation.rules.length;
  return Math.max(1, correlation.agencies, needsAll ? Math.min(...chained) : 1, fewestCounted(correlation));
}

/** The smallest count that the condition allows, in events; a chained match may stand for shared ones. */
function fewestCounted({ type, rules, condition, weights, sourceCap }: Correlation): number {
  if (type === 'temporal' || rules.some(({ kind }) => kind === 'correlation')) return 1;
  const { gte, gt } = condition;
  const least = Math.max(gte ?? 0, gt ?? 0);
  if (weights !== undefined) return Math.ceil(least / Math.max(...weights.byRule));
  if (sourceCap !== undefined) return Math.floor(least);
  for (let count = 1; count < searched; count += 1) if (holds(condition, count)) return count;
  return 1;
}

/** How few of its own rules could ever satisfy a correlation that counts rules; 0 for any other. */
export function fewestRules({ type, rules, condition, isChained }: Correlation): number {
  if (isChained || rules.length > 31 || (type !== 'temporal' && type !== 'temporal_ordered')) return 0;
  for (let count = 0; count < rules.length; count += 1) if (holds(condition, count)) return count;
  return rules.length;
}
