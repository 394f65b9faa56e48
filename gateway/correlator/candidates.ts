/** What a newly told notice completes: the matching windows of every star that it stands in. */
import { messageKey, type CorrelatorEvent } from './event.ts';
import { findHits, type Hit } from './evaluate/hits.ts';
import { agenciesIn, type Entry } from './entry.ts';
import type { History, Star } from './history.ts';
import type { Link, LinkRecord } from './linker.ts';
import type { Pattern, Tier } from './patterns/pattern.ts';
import type { IndexedPattern, PatternIndex } from './pattern-index.ts';
import { surest } from './sureness.ts';
import type { Steps } from './steps.ts';

/** Evidence that satisfies a pattern, and may be news. */
export type Candidate = {
  readonly pattern: Pattern;
  readonly hit: Hit;
  readonly tier: Tier;
  readonly centre: LinkRecord;
  /** The entries of the evidence, in the order of its events. */
  readonly entries: readonly Entry[];
  /** How many sent them. */
  readonly agencies: number;
};

/** Those of each pattern, the fullest evidence first. */
export type Candidates = ReadonlyMap<Pattern, readonly Candidate[]>;

type Found = Map<Pattern, Candidate[]>;

/**
 * All candidates. Pauses before each star around another description.
 * @returns undefined where there is nothing to look for, as with most notices
 */
export function findCandidates<S>(
  entry: Entry,
  history: History<S>,
  index: PatternIndex,
): Steps<Candidates> | undefined {
  const centres = centresToSearch(entry, history, index);
  return centres === undefined ? undefined : search(entry, centres, history, index);
}

function* search<S>(
  entry: Entry,
  centres: Centres,
  history: History<S>,
  index: PatternIndex,
): Steps<Candidates> {
  const found: Found = new Map();
  yield* searchStars(entry, centres, history, 'same', index, found);
  const asksItself = entry.about.patterns.some(({ pattern }) => pattern.link === 'possible');
  // What brings others together may be evidence of nothing: theirs counts, in the star around it.
  const isPossibleAsked = asksItself || (centres.bringsTogether && index.takesPossible);
  if (isPossibleAsked && isPossiblyMore(entry.record)) {
    // A mere possibility is of interest only where nothing surer was found.
    const possible: Found = new Map();
    const now = entry.event.arrived;
    const agenciesOf = (record: LinkRecord) => agenciesIn(history.told(record, now));
    const asked = { ...centres, links: asksItself ? surest(centres.links, agenciesOf) : noLinks };
    yield* searchStars(entry, asked, history, 'possible', index, possible);
    for (const [pattern, list] of possible) if (!found.has(pattern)) found.set(pattern, list);
  }
  for (const list of found.values()) if (list.length > 1) list.sort(fullestFirst);
  return found;
}

/** Whether some star that a record can stand in holds more where possible links count. */
function isPossiblyMore(record: LinkRecord): boolean {
  if (isLinkedPossibly(record)) return true;
  for (const { to } of record.links) if (isLinkedPossibly(to)) return true;
  return false;
}

function isLinkedPossibly({ itself, links }: LinkRecord): boolean {
  if (itself?.tier === 'possible') return true;
  for (const { tier } of links) if (tier === 'possible') return true;
  return false;
}

/** The stars that can hold evidence with the entry, whatever the tier. */
type Centres = {
  readonly own: boolean;
  /** In an order that arrival has no part in: of equal stars always the same one stands for all. */
  readonly links: readonly Link[];
  readonly bringsTogether: boolean;
};

const noLinks: readonly Link[] = [];

/** Most notices complete nothing, whatever is linked to them: told by counting, before any star is drawn. */
function centresToSearch<S>(entry: Entry, history: History<S>, index: PatternIndex): Centres | undefined {
  const { record, event, about } = entry;
  const bringsTogether =
    record.links.length > 0 && (entry.hasTiedAnew || isOnly(entry, history.told(record, event.arrived)));
  if (about.patterns.length === 0 && !bringsTogether) return undefined;
  const own = mayHold(record, entry, bringsTogether ? undefined : entry, history, index);
  if (about.patterns.length === 0) return own ? { own, links: noLinks, bringsTogether } : undefined;
  let links: Link[] | undefined;
  for (const link of record.links) {
    if (!own && !reachesBeyond(link.to, record)) continue;
    if (history.told(link.to, event.arrived).length === 0) continue;
    if (mayHold(link.to, entry, entry, history, index)) (links ??= []).push(link);
  }
  if (!own && links === undefined) return undefined;
  links?.sort((a, b) => (a.to.fingerprint < b.to.fingerprint ? -1 : 1));
  return { own, links: links ?? noLinks, bringsTogether };
}

/** More links than so many are not compared: that would cost more than it spares. */
const maxCompared = 32;

/** Whether a linked record has links that the record in question has not. */
function reachesBeyond({ links }: LinkRecord, record: LinkRecord): boolean {
  if (links.length > maxCompared || links.length > record.links.length) return true;
  for (const { to } of links) {
    if (to !== record && !record.links.some((link) => link.to === to)) return true;
  }
  return false;
}

/** A description that was not known before brings notices together, over its links, that were apart until now. */
function isOnly(entry: Entry, told: readonly Entry[]): boolean {
  return told.length === 1 && told[0] === entry;
}

/**
 * Whether the star around a record can be evidence for any pattern, told from all that is linked to it: never less
 * than is in the star. With a focus, only its own patterns and what is near it matter.
 */
function mayHold<S>(
  centre: LinkRecord,
  asked: Entry,
  focus: Entry | undefined,
  history: History<S>,
  index: PatternIndex,
): boolean {
  const { count } = index;
  count.begin(focus);
  history.countAround(centre, asked, count);
  for (const indexed of focus?.about.patterns ?? index.patterns) if (count.mayDo(indexed)) return true;
  return false;
}

function* searchStars<S>(
  entry: Entry,
  { own, links, bringsTogether }: Centres,
  history: History<S>,
  tier: Tier,
  index: PatternIndex,
  found: Found,
): Steps<void> {
  const now = entry.event.arrived;
  const searched: Star[] = [];
  if (own) {
    const star = history.star(entry.record, tier, now, entry);
    searched.push(star);
    searchStar(star, bringsTogether && star.entries.length > 2 ? undefined : entry, index, found);
  }
  for (const link of links) {
    if (tier === 'same' && link.tier !== 'same') continue;
    yield;
    const star = history.star(link.to, tier, now, entry);
    if (!star.entries.includes(entry)) continue;
    if (searched.some(({ entries }) => areEqual(entries, star.entries))) continue;
    searched.push(star);
    searchStar(star, entry, index, found);
  }
}

function areEqual(a: readonly Entry[], b: readonly Entry[]): boolean {
  return a.length === b.length && a.every((entry, place) => entry === b[place]);
}

function searchStar(star: Star, focus: Entry | undefined, index: PatternIndex, found: Found): void {
  const { entries } = star;
  const { count } = index;
  count.begin(focus);
  let longestDelayMs = 0;
  for (const { event, about } of entries) {
    longestDelayMs = Math.max(longestDelayMs, event.arrived - event.time);
    count.add(event, about);
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
    const own = entriesOf(hit, entries);
    add(found, { pattern, hit, tier, centre, entries: own, agencies: agenciesIn(own).size });
  }
}

function add(found: Found, candidate: Candidate): void {
  const list = found.get(candidate.pattern);
  if (list === undefined) found.set(candidate.pattern, [candidate]);
  else list.push(candidate);
}

/** Both are sorted by time. */
function entriesOf({ events }: Hit, entries: readonly Entry[]): readonly Entry[] {
  let next = 0;
  return entries.filter(({ event }) => {
    if (event !== events[next]) return false;
    next += 1;
    return true;
  });
}

/** An event that came later than a pattern allows for is left out of it. */
export function isTooLate({ time, arrived }: CorrelatorEvent, { lateLimitMs }: Pattern): boolean {
  return arrived - time > lateLimitMs;
}

/** More agencies, then more events, then the earlier end, then the messages: never the order of arrival. */
function fullestFirst(a: Candidate, b: Candidate): number {
  return (
    b.agencies - a.agencies ||
    b.hit.events.length - a.hit.events.length ||
    a.hit.end - b.hit.end ||
    compare(messagesOf(a), messagesOf(b)) ||
    compare(a.centre.fingerprint, b.centre.fingerprint)
  );
}

function messagesOf({ hit }: Candidate): string {
  return hit.events.map(messageKey).join('\n');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
