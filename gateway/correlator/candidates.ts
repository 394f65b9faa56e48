/** What a newly told notice completes: the matching windows of every star that it stands in. */
import type { CorrelatorEvent } from './event.ts';
import { findHits, type Hit } from './evaluate/hits.ts';
import { agenciesOf } from './evaluate/window.ts';
import type { Entry, History, Star } from './history.ts';
import type { LinkRecord } from './linker.ts';
import type { Pattern, Tier } from './patterns/pattern.ts';
import type { PatternIndex } from './pattern-index.ts';

/** Evidence that satisfies a pattern, and may be news. */
export type Candidate = {
  readonly pattern: Pattern;
  readonly hit: Hit;
  readonly tier: Tier;
  readonly centre: LinkRecord;
  /** The entries of the evidence, in the order of its events. */
  readonly entries: readonly Entry[];
};

/** All candidates for one pattern, the fullest evidence first. */
export function findCandidates<S>(
  entry: Entry,
  history: History<S>,
  index: PatternIndex,
): ReadonlyMap<Pattern, readonly Candidate[]> {
  const found = new Map<Pattern, Candidate[]>();
  const add = (candidate: Candidate): void => {
    const list = found.get(candidate.pattern);
    if (list === undefined) found.set(candidate.pattern, [candidate]);
    else list.push(candidate);
  };
  searchStars(entry, history, 'same', index, add);
  if (index.usesPossible) {
    // A mere possibility is of interest only where nothing surer was found.
    const weaker = new Map<Pattern, Candidate[]>();
    searchStars(entry, history, 'possible', index, (candidate) => {
      if (candidate.pattern.link !== 'possible' || found.has(candidate.pattern)) return;
      const list = weaker.get(candidate.pattern);
      if (list === undefined) weaker.set(candidate.pattern, [candidate]);
      else list.push(candidate);
    });
    for (const [pattern, list] of weaker) found.set(pattern, list);
  }
  for (const list of found.values()) if (list.length > 1) list.sort(fullestFirst);
  return found;
}

function searchStars<S>(
  entry: Entry,
  history: History<S>,
  tier: Tier,
  index: PatternIndex,
  add: (candidate: Candidate) => void,
): void {
  const now = entry.event.arrived;
  const about = index.patternsFor(entry.event);
  const own = history.star(entry.record, tier, now, entry);
  // A description that was not known before brings notices together that were apart until now.
  const bringsTogether = own.entries.length > 2 && history.told(entry.record, now).length === 1;
  if (bringsTogether) searchStar(own, index.patternsForAny(own.entries), undefined, add);
  else searchStar(own, about, entry, add);
  if (about.length === 0) return;
  for (const link of entry.record.links) {
    if (tier === 'same' && link.tier !== 'same') continue;
    if (history.told(link.to, now).length === 0) continue;
    const star = history.star(link.to, tier, now, entry);
    if (star.entries.includes(entry)) searchStar(star, about, entry, add);
  }
}

function searchStar(
  { centre, entries, tier }: Star,
  patterns: readonly Pattern[],
  focus: Entry | undefined,
  add: (candidate: Candidate) => void,
): void {
  if (patterns.length === 0) return;
  const all = entries.map(({ event }) => event);
  for (const pattern of patterns) {
    if (tier === 'possible' && pattern.link !== 'possible') continue;
    if (focus !== undefined && isTooLate(focus.event, pattern)) continue;
    const events = all.some((event) => isTooLate(event, pattern))
      ? all.filter((event) => !isTooLate(event, pattern))
      : all;
    for (const hit of findHits(pattern.correlation, events, focus?.event)) {
      if (hit.end < pattern.effective.fromMs || hit.end >= pattern.effective.untilMs) continue;
      const ids = new Set(hit.events.map(({ id }) => id));
      add({ pattern, hit, tier, centre, entries: entries.filter(({ event }) => ids.has(event.id)) });
    }
  }
}

/** An event that came later than a pattern allows for is left out of it. */
export function isTooLate({ time, arrived }: CorrelatorEvent, { latenessMs, absence }: Pattern): boolean {
  return absence === undefined && arrived - time > latenessMs;
}

/** More agencies, then more events, then the earlier end, then the ids: never the order of arrival. */
function fullestFirst(a: Candidate, b: Candidate): number {
  return (
    agenciesOf(b.hit.events).size - agenciesOf(a.hit.events).size ||
    b.hit.events.length - a.hit.events.length ||
    a.hit.end - b.hit.end ||
    compare(idsOf(a), idsOf(b)) ||
    compare(a.centre.fingerprint, b.centre.fingerprint)
  );
}

function idsOf({ hit }: Candidate): string {
  return hit.events.map(({ id }) => id).join('\n');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
