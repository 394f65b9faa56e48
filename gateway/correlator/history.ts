/**
 * The notices about each described subject, and the stars that links draw between them.
 *
 * A star is a record, its links and nothing beyond: what is told of one child is what is directly linked to one
 * description. Two links that contradict each other, as those to a pair of twins do, never stand in one star.
 */
import { agencyOf } from '../../protocol/ids.ts';
import { byArrival, byTime, type CorrelatorEvent } from './event.ts';
import type { Alert } from './alert.ts';
import type { Linker, LinkRecord } from './linker.ts';
import { aboutNothing, type About, type StarCount } from './pattern-index.ts';
import type { Tier } from './patterns/pattern.ts';
import { PossibleRoom, ranked } from './sureness.ts';
import type { Told } from './told.ts';

/** One notice about one subject, in the history. */
export type Entry = {
  event: CorrelatorEvent;
  readonly record: LinkRecord;
  /** True where its record was known, and it took this notice to tie it to others. */
  readonly hasTiedAnew: boolean;
  /** False while a history is told again and this entry's turn has not come. */
  isTold: boolean;
  /** What was told of the evidence that it was part of, by the pattern's key. */
  told: Map<string, Told> | undefined;
  /** What it means to the patterns; set when it is told. */
  about: About;
  alerts: Alert[] | undefined;
};

export type Star = {
  readonly centre: LinkRecord;
  /** Sorted by time, each event once. */
  readonly entries: readonly Entry[];
  readonly tier: Tier;
};

/** The most entries of a star: the newest by arrival, shared evenly among those who sent them. */
export const maxStarEntries = 256;

const noEntries: readonly Entry[] = [];
const dayMs = 86_400_000;

export class History<S> {
  readonly #linker: Linker<S>;
  readonly #entries = new Map<LinkRecord, Entry[]>();
  /** The records that notices were added to, by the day of arrival: what to look at when that day is forgotten. */
  readonly #byDay = new Map<number, LinkRecord[]>();
  readonly #horizonMs: number;
  /** Records of which notices are forgotten, their own or those of a linked one. */
  readonly #cut = new Set<LinkRecord>();
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
    return this.#entries.size;
  }

  /**
   * Adds a notice; `undefined` when this very message about this subject is known. Of a message that came twice, the
   * earlier arrival counts, also when it is added later.
   */
  add(event: CorrelatorEvent, subject: S): Entry | undefined {
    const record = this.#linker.admit(subject, agencyOf(event.source));
    const entries = this.#entries.get(record);
    const known = entries?.find((entry) => entry.event.id === event.id);
    if (known !== undefined) {
      if (byArrival(event, known.event) >= 0) return undefined;
      known.event = event;
      return known;
    }
    const entry: Entry = {
      event,
      record,
      hasTiedAnew: this.#linker.hasTiedAnew,
      isTold: false,
      told: undefined,
      about: aboutNothing,
      alerts: undefined,
    };
    if (entries === undefined) this.#entries.set(record, [entry]);
    else entries.push(entry);
    this.#size += 1;
    this.#noteDay(dayOf(event.arrived), record);
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

  /** Counts all that is told, within the horizon when `asked` arrived, of a record and of all that are linked to it. */
  countAround(centre: LinkRecord, asked: Entry, count: StarCount): void {
    const now = asked.event.arrived;
    if (centre.itself !== undefined) this.#countOne(centre, now, count);
    else if (asked.record === centre) count.add(asked.event, asked.about);
    for (const { to } of centre.links) this.#countOne(to, now, count);
  }

  #countOne(record: LinkRecord, now: number, count: StarCount): void {
    const entries = this.#entries.get(record);
    if (entries === undefined) return;
    const since = now - this.#horizonMs;
    for (const { isTold, event, about } of entries) {
      if (isTold && event.arrived >= since && event.arrived <= now) count.add(event, about);
    }
  }

  /**
   * What is directly linked to a record, `possible` links included only when asked for. Where a description is too
   * poor to link with itself, only the notice in question stands for it.
   */
  star(centre: LinkRecord, tier: Tier, now: number, asked: Entry): Star {
    const isWhole = isAllowed(centre.itself, tier);
    const entries = isWhole ? this.told(centre, now) : asked.record === centre ? [asked] : noEntries;
    let all: Entry[] | undefined;
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
      all ??= [...entries];
      for (const entry of theirs) all.push(entry);
    }
    return { centre, entries: arrange(all ?? entries), tier };
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

  /** All that telling one history again can touch: what can be reached over links. Whole where nothing of it is forgotten. */
  component(start: LinkRecord): { readonly entries: Entry[]; readonly isWhole: boolean } {
    const records = new Set([start]);
    const entries: Entry[] = [];
    let isWhole = true;
    for (const record of records) {
      entries.push(...(this.#entries.get(record) ?? []));
      if (this.#cut.has(record)) isWhole = false;
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
    const entries = this.#entries.get(record);
    if (entries === undefined) return;
    const kept = entries.filter(({ event }) => event.arrived >= since);
    if (kept.length === entries.length) return;
    this.#size -= entries.length - kept.length;
    this.#cut.add(record);
    for (const { to } of record.links) this.#cut.add(to);
    if (kept.length > 0) {
      this.#entries.set(record, kept);
      return;
    }
    this.#entries.delete(record);
    this.#cut.delete(record);
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

function agenciesIn(entries: readonly Entry[]): ReadonlySet<string> {
  return new Set(entries.map(({ event }) => agencyOf(event.source)));
}

function dayOf(ms: number): number {
  return Math.floor(ms / dayMs);
}

function isAllowed(link: { readonly tier: Tier } | undefined, tier: Tier): boolean {
  return link !== undefined && (tier === 'possible' || link.tier === 'same');
}

function arrange(entries: readonly Entry[]): readonly Entry[] {
  if (entries.length < 2) return entries;
  const sorted = sortByTime(entries);
  // One message can be known under two descriptions; it has one time and one id, so it stands beside itself.
  const isTwice = sorted.some(({ event }, place) => sorted[place - 1]?.event.id === event.id);
  const once = isTwice
    ? sorted.filter(({ event }, place) => sorted[place - 1]?.event.id !== event.id)
    : sorted;
  if (once.length <= maxStarEntries) return once;
  return newestOfEachAgency(once).sort((a, b) => byTime(a.event, b.event));
}

/**
 * The newest of every agency, then the second newest of each, and so on: whoever floods a child with notices pushes
 * out none but its own.
 */
function newestOfEachAgency(entries: readonly Entry[]): Entry[] {
  const newest = [...entries].sort((a, b) => byArrival(b.event, a.event));
  const seen = new Map<string, number>();
  const rounds: Entry[][] = [];
  for (const entry of newest) {
    const agency = agencyOf(entry.event.source);
    const round = seen.get(agency) ?? 0;
    seen.set(agency, round + 1);
    (rounds[round] ??= []).push(entry);
  }
  return rounds.flat().slice(0, maxStarEntries);
}

/** Mostly sorted already, or few: each is moved to its place among those before it. */
function sortByTime(entries: readonly Entry[]): readonly Entry[] {
  let sorted: Entry[] | undefined;
  for (let place = 1; place < entries.length; place += 1) {
    const entry = entries[place];
    const last = (sorted ?? entries)[place - 1];
    if (entry === undefined || last === undefined || byTime(last.event, entry.event) <= 0) continue;
    sorted ??= [...entries];
    let to = place;
    for (; to > 0; to -= 1) {
      const before = sorted[to - 1];
      if (before === undefined || byTime(before.event, entry.event) <= 0) break;
      sorted[to] = before;
    }
    sorted[to] = entry;
  }
  return sorted ?? entries;
}
