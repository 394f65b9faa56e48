/**
 * Remembers decisions, at most so many, forgetting first what was longest unasked.
 *
 * Cedar takes some 60 to 250 µs a question and the same questions come again and again. A cache belongs to one
 * policy set, so a changed folder begins with an empty one.
 */
import type { Decision, DecisionRequest, Party } from './decision.ts';

type Decide = (request: DecisionRequest) => Decision;

/** Wraps `decide`, which must be a pure function of its request. @param capacity decisions kept; 0 keeps none */
export function cacheDecisions(decide: Decide, capacity: number): Decide {
  if (capacity <= 0) return decide;
  const kept = new Map<string, Decision>();
  return (request) => {
    const key = keyOf(request);
    const known = kept.get(key);
    if (known !== undefined) {
      // A Map lists keys in the order of insertion: putting it back makes it the youngest.
      kept.delete(key);
      kept.set(key, known);
      return known;
    }
    const decision = decide(request);
    kept.set(key, decision);
    const oldest = kept.size > capacity ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
    return decision;
  };
}

/** Everything that a decision depends on. The separators cannot stand in addresses or lower-case names. */
function keyOf(request: DecisionRequest): string {
  const { category, severity, purpose, basis, dataschema = '' } = request;
  const parties = `${partyKey(request.sender)}\n${partyKey(request.recipient)}`;
  return `${parties}\n${category}\n${severity}\n${purpose}\n${basis}\n${dataschema}`;
}

function partyKey({ endpoint, agency, roles }: Party): string {
  return `${endpoint}\n${agency}\n${roles.join(',')}`;
}
