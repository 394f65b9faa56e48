/**
 * Whose episode evidence belongs to. A notice without a forename may speak of either twin: what was told with it of one
 * says nothing of the other, so an episode is never carried from child to child by way of such a notice.
 */
import type { Entry } from './entry.ts';
import type { History } from './history.ts';
import type { LinkRecord } from './linker.ts';

type Evidence = { readonly entries: readonly Entry[] };

/** More pairs than so many are not compared: no real child is described in so many ways. */
const maxPairs = 4096;

/**
 * The entries that speak of no other child: none of theirs is also linked to a description that contradicts the evidence.
 * All of them where every one might, since then nothing else tells whose they are.
 */
export function unambiguous<S>(
  entries: readonly Entry[],
  history: History<S>,
  now: number,
): readonly Entry[] {
  const records = new Set(entries.map(({ record }) => record));
  const rivals = rivalsOf(records, history, now);
  if (rivals.size === 0) return entries;
  const own = entries.filter(({ record }) => !record.links.some(({ to }) => rivals.has(to)));
  return own.length === 0 ? entries : own;
}

/** What is linked to some of these records and contradicts others. */
export function rivalsOf<S>(
  records: ReadonlySet<LinkRecord>,
  history: History<S>,
  now: number,
): ReadonlySet<LinkRecord> {
  const near = new Set<LinkRecord>();
  for (const { links } of records) {
    for (const { to } of links) if (!records.has(to) && history.told(to, now).length > 0) near.add(to);
  }
  const rivals = new Set<LinkRecord>();
  if (near.size * records.size > maxPairs) return rivals;
  for (const one of near) {
    for (const record of records) {
      if (!history.contradict(one, record)) continue;
      rivals.add(one);
      break;
    }
  }
  return rivals;
}

/** True when two candidates speak of different children: some description of one contradicts one of the other. */
export function areApart<S>(one: Evidence, other: Evidence, history: History<S>): boolean {
  return one.entries.some((mine) =>
    other.entries.some(
      (theirs) => mine.record !== theirs.record && history.contradict(mine.record, theirs.record),
    ),
  );
}
