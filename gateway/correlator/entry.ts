/** A notice as history holds it. */
import type { Alert } from './alert.ts';
import { byArrival, type CorrelatorEvent } from './event.ts';
import type { LinkRecord } from './linker.ts';
import type { About } from './pattern-index.ts';
import type { Told } from './suppression.ts';

/** One notice about one subject, in the history. */
export type Entry = {
  event: CorrelatorEvent;
  readonly record: LinkRecord;
  /** A number for the agency that sent it. */
  readonly agency: number;
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

/** The numbers of the agencies that sent any of these. */
export function agenciesIn(entries: readonly Entry[]): ReadonlySet<number> {
  const agencies = new Set<number>();
  let last = -1;
  for (const { agency } of entries) if (agency !== last) agencies.add((last = agency));
  return agencies;
}

/** Puts an entry where it belongs in the order of arrival: mostly to the end. @returns its place */
export function insert(entry: Entry, entries: Entry[]): number {
  let place = entries.length;
  for (; place > 0; place -= 1) {
    const before = entries[place - 1];
    if (before === undefined || byArrival(before.event, entry.event) <= 0) break;
  }
  if (place === entries.length) entries.push(entry);
  else entries.splice(place, 0, entry);
  return place;
}
