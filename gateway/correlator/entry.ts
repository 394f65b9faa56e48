/** A notice as history holds it, and the description that it is of. */
import type { Alert } from './alert.ts';
import { byArrival, type CorrelatorEvent } from './event.ts';
import type { About } from './pattern-index.ts';
import type { Tier } from './patterns/pattern.ts';
import type { Told } from './suppression.ts';

/** A tie between two records, with what it rests on. */
export type Link = {
  readonly to: LinkRecord;
  readonly tier: Tier;
  /** Types of the recipes that agree, for people to judge by. */
  readonly types: readonly string[];
};

/** One way in which a subject was described. */
export type LinkRecord = {
  /** The same for the same description, whatever came before it; for putting records in order. */
  readonly fingerprint: string;
  /** How surely two notices with this very description speak of one child; `undefined` for no link at all. */
  readonly itself: Omit<Link, 'to'> | undefined;
  /** Grows, at both ends, as further records are admitted. */
  readonly links: readonly Link[];
  /**
   * What the history holds of it, in the order of arrival; set by nobody else. It stands here, and not in a map of the
   * history's, since each notice has that of all linked records looked at.
   */
  held?: Entry[] | undefined;
  /** Whether the history has forgotten notices of it, or of a linked one. */
  isCut?: boolean;
};

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
