/** What a star holds of the notices about the descriptions in it. */
import { byArrival, byTime, isSameMessage, type CorrelatorEvent } from './event.ts';
import type { Entry } from './entry.ts';

/** The most entries of a star: the newest by arrival, shared evenly among those who sent them. */
export const maxStarEntries = 256;

/** @param lists those of each description, in the order of arrival @returns sorted by time, each message once */
export function arrange(lists: readonly (readonly Entry[])[]): readonly Entry[] {
  let size = 0;
  for (const { length } of lists) size += length;
  if (size > maxStarEntries) return newestOfEachAgency(lists).sort(entriesByTime);
  const sorted = sortByTime(join(lists));
  // One message can be known under two descriptions; it has one time and one name, so it stands beside itself.
  for (let place = 1; place < sorted.length; place += 1) {
    if (isAgain(sorted, place)) return sorted.filter((_, place) => !isAgain(sorted, place));
  }
  return sorted;
}

function join(lists: readonly (readonly Entry[])[]): readonly Entry[] {
  const [only] = lists;
  if (only !== undefined && lists.length === 1) return only;
  const all: Entry[] = [];
  for (const list of lists) for (const entry of list) all.push(entry);
  return all;
}

function isAgain(sorted: readonly Entry[], place: number): boolean {
  const [before, entry] = [sorted[place - 1], sorted[place]];
  return before !== undefined && entry !== undefined && isSameMessage(before.event, entry.event);
}

/** Most are sorted already. */
function sortByTime(entries: readonly Entry[]): readonly Entry[] {
  for (let place = 1; place < entries.length; place += 1) {
    const [before, entry] = [entries[place - 1], entries[place]];
    if (before !== undefined && entry !== undefined && byTime(before.event, entry.event) > 0) {
      return [...entries].sort(entriesByTime);
    }
  }
  return entries;
}

function entriesByTime(a: Entry, b: Entry): number {
  return byTime(a.event, b.event);
}

/**
 * The newest of every agency, then the second newest of each, and so on: whoever floods a child with notices pushes
 * out none but its own. Costs a look at each entry, and never sorts them all.
 */
function newestOfEachAgency(lists: readonly (readonly Entry[])[]): Entry[] {
  const agencies = new Map<number, NewestFirst>();
  for (const list of lists) {
    for (const [agency, run] of newestRuns(list)) {
      const known = agencies.get(agency);
      if (known === undefined) agencies.set(agency, new NewestFirst(run));
      else known.join(run);
    }
  }
  const taken: Entry[] = [];
  while (taken.length < maxStarEntries) {
    const round: Entry[] = [];
    for (const newest of agencies.values()) {
      const entry = newest.next();
      if (entry !== undefined) round.push(entry);
    }
    if (round.length === 0) break;
    const room = maxStarEntries - taken.length;
    if (round.length > room) round.sort((a, b) => byArrival(b.event, a.event));
    for (const entry of round.slice(0, room)) taken.push(entry);
  }
  return taken;
}

/** As many of each agency as a star could hold, the newest first. */
function newestRuns(list: readonly Entry[]): ReadonlyMap<number, Entry[]> {
  const runs = new Map<number, Entry[]>();
  for (let place = list.length - 1; place >= 0; place -= 1) {
    const entry = list[place];
    if (entry === undefined) continue;
    const run = runs.get(entry.agency);
    if (run === undefined) runs.set(entry.agency, [entry]);
    else if (run.length < maxStarEntries) run.push(entry);
  }
  return runs;
}

/** One agency's entries about several descriptions, the newest first and each message once. */
class NewestFirst {
  readonly #runs: (readonly Entry[])[];
  /** The next of each run. */
  readonly #at: number[];
  #last: CorrelatorEvent | undefined;

  constructor(run: readonly Entry[]) {
    this.#runs = [run];
    this.#at = [0];
  }

  join(run: readonly Entry[]): void {
    this.#runs.push(run);
    this.#at.push(0);
  }

  next(): Entry | undefined {
    for (;;) {
      let [newest, from]: [Entry | undefined, number] = [undefined, 0];
      for (let nth = 0; nth < this.#runs.length; nth += 1) {
        const entry = this.#runs[nth]?.[this.#at[nth] ?? 0];
        if (entry === undefined || (newest !== undefined && byArrival(entry.event, newest.event) <= 0))
          continue;
        [newest, from] = [entry, nth];
      }
      if (newest === undefined) return undefined;
      this.#at[from] = (this.#at[from] ?? 0) + 1;
      if (this.#last !== undefined && isSameMessage(newest.event, this.#last)) continue;
      this.#last = newest.event;
      return newest;
    }
  }
}
