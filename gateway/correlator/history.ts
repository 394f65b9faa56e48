/**
 * The notices about each described subject, and the stars that links draw between them.
 *
 * A star is a record, its links and nothing beyond: what is told of one child is what is directly linked to one
 * description. Two links that contradict each other, as those to a pair of twins do, never stand in one star.
 */
import { byArrival, byTime, type CorrelatorEvent } from './event.ts';
import type { Episode } from './episode.ts';
import type { Alert } from './alert.ts';
import type { Link, Linker, LinkRecord } from './linker.ts';
import type { Tier } from './patterns/pattern.ts';

/** One notice about one subject, in the history. */
export type Entry = {
  event: CorrelatorEvent;
  readonly record: LinkRecord;
  /** False while a history is told again and this entry's turn has not come. */
  isTold: boolean;
  /** The episode of each pattern that it is evidence of, by the pattern's key. */
  episodes: Map<string, Episode> | undefined;
  alerts: Alert[] | undefined;
};

export type Star = {
  readonly centre: LinkRecord;
  /** Sorted by time, each event once. */
  readonly entries: readonly Entry[];
  readonly tier: Tier;
};

/** The most entries of a star: the newest by arrival. More than so many notices about a child need no alert. */
export const maxStarEntries = 256;

const noEntries: readonly Entry[] = [];

export class History<S> {
  readonly #linker: Linker<S>;
  readonly #entries = new Map<LinkRecord, Entry[]>();
  readonly #horizonMs: number;
  #size = 0;

  constructor(linker: Linker<S>, horizonMs: number) {
    this.#linker = linker;
    this.#horizonMs = horizonMs;
  }

  get size(): number {
    return this.#size;
  }

  get records(): number {
    return this.#entries.size;
  }

  /**
   * Adds a notice; `undefined` when this very message about this subject is known. Of a message that came twice, the
   * earlier arrival counts, also when it is added later.
   */
  add(event: CorrelatorEvent, subject: S): Entry | undefined {
    const record = this.#linker.admit(subject);
    const entries = this.#entries.get(record);
    const known = entries?.find((entry) => entry.event.id === event.id);
    if (known !== undefined) {
      if (byArrival(event, known.event) >= 0) return undefined;
      known.event = event;
      return known;
    }
    const entry: Entry = { event, record, isTold: false, episodes: undefined, alerts: undefined };
    if (entries === undefined) this.#entries.set(record, [entry]);
    else entries.push(entry);
    this.#size += 1;
    return entry;
  }

  /** The entries of a record that are told and, at `now`, within the horizon. */
  told(record: LinkRecord, now: number): readonly Entry[] {
    const entries = this.#entries.get(record);
    if (entries === undefined) return noEntries;
    const since = now - this.#horizonMs;
    for (const { isTold, event } of entries) {
      if (isTold && event.arrived >= since && event.arrived <= now) continue;
      return entries.filter(
        (entry) => entry.isTold && entry.event.arrived >= since && entry.event.arrived <= now,
      );
    }
    return entries;
  }

  /**
   * What is directly linked to a record, `possible` links included only when asked for. Where a description is too
   * poor to link with itself, only the notice in question stands for it.
   */
  star(centre: LinkRecord, tier: Tier, now: number, asked: Entry): Star {
    const own = this.told(centre, now);
    const members: LinkRecord[] = [centre];
    const isAllowed = (link: { readonly tier: Tier } | undefined): boolean =>
      link !== undefined && (tier === 'possible' || link.tier === 'same');
    const isOne = own.length < 2 && own[0] === asked;
    let entries = isOne || isAllowed(centre.itself) ? own : own.filter((entry) => entry === asked);
    for (const link of ranked(centre.links)) {
      if (!isAllowed(link)) continue;
      const theirs = this.told(link.to, now);
      if (theirs.length === 0 || members.some((member) => this.#contradict(member, link.to))) continue;
      members.push(link.to);
      entries = entries.concat(theirs);
    }
    return { centre, entries: arrange(entries), tier };
  }

  /** Every entry with this message: one for each subject that it speaks of. */
  entriesOf(message: string): readonly Entry[] {
    return [...this.#entries.values()].flat().filter(({ event }) => event.id === message);
  }

  /** The stars of all that is told now, one for each description, or each notice of one too poor to link with itself. */
  *stars(tier: Tier, now: number): Generator<Star> {
    for (const record of this.#entries.keys()) {
      const told = this.told(record, now);
      const isWhole = record.itself?.tier === 'same' || (record.itself !== undefined && tier === 'possible');
      for (const entry of isWhole ? told.slice(0, 1) : told) yield this.star(record, tier, now, entry);
    }
  }

  /** Every record that can be reached over links: all that telling one history again can touch. */
  component(start: LinkRecord): { readonly records: ReadonlySet<LinkRecord>; readonly entries: Entry[] } {
    const records = new Set([start]);
    const entries: Entry[] = [];
    for (const record of records) {
      entries.push(...(this.#entries.get(record) ?? []));
      for (const { to } of record.links) records.add(to);
    }
    return { records, entries };
  }

  /** Forgets what lies before the horizon, and records that nothing is left of. */
  sweep(now: number): void {
    const since = now - this.#horizonMs;
    for (const [record, entries] of this.#entries) {
      const kept = entries.filter(({ event }) => event.arrived >= since);
      if (kept.length === entries.length) continue;
      this.#size -= entries.length - kept.length;
      if (kept.length > 0) this.#entries.set(record, kept);
      else {
        this.#entries.delete(record);
        this.#linker.release(record);
      }
    }
  }

  #contradict(a: LinkRecord, b: LinkRecord): boolean {
    if (a.links.some(({ to }) => to === b)) return false;
    return this.#linker.conflicts(a, b);
  }
}

/** The surest links first; the order never depends on what came when. */
function ranked(links: readonly Link[]): readonly Link[] {
  if (links.length < 2) return links;
  return [...links].sort(
    (a, b) =>
      Number(a.tier === 'possible') - Number(b.tier === 'possible') ||
      b.types.length - a.types.length ||
      (a.to.fingerprint < b.to.fingerprint ? -1 : 1),
  );
}

function arrange(entries: readonly Entry[]): readonly Entry[] {
  if (entries.length < 2) return entries;
  const sorted = [...entries].sort((a, b) => byTime(a.event, b.event));
  // One message can be known under two descriptions; it has one time and one id, so it stands beside itself.
  const once = sorted.filter(({ event }, place) => sorted[place - 1]?.event.id !== event.id);
  if (once.length <= maxStarEntries) return once;
  const newest = [...once].sort((a, b) => byArrival(b.event, a.event)).slice(0, maxStarEntries);
  return newest.sort((a, b) => byTime(a.event, b.event));
}
