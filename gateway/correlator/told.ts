/**
 * Suppression: while the evidence of a pattern's alerts overlaps, only new evidence (another agency, another category,
 * a surer link, a higher level) raises a further one.
 *
 * Each notice remembers, as facts, what was told of the evidence that it was part of, and when each was last in
 * evidence. What has been in none for so long (`PatternIndex.memoryMs`) is news again. So nothing is remembered that
 * history, told from far enough back (`historyMs`), would not tell again: a gateway that starts anew knows what was told.
 */
import type { CorrelatorEvent } from './event.ts';
import { agenciesOf } from './evaluate/window.ts';
import type { Level, Suppression, Tier } from './patterns/pattern.ts';

/** When each fact was last in evidence, ms since 1970. */
export type Told = ReadonlyMap<string, number>;

export type Evidence = {
  readonly events: readonly CorrelatorEvent[];
  readonly tier: Tier;
  readonly level: Level;
};

const nothingTold: Told = new Map();

/** Everything that any of these tells and that was in evidence since. */
export function recall(all: Iterable<Told | undefined>, since: number): Told {
  let known: Map<string, number> | undefined;
  for (const told of new Set(all)) {
    for (const [fact, at] of told ?? nothingTold) {
      if (at < since || at <= (known?.get(fact) ?? -Infinity)) continue;
      (known ??= new Map()).set(fact, at);
    }
  }
  return known ?? nothingTold;
}

/** True when the evidence tells something that was not told. */
export function isNews(told: Told, evidence: Evidence, suppression: Suppression): boolean {
  if (isLesser(told, evidence)) return false;
  return factsOf(evidence, suppression).some((fact) => !told.has(fact));
}

/** What is told once the evidence was looked at, whether that raised an alert or not; nothing more by a lesser one. */
export function tell(told: Told, evidence: Evidence, suppression: Suppression, at: number): Told {
  if (isLesser(told, evidence)) return told;
  const all = new Map(told);
  for (const fact of factsOf(evidence, suppression)) all.set(fact, at);
  return all;
}

/**
 * A person who knows of the child for certain learns nothing from a mere possibility, unless it reaches a higher level.
 * Nor is anything told by it: a notice that is possibly of this child may be of another one, of whom nobody knows yet.
 */
export function isLesser(told: Told, { tier, level }: Evidence): boolean {
  return tier === 'possible' && told.has(level === 'suspect' ? suspected('same') : 'same');
}

/** What is told for certain is another fact than what is told as possible: that it is certain is news. */
function factsOf(
  { events, tier, level }: Evidence,
  { newAgency, newCategory }: Suppression,
): readonly string[] {
  const facts = [tier, ...(level === 'suspect' ? [suspected(tier)] : [])];
  // Evidence may be long; those who tell, and of what, are few.
  if (newAgency) for (const agency of agenciesOf(events)) facts.push(`${tier} agency ${agency}`);
  if (newCategory) {
    for (const category of new Set(events.map((event) => event.category)))
      facts.push(`${tier} category ${category}`);
  }
  return facts;
}

function suspected(tier: Tier): string {
  return `${tier} suspect`;
}
