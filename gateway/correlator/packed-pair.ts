/** Two descriptions held against each other, where they stand, by their tokens alone. */
import {
  agreeingNames,
  compareTokenSets,
  makeComparison,
  type Comparison,
} from '../../protocol/linkage/agreement.ts';
import { wordsOfSet } from '../../protocol/linkage/packed-set.ts';
import { decideCompared } from '../../protocol/linkage/tier.ts';
import type { Link } from './linker.ts';

/** Packed sets in `block` from `at` on, as so many words. */
type Packed = { readonly block: Int32Array; readonly at: number; readonly length: number };

/** What ties two descriptions; undefined where nothing does. */
export function linkOf(left: Packed, right: Packed): Omit<Link, 'to'> | undefined {
  const found = compare(left, right);
  if (found === undefined) return undefined;
  const tier = decideCompared(found);
  return tier === 'same' || tier === 'possible' ? { tier, types: agreeingNames(found) } : undefined;
}

/** True when two descriptions speak against being of one child. */
export function areInConflict(left: Packed, right: Packed): boolean {
  const found = compare(left, right);
  return found !== undefined && decideCompared(found) === 'conflict';
}

/** Each comparison is read here before the next one is made: it allocates nothing. */
const comparison = makeComparison();

/**
 * Compares in the newest epoch that both have, whichever of its sets a description tells first: or the order of arrival
 * would decide.
 * @returns undefined where they have none in common
 */
function compare(left: Packed, right: Packed): Comparison | undefined {
  const [a, b] = [left.block, right.block];
  const [endLeft, endRight] = [left.at + left.length, right.at + right.length];
  let [newest, ofLeft, ofRight] = [-1, 0, 0];
  for (let i = left.at; i < endLeft; i += wordsOfSet(a, i)) {
    for (let j = right.at; j < endRight; j += wordsOfSet(b, j)) {
      const epoch = a[i] ?? -1;
      if (epoch === b[j] && epoch > newest) [newest, ofLeft, ofRight] = [epoch, i, j];
    }
  }
  if (newest < 0) return undefined;
  compareTokenSets(a, ofLeft, b, ofRight, comparison);
  return comparison;
}
