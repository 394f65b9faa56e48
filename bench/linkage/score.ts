/** Precision and recall of pairs. */
import type { RegisterRecord } from './register-file.ts';

export type Score = {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly falsePairs: number;
};

/** Pairs of records that are one person. */
export function countTruePairs(
  records: readonly RegisterRecord[],
  isComparable: (left: number, right: number) => boolean,
): number {
  const byEntity = new Map<string, number[]>();
  let pairs = 0;
  records.forEach(({ entity }, at) => {
    const known = byEntity.get(entity) ?? [];
    pairs += known.filter((before) => isComparable(before, at)).length;
    byEntity.set(entity, [...known, at]);
  });
  return pairs;
}

export function scorePairs(found: number, right: number, truePairs: number): Score {
  const precision = found === 0 ? 1 : right / found;
  const recall = truePairs === 0 ? 1 : right / truePairs;
  const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return { precision: round(precision), recall: round(recall), f1: round(f1), falsePairs: found - right };
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
