/**
 * Suppression: alerts of one pattern whose evidence overlaps belong to one episode, and only new evidence (another
 * agency, another category, a surer link, a higher level) raises a further one.
 */
import { agencyOf, type CorrelatorEvent } from './event.ts';
import type { Level, Suppression, Tier } from './patterns/pattern.ts';

/** What has been told in an episode. */
export type Episode = {
  readonly agencies: Set<string>;
  readonly categories: Set<string>;
  hasSame: boolean;
  isSuspected: boolean;
  /** Where this episode was found to be part of another one. */
  mergedInto: Episode | undefined;
};

export type Evidence = {
  readonly events: readonly CorrelatorEvent[];
  readonly tier: Tier;
  readonly level: Level;
};

/** The episode that stands for this one now. */
export function currentOf(episode: Episode): Episode {
  let current = episode;
  while (current.mergedInto !== undefined) current = current.mergedInto;
  return current;
}

/** Makes one episode of those that evidence overlaps with. */
export function mergeEpisodes(episodes: readonly Episode[]): Episode | undefined {
  const [first, ...others] = new Set(episodes.map(currentOf));
  if (first === undefined) return undefined;
  for (const other of others) {
    for (const agency of other.agencies) first.agencies.add(agency);
    for (const category of other.categories) first.categories.add(category);
    first.hasSame ||= other.hasSame;
    first.isSuspected ||= other.isSuspected;
    other.mergedInto = first;
  }
  return first;
}

/** True when the evidence tells something that the episode's alerts have not told. */
export function isNews(episode: Episode, evidence: Evidence, suppression: Suppression): boolean {
  if (evidence.tier === 'same' && !episode.hasSame) return true;
  // A person who knows of the child for certain learns nothing from a mere possibility.
  if (evidence.tier === 'possible' && episode.hasSame) return false;
  if (evidence.level === 'suspect' && !episode.isSuspected) return true;
  return evidence.events.some(
    ({ source, category }) =>
      (suppression.newAgency && !episode.agencies.has(agencyOf(source))) ||
      (suppression.newCategory && !episode.categories.has(category)),
  );
}

/** Takes what an alert told into the episode, or begins one. */
export function tell(episode: Episode | undefined, { events, tier, level }: Evidence): Episode {
  const told = episode ?? {
    agencies: new Set(),
    categories: new Set(),
    hasSame: false,
    isSuspected: false,
    mergedInto: undefined,
  };
  for (const { source, category } of events) {
    told.agencies.add(agencyOf(source));
    told.categories.add(category);
  }
  told.hasSame ||= tier === 'same';
  told.isSuspected ||= level === 'suspect';
  return told;
}
