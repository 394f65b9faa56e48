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

const nothingFound: ReadonlyMap<Pattern, readonly Candidate[]> = new Map();

/** All candidates for each pattern, the fullest evidence first. */
export function findCandidates<S>(
  entry: Entry,
  history: History<S>,
  index: PatternIndex,
): ReadonlyMap<Pattern, readonly Candidate[]> {
  const { record } = entry;
  const about = entry.about.patterns;
  if (about.length === 0 && !mayBringTogether(entry, history)) return nothingFound;
  const found: Found = new Map();
  searchStars(entry, history, 'same', index, found);
  if (record.links.length > 0 && about.some(({ pattern }) => pattern.link === 'possible')) {
    // A mere possibility is of interest only where nothing surer was found.
    const possible: Found = new Map();
    searchStars(entry, history, 'possible', index, possible);
    for (const [pattern, list] of possible) if (!found.has(pattern)) found.set(pattern, list);
  }
  for (const list of found.values()) if (list.length > 1) list.sort(fullestFirst);
  return found;
}

/** A description that was not known before brings notices together, over its links, that were apart until now. */
function mayBringTogether<S>({ record, event }: Entry, history: History<S>): boolean {
  return record.links.length > 0 && history.told(record, event.arrived).length === 1;
}

function searchStars<S>(
  entry: Entry,
  history: History<S>,
  tier: Tier,
  index: PatternIndex,
  found: Found,
): void {
  const { record } = entry;
  const about = entry.about.patterns;
  const now = entry.event.arrived;
  const own = history.star(record, tier, now, entry);
  const bringsTogether = own.entries.length > 2 && mayBringTogether(entry, history);
  searchStar(own, bringsTogether ? undefined : entry, index, found);
  if (about.length === 0 || record.links.length === 0) return;
  const searched = [own.entries];
  const links = record.links.filter((link) => tier === 'possible' || link.tier === 'same');
  // In an order of their own, so that of equal stars always the same one stands for all.
  if (links.length > 1) links.sort((a, b) => (a.to.fingerprint < b.to.fingerprint ? -1 : 1));
  for (const { to } of links) {
    if (history.told(to, now).length === 0) continue;
    const star = history.star(to, tier, now, entry);
    if (!star.entries.includes(entry)) continue;
    if (searched.some((entries) => areEqual(entries, star.entries))) continue;
    searched.push(star.entries);
    searchStar(star, entry, index, found);
  }
}

function areEqual(a: readonly Entry[], b: readonly Entry[]): boolean {
  return a.length === b.length && a.every((entry, place) => entry === b[place]);
}

function searchStar(star: Star, focus: Entry | undefined, index: PatternIndex, found: Found): void {
  const { entries } = star;
  const { count } = index;
  count.clear();
  let longestDelayMs = 0;
  for (const { event, about } of entries) {
    longestDelayMs = Math.max(longestDelayMs, event.arrived - event.time);
    count.add(about);
  }
  let events: readonly CorrelatorEvent[] | undefined;
  for (const indexed of focus === undefined ? patternsOf(star) : focus.about.patterns) {
    if (!count.mayDo(indexed)) continue;
    const { pattern } = indexed;
    if (star.tier === 'possible' && pattern.link !== 'possible') continue;
    if (focus !== undefined && isTooLate(focus.event, pattern)) continue;
    events ??= entries.map(({ event }) => event);
    const counted =
      longestDelayMs > pattern.lateLimitMs ? events.filter((event) => !isTooLate(event, pattern)) : events;
    searchPattern(pattern, counted, focus?.event, star, found);
  }
}

/** All that any notice of the star may be evidence of. */
function patternsOf({ entries }: Star): ReadonlySet<IndexedPattern> {
  return new Set(entries.flatMap(({ about }) => about.patterns));
}

function searchPattern(
  pattern: Pattern,
  events: readonly CorrelatorEvent[],
  focus: CorrelatorEvent | undefined,
  { tier, centre, entries }: Star,
  found: Found,
): void {
  for (const hit of findHits(pattern.correlation, events, focus)) {
    if (hit.end < pattern.effective.fromMs || hit.end >= pattern.effective.untilMs) continue;
    add(found, { pattern, hit, tier, centre, entries: entriesOf(hit, entries) });
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
