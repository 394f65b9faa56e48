/**
 * Remembers decisions, at most so many, in two generations: what was not asked since the older one began is forgotten
 * with it. A hit changes nothing, unlike in a list by age: a Map from which entries are taken all the time leaves a
 * trail of dead tables that hold each other, which cost the gateway's garbage collector more than all else.
 *
 * Cedar takes some 60 to 250 µs a question and the same questions come again and again. A cache belongs to one
 * policy set, so a changed folder begins with an empty one.
 */
import type { Decision, DecisionRequest, Party } from './decision.ts';

type Decide = (request: DecisionRequest) => Decision;

/** Wraps `decide`, which must be a pure function of its request. @param capacity decisions kept; 0 keeps none */
export function cacheDecisions(decide: Decide, capacity: number): Decide {
  if (capacity <= 0) return decide;
  const generation = Math.ceil(capacity / 2);
  let young = new Map<string, Decision>();
  let old = new Map<string, Decision>();
  let last: { readonly request: DecisionRequest; readonly decision: Decision } | undefined;
  return (request) => {
    if (last !== undefined && isSame(request, last.request)) return last.decision;
    const decision = lookUp(request);
    last = { request: { ...request }, decision };
    return decision;
  };

  function lookUp(request: DecisionRequest): Decision {
    const key = keyOf(request);
    const known = young.get(key);
    if (known !== undefined) return known;
    const decision = old.get(key) ?? decide(request);
    if (young.size >= generation) {
      old = young;
      young = new Map();
    }
    young.set(key, decision);
    return decision;
  }
}

/** True for the same question by the same objects, as messages of one kind that follow each other put it. */
function isSame(request: DecisionRequest, last: DecisionRequest): boolean {
  return (
    request.sender === last.sender &&
    request.recipient === last.recipient &&
    request.category === last.category &&
    request.severity === last.severity &&
    request.purpose === last.purpose &&
    request.basis === last.basis &&
    request.dataschema === last.dataschema
  );
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
