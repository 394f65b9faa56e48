/**
 * The notices about each described subject, and the stars that links draw between them.
 *
 * A star is a record, its links and nothing beyond: what is told of one child is what is directly linked to one
 * description. Two links that contradict each other, as those to a pair of twins do, never stand in one star.
 */
import { agencyOf } from '../../protocol/ids.ts';
import { byArrival, isSameMessage, type CorrelatorEvent } from './event.ts';
import { agenciesIn, insert, type Entry } from './entry.ts';
import type { Linker, LinkRecord } from './linker.ts';
import { aboutNothing, type StarCount } from './pattern-index.ts';
import type { Tier } from './patterns/pattern.ts';
import { arrange, maxStarEntries } from './star.ts';
import { PossibleRoom, ranked } from './sureness.ts';

export type Star = {
  readonly centre: LinkRecord;
  /** Sorted by time, each event once. */
  readonly entries: readonly Entry[];
  readonly tier: Tier;
};

/**
 * The most entries that are held of one agency about one description, the newest by arrival: no star holds more of it.
 */
export const maxEntriesOfAgency = maxStarEntries;

const noEntries: readonly Entry[] = [];
const dayMs = 86_400_000;

export class History<S> {
  readonly #linker: Linker<S>;
  /** Those of which notices are held. */
  readonly #records = new Set<LinkRecord>();
  readonly #agencies = new Map<string, number>();
  /** The records that notices were added to, by the day of arrival: what to look at when that day is forgotten. */
  readonly #byDay = new Map<number, LinkRecord[]>();
  readonly #horizonMs: number;
  /** None before it is held. */
  #oldestDay = Infinity;
  #size = 0;

  constructor(linker: Linker<S>, horizonMs: number) {
    this.#linker = linker;
    this.#horizonMs = horizonMs;
  }

  get size(): number {
    return this.#size;
  }

  get records(): number {
    return this.#records.size;
  }

  /**
   * Adds a notice; `undefined` when this very message about this subject is known, and when so many newer ones of its
   * agency are held about this description that it is not. Of a message that came twice, the earlier arrival counts,
   * also when it is added later.
   */
  add(event: CorrelatorEvent, subject: S): Entry | undefined {
    const sender = agencyOf(event.source);
    const record = this.#linker.admit(subject, sender);
    const entries = record.held ?? [];
    const known = entries.find((entry) => isSameMessage(entry.event, event));
    if (known !== undefined) {
      if (byArrival(event, known.event) >= 0) return undefined;
      entries.splice(entries.indexOf(known), 1);
      known.event = event;
      insert(known, entries);
      return known;
    }
    const entry: Entry = {
      event,
      record,
      agency: this.#numberOf(sender),
      hasTiedAnew: this.#linker.hasTiedAnew,
      isTold: false,
      told: undefined,
      about: aboutNothing,
      alerts: undefined,
    };
    if (record.held === undefined) this.#records.add(record);
    record.held = entries;
    const place = insert(entry, entries);
    const day = dayOf(event.arrived);
    // A neighbour of the same day was noted for it, also where that one is left out now.
    const isNoted = isOfDay(entries[place - 1], day) || isOfDay(entries[place + 1], day);
    this.#size += 1;
    if (entries.length > maxEntriesOfAgency && this.#leaveOut(entry, entries) === entry) return undefined;
    if (!isNoted) this.#noteDay(day, record);
    return entry;
  }

  /** Leaves out the oldest of an agency of which too many are held. */
  #leaveOut({ agency, record }: Entry, entries: Entry[]): Entry | undefined {
    let count = 0;
    for (const entry of entries) if (entry.agency === agency) count += 1;
    if (count <= maxEntriesOfAgency) return undefined;
    const oldest = entries.findIndex((entry) => entry.agency === agency);
    const [left] = entries.splice(oldest, 1);
    this.#size -= 1;
    noteCut(record);
    return left;
  }

  #numberOf(agency: string): number {
    const known = this.#agencies.get(agency);
    if (known !== undefined) return known;
    this.#agencies.set(agency, this.#agencies.size);
    return this.#agencies.size - 1;
  }

  /** The entries of a record that are told and, at `now`, within the horizon. */
  told(record: LinkRecord, now: number): readonly Entry[] {
    const entries = record.held;
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

  /** Counts all that is told, within the horizon when `asked` arrived, of a record and of all that are linked to it. */
  countAround(centre: LinkRecord, asked: Entry, count: StarCount): void {
    const now = asked.event.arrived;
    if (centre.itself !== undefined) this.#countOne(centre, now, count);
    else if (asked.record === centre) count.add(asked.event, asked.about);
    for (const { to } of centre.links) this.#countOne(to, now, count);
  }

  #countOne({ held: entries }: LinkRecord, now: number, count: StarCount): void {
    if (entries === undefined) return;
    const since = now - this.#horizonMs;
    for (const entry of entries) {
      // Mostly no pattern asks for it, and then its event need not be fetched.
      if (!entry.isTold || entry.about.patterns.length === 0) continue;
      const { event, about } = entry;
      if (event.arrived >= since && event.arrived <= now) count.add(event, about);
    }
  }

  /**
   * What is directly linked to a record, `possible` links included only when asked for. Where a description is too
   * poor to link with itself, only the notice in question stands for it.
   */
  star(centre: LinkRecord, tier: Tier, now: number, asked: Entry): Star {
    const isWhole = isAllowed(centre.itself, tier);
    const entries = isWhole ? this.told(centre, now) : asked.record === centre ? [asked] : noEntries;
    const lists = [entries];
    const members: LinkRecord[] = [centre];
    let room: PossibleRoom | undefined;
    for (const link of ranked(centre.links)) {
      if (!isAllowed(link, tier)) continue;
      const theirs = this.told(link.to, now);
      if (theirs.length === 0) continue;
      if (link.tier === 'possible') {
        room ??= new PossibleRoom();
        if (!room.take(agenciesIn(theirs))) continue;
      }
      if (this.#contradictsAny(link.to, members)) continue;
      members.push(link.to);
      lists.push(theirs);
    }
    return { centre, entries: arrange(lists), tier };
  }

  /** Every entry with this id: one for each subject that a message speaks of. @param source of any sender where not given */
  entriesOf(id: string, source?: string): readonly Entry[] {
    const isAsked = ({ event }: Entry): boolean =>
      event.id === id && (source === undefined || event.source === source);
    return [...this.#records].flatMap(({ held = noEntries }) => held.filter(isAsked));
  }

  /** The stars of all that is told now, one for each description, or each notice of one too poor to link with itself. */
  *stars(tier: Tier, now: number): Generator<Star> {
    for (const record of this.#records) {
      const told = this.told(record, now);
      const isWhole = record.itself?.tier === 'same' || (record.itself !== undefined && tier === 'possible');
      for (const entry of isWhole ? told.slice(0, 1) : told) yield this.star(record, tier, now, entry);
    }
  }

  /** All that telling one history again can touch: what can be reached over links. Whole where nothing of it is forgotten. */
  component(start: LinkRecord): { readonly entries: Entry[]; readonly isWhole: boolean } {
    const records = new Set([start]);
    const entries: Entry[] = [];
    let isWhole = true;
    for (const record of records) {
      for (const entry of record.held ?? noEntries) entries.push(entry);
      if (record.isCut === true) isWhole = false;
      for (const { to } of record.links) records.add(to);
    }
    return { entries, isWhole };
  }

  /** True when two descriptions speak against being of one child, as those of twins do. */
  contradict(a: LinkRecord, b: LinkRecord): boolean {
    return this.#linker.conflicts(a, b);
  }

  /** Forgets, day by day, what lies before the horizon, and records that nothing is left of. */
  sweep(now: number): void {
    const firstKept = dayOf(now - this.#horizonMs);
    for (; this.#oldestDay < firstKept; this.#oldestDay += 1) {
      const records = this.#byDay.get(this.#oldestDay);
      this.#byDay.delete(this.#oldestDay);
      for (const record of records ?? []) this.#forget(record, firstKept * dayMs);
    }
  }

  #forget(record: LinkRecord, since: number): void {
    const entries = record.held;
    if (entries === undefined) return;
    let gone = 0;
    for (const { event } of entries) {
      if (event.arrived >= since) break;
      gone += 1;
    }
    if (gone === 0) return;
    this.#size -= gone;
    noteCut(record);
    if (gone < entries.length) {
      record.held = entries.slice(gone);
      return;
    }
    record.held = undefined;
    record.isCut = false;
    this.#records.delete(record);
    this.#linker.release(record);
  }

  #noteDay(day: number, record: LinkRecord): void {
    const records = this.#byDay.get(day);
    this.#oldestDay = Math.min(this.#oldestDay, day);
    if (records === undefined) this.#byDay.set(day, [record]);
    else records.push(record);
  }

  #contradictsAny(record: LinkRecord, members: readonly LinkRecord[]): boolean {
    // What stands in the middle is linked to all.
    for (let place = 1; place < members.length; place += 1) {
      const member = members[place];
      if (member !== undefined && this.contradict(member, record)) return true;
    }
    return false;
  }
}

function noteCut(record: LinkRecord): void {
  record.isCut = true;
  for (const { to } of record.links) to.isCut = true;
}

function isOfDay(entry: Entry | undefined, day: number): boolean {
  return entry !== undefined && dayOf(entry.event.arrived) === day;
}

function dayOf(ms: number): number {
  return Math.floor(ms / dayMs);
}

function isAllowed(link: { readonly tier: Tier } | undefined, tier: Tier): boolean {
  return link !== undefined && (tier === 'possible' || link.tier === 'same');
}
