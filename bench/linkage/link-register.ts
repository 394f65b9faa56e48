/** Links records through an index of tokens, as the gateway does: candidates share a token, the tier decides. */
import { maxRecordsPerToken } from '../../gateway/correlator/token-table.ts';
import { decideLink, type Link } from '../../protocol/linkage/tier.ts';
import type { SubjectTokens } from '../../protocol/linkage/subject-tokens.ts';

/** A pair of records by their positions, and what was decided. */
export type LinkedPair = { readonly left: number; readonly right: number; readonly link: Link };

export type LinkedRegister = {
  readonly pairs: readonly LinkedPair[];
  readonly candidates: number;
  /** Records that share one token, the largest number of them. */
  readonly largestSharedToken: number;
};

/** @param isComparable which pairs are looked at: all, or those across two files */
export function linkRegister(
  records: readonly SubjectTokens[],
  isComparable: (left: number, right: number) => boolean,
): LinkedRegister {
  const index = new Map<string, number[]>();
  const pairs: LinkedPair[] = [];
  let candidates = 0;
  records.forEach((record, right) => {
    const near = new Set<number>();
    for (const token of new Set(Object.values(record.tokens).flat())) {
      const sharing = index.get(token);
      if (sharing === undefined) index.set(token, [right]);
      else {
        for (const left of sharing.slice(0, maxRecordsPerToken)) near.add(left);
        sharing.push(right);
      }
    }
    for (const left of near) {
      const other = records[left];
      if (other === undefined || !isComparable(left, right)) continue;
      candidates++;
      const link = decideLink(other, record);
      if (link.tier !== 'none') pairs.push({ left, right, link });
    }
  });
  let largestSharedToken = 0;
  for (const { length } of index.values()) largestSharedToken = Math.max(largestSharedToken, length);
  return { pairs, candidates, largestSharedToken };
}
