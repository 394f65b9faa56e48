/** What a pattern need not have, and its author may have forgotten: a bound on what one agency adds to a count. */
import { fewestEvents } from '../evaluate/fewest-events.ts';
import type { Correlation, Pattern } from './pattern.ts';

/**
 * Advice for a pattern that needs several agencies and counts notices, where one of them may bring all but a notice of
 * each other: to write often is in the power of one. Undefined where there is a cap, or where one agency is enough.
 */
export function adviseSourceCap({ correlation, singleAgency }: Pattern): string | undefined {
  const { type, agencies, sourceCap } = correlation;
  if (type !== 'event_count' || agencies < 2 || sourceCap !== undefined || singleAgency !== undefined)
    return undefined;
  const others = agencies - 1;
  if (fewestLight(correlation) <= agencies) return undefined;
  const rest = others === 1 ? 'one, which another agency adds' : `${others}, which other agencies add`;
  return `one agency alone may add all that is counted but ${rest}; \`source-cap\` bounds it, where that is not meant`;
}

/** How few of the lightest notices would do, or of any where all count the same. */
function fewestLight(correlation: Correlation): number {
  const { weights } = correlation;
  if (weights === undefined) return fewestEvents(correlation);
  return fewestEvents({ ...correlation, weights: { ...weights, byRule: [Math.min(...weights.byRule)] } });
}
