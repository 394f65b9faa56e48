import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumberRanges } from '../../../gateway/audit/number-ranges.ts';
import { SequenceCounts } from '../../../gateway/audit/sequence-counts.ts';

const pair = { source: 'police/hub', to: 'health/desk' };
const counted = (number: number, message = `message ${number}`) => ({
  message,
  source: pair.source,
  to: [pair.to],
  sequence: [number],
});

function accept(counts: SequenceCounts, ...numbers: number[]): void {
  numbers.forEach((number) => counts.accepted(counted(number), number));
}

describe('ranges of numbers', () => {
  it('know what a plain set knows, in whatever order numbers come', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 })), (numbers) => {
        const ranges = new NumberRanges();
        const set = new Set<number>();
        for (const number of numbers) {
          ranges.add(number);
          set.add(number);
        }
        const all = Array.from({ length: 42 }, (_, at) => at + 1);
        expect(all.filter((number) => ranges.has(number))).toEqual(all.filter((number) => set.has(number)));
        const max = Math.max(0, ...numbers);
        expect(ranges.max).toBe(max);
        const missing = ranges
          .gaps()
          .flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, at) => first + at));
        expect(missing).toEqual(all.filter((number) => number < max && !set.has(number)));
      }),
    );
  });
});

describe('the counts of a pair', () => {
  it('have a gap where a number is missing, the first ones as well', () => {
    const counts = new SequenceCounts();
    accept(counts, 3, 5, 4, 8);
    expect(counts.gaps().gaps).toEqual([
      { ...pair, first: 1, last: 2 },
      { ...pair, first: 6, last: 7 },
    ]);
  });

  it('are kept apart by sender and by recipient', () => {
    const counts = new SequenceCounts();
    const to = [pair.to, 'school/desk'];
    counts.accepted({ ...counted(1), to, sequence: [1, 1] }, 0);
    counts.accepted({ ...counted(2), to, sequence: [2, 3] }, 1);
    expect(counts.gaps().gaps).toEqual([{ ...pair, to: 'school/desk', first: 2, last: 2 }]);
  });

  it('take a refusal for the number that it used, also when the message is accepted later', () => {
    const counts = new SequenceCounts();
    accept(counts, 1);
    counts.refused(counted(2));
    counts.refused(counted(3));
    counts.refused(counted(3));
    accept(counts, 3, 4);
    expect(counts.gaps().gaps).toEqual([]);
    expect(counts.recounts).toEqual([]);
  });

  it('begin anew when a number comes again with another message, and remember the gaps before', () => {
    const counts = new SequenceCounts();
    accept(counts, 1, 2, 4);
    counts.refused(counted(1, 'another refused'));
    counts.accepted(counted(2, 'another'), 77);
    counts.accepted(counted(4, 'one more'), 78);
    expect(counts.recounts).toEqual([{ ...pair, leaf: 77 }]);
    expect(counts.gaps().gaps).toEqual([
      { ...pair, first: 3, last: 3 },
      { ...pair, first: 3, last: 3 },
    ]);
  });

  it('tell gaps of the period from older ones', () => {
    const counts = new SequenceCounts();
    accept(counts, 1, 3, 6);
    counts.beginPeriod();
    accept(counts, 5, 8);
    expect(counts.gaps()).toEqual({ gaps: [{ ...pair, first: 7, last: 7 }], missingBefore: 2 });
  });

  it('count what was missing before the period once, also when the count began anew', () => {
    const counts = new SequenceCounts();
    accept(counts, 1, 3);
    counts.accepted(counted(1, 'another'), 9);
    counts.beginPeriod();
    counts.accepted(counted(1, 'a third'), 10);
    counts.accepted(counted(3, 'a fourth'), 11);
    expect(counts.gaps()).toEqual({ gaps: [{ ...pair, first: 2, last: 2 }], missingBefore: 1 });
    expect(counts.recounts).toEqual([{ ...pair, leaf: 10 }]);
  });
});
