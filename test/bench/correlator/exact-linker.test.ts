import { describe, expect, it } from 'vitest';
import {
  byEither,
  byIdentifier,
  byNameAndDate,
  ExactLinker,
  type KeysOf,
} from '../../../bench/correlator/exact-linker.ts';

const morven = { given: 'Morven', family: 'Testcase', birthDate: '2016-03-04', chi: '0403160028' };
const renamed = { ...morven, family: 'Other' };
const without = { ...morven, given: 'morven ', chi: null };

function links(keysOf: KeysOf, ...subjects: Parameters<ExactLinker['admit']>[0][]): number[] {
  const linker = new ExactLinker(keysOf);
  const records = subjects.map((subject) => linker.admit(subject));
  return records.map((record) => record.links.length);
}

describe('an exact link', () => {
  it('needs the whole key, whatever its capitals and spaces', () => {
    expect(links(byNameAndDate, morven, without, renamed)).toEqual([1, 1, 0]);
    expect(links(byIdentifier, morven, without, renamed)).toEqual([1, 0, 1]);
    expect(links(byEither, morven, without, renamed)).toEqual([2, 1, 1]);
  });

  it('is not made where a part is missing, not even with itself', () => {
    const linker = new ExactLinker(byIdentifier);
    expect(linker.admit(without).itself).toBeUndefined();
    expect(linker.admit(morven).itself).toMatchObject({ tier: 'same' });
    expect(linker.admit({ ...morven })).toBe(linker.admit(morven));
  });
});
