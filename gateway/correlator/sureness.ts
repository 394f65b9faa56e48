/** How sure links are, and how many possible ones are looked at. */
import type { Link, LinkRecord } from './linker.ts';

/**
 * Descriptions that are possibly of one child with another one, of which so many are looked at, the surest first: each is
 * held against all others. No real child is described in so many ways that leave open who is meant.
 */
const maxPossible = 24;
/** So many of them at most are of one agency alone, so that none can keep the others' out. */
const maxPossibleOfAgency = 8;

/** The surest links first; the order never depends on what came when. */
export function ranked(links: readonly Link[]): readonly Link[] {
  for (let place = 1; place < links.length; place += 1) {
    const [before, after] = [links[place - 1], links[place]];
    if (before !== undefined && after !== undefined && bySureness(before, after) > 0) {
      return [...links].sort(bySureness);
    }
  }
  return links;
}

/**
 * What is certain, and of what is merely possible the surest: the descriptions around which there are stars to look at,
 * in the order that they are given in.
 * @param agenciesOf who told of a description
 */
export function surest(
  links: readonly Link[],
  agenciesOf: (record: LinkRecord) => ReadonlySet<number>,
): readonly Link[] {
  if (links.length <= maxPossibleOfAgency) return links;
  const room = new PossibleRoom();
  const taken = new Set(ranked(links).filter(({ tier, to }) => tier === 'same' || room.take(agenciesOf(to))));
  return links.filter((link) => taken.has(link));
}

/** How much of what is merely possible has been looked at. */
export class PossibleRoom {
  #left = maxPossible;
  readonly #ofAgency = new Map<number, number>();

  /** @param agencies who told of one description @returns false where there is no room for it */
  take(agencies: ReadonlySet<number>): boolean {
    if (this.#left === 0) return false;
    const [only] = agencies;
    if (only !== undefined && agencies.size === 1) {
      const count = this.#ofAgency.get(only) ?? 0;
      if (count === maxPossibleOfAgency) return false;
      this.#ofAgency.set(only, count + 1);
    }
    this.#left -= 1;
    return true;
  }
}

function bySureness(a: Link, b: Link): number {
  return (
    Number(a.tier === 'possible') - Number(b.tier === 'possible') ||
    b.types.length - a.types.length ||
    (a.to.fingerprint < b.to.fingerprint ? -1 : 1)
  );
}
