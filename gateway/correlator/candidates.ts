/** What a newly told notice completes: the matching windows of every star that it stands in. */
import type { CorrelatorEvent } from './event.ts';
import { findHits, type Hit } from './evaluate/hits.ts';
import { agenciesOf } from './evaluate/window.ts';
import type { Entry, History, Star } from './history.ts';
import type { LinkRecord } from './linker.ts';
import type { Pattern, Tier } from './patterns/pattern.ts';
import type { IndexedPattern, PatternIndex } from './pattern-index.ts';

/** Evidence that satisfies a pattern, and may be news. */
export type Candidate = {
  readonly pattern: Pattern;
  readonly hit: Hit;
  readonly tier: Tier;
  readonly centre: LinkRecord;
  /** The entries of the evidence, in the order of its events. */
  readonly entries: readonly Entry[];
};

type Found = Map<Pattern, Candidate[]>;

/** All candidates for each pattern, the fullest evidence first. */
export function findCandidates<S>(entry: Entry, history: History<S>, index: PatternIndex): Found {
  const about = index.patternsFor(entry.event);
  const found: Found = new Map();
  searchStars(entry, history, 'same', about, index, found);
  if (about.some(({ pattern }) => pattern.link === 'possible') && entry.record.links.length > 0) {
    // A mere possibility is of interest only where nothing surer was found.
    const possible: Found = new Map();
    searchStars(entry, history, 'possible', about, index, possible);
    for (const [pattern, list] of possible) if (!found.has(pattern)) found.set(pattern, list);
  }
  for (const list of found.values()) if (list.length > 1) list.sort(fullestFirst);
  return found;
}

function searchStars<S>(
  entry: Entry,
  history: History<S>,
  tier: Tier,
  about: readonly IndexedPattern[],
  index: PatternIndex,
  found: Found,
): void {
  const now = entry.event.arrived;
  const own = history.star(entry.record, tier, now, entry);
  // A description that was not known before brings notices together that were apart until now.
  const bringsTogether = own.entries.length > 2 && history.told(entry.record, now).length === 1;
  const searched = [own.entries];
  if (bringsTogether) searchStar(own, undefined, about, index, found);
  else searchStar(own, entry, about, index, found);
  if (about.length === 0) return;
  const links = entry.record.links.filter((link) => tier === 'possible' || link.tier === 'same');
  // In an order of their own, so that of equal stars always the same one stands for all.
  if (links.length > 1) links.sort((a, b) => (a.to.fingerprint < b.to.fingerprint ? -1 : 1));
  for (const { to } of links) {
    if (history.told(to, now).length === 0) continue;
    const star = history.star(to, tier, now, entry);
    if (!star.entries.includes(entry)) continue;
    if (searched.some((entries) => areEqual(entries, star.entries))) continue;
    searched.push(star.entries);
    searchStar(star, entry, about, index, found);
  }
}

function areEqual(a: readonly Entry[], b: readonly Entry[]): boolean {
  return a.length === b.length && a.every((entry, place) => entry === b[place]);
}

function searchStar(
  { centre, entries, tier }: Star,
  focus: Entry | undefined,
  about: readonly IndexedPattern[],
  index: PatternIndex,
  found: Found,
): void {
  const counts = new Uint16Array(index.size);
  const all = new Set(about);
  let longestDelayMs = 0;
  for (const { event } of entries) {
    longestDelayMs = Math.max(longestDelayMs, event.arrived - event.time);
    for (const indexed of index.patternsFor(event)) {
      counts[indexed.place] = (counts[indexed.place] ?? 0) + 1;
      if (focus === undefined) all.add(indexed);
    }
  }
  let events: readonly CorrelatorEvent[] | undefined;
  for (const { pattern, place, fewest } of focus === undefined ? all : about) {
    if ((counts[place] ?? 0) < fewest) continue;
    if (tier === 'possible' && pattern.link !== 'possible') continue;
    if (focus !== undefined && isTooLate(focus.event, pattern)) continue;
    events ??= entries.map(({ event }) => event);
    const counted =
      longestDelayMs > pattern.lateLimitMs ? events.filter((event) => !isTooLate(event, pattern)) : events;
    for (const hit of findHits(pattern.correlation, counted, focus?.event)) {
      if (hit.end < pattern.effective.fromMs || hit.end >= pattern.effective.untilMs) continue;
      add(found, { pattern, hit, tier, centre, entries: entriesOf(hit, entries) });
    }
  }
}

function add(found: Found, candidate: Candidate): void {
  const list = found.get(candidate.pattern);
  if (list === undefined) found.set(candidate.pattern, [candidate]);
  else list.push(candidate);
}

function entriesOf({ events }: Hit, entries: readonly Entry[]): readonly Entry[] {
  return entries.filter(({ event }) => events.includes(event));
}

/** An event that came later than a pattern allows for is left out of it. */
export function isTooLate({ time, arrived }: CorrelatorEvent, { lateLimitMs }: Pattern): boolean {
  return arrived - time > lateLimitMs;
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
