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

/** What is told once evidence was looked at, whether that raises an alert or not; and whether any of it was not told. */
export type Judgement = { readonly told: Told; readonly isNews: boolean };

/**
 * A person who knows of the child for certain learns nothing from a mere possibility, unless it reaches a higher level.
 * Nor is anything told by it: a notice that is possibly of this child may be of another one, of whom nobody knows yet.
 * @param before what was told of the evidence
 * @returns undefined where the evidence is such a mere possibility
 */
export function judge(
  before: Told,
  evidence: Evidence,
  suppression: Suppression,
  at: number,
): Judgement | undefined {
  const { tier, level } = evidence;
  if (tier === 'possible' && before.has(level === 'suspect' ? suspected('same') : 'same')) return undefined;
  const told = new Map(before);
  const facts = factsOf(evidence, suppression);
  for (const fact of facts) told.set(fact, at);
  return { told, isNews: facts.some((fact) => !before.has(fact)) };
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
