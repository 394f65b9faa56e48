import { describe, expect, it } from 'vitest';
import { PairNumbers } from '../../../gateway/alerts/pair-numbers.ts';
import type { Acceptance, Lease } from '../../../gateway/store/port.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import { SharedStore } from '../correlator/shared-store.ts';

type NumberStore = ConstructorParameters<typeof PairNumbers>[0];

const to = ['north-lanarkshire-social-work/duty'];

/** A store with so many accepted messages of others, whose lease is lost after so many readings. */
function storeOf(messages: number, readings: number) {
  const shared = new SharedStore();
  const one = shared.for('one');
  const marks = new Map<string, number>();
  let left = readings;
  const store: NumberStore = {
    readMarks: () => Promise.resolve(new Map(marks)),
    setMarks: async (changed) => {
      if (left <= 0) await Promise.reject(new CausewayError('lease-lost'));
      for (const [name, value] of changed) marks.set(name, value);
    },
    readAcceptances: (after, limit) => {
      left -= 1;
      const count = Math.max(0, Math.min(limit, messages - after));
      const acceptances = Array.from({ length: count }, (_, nth) => ({
        position: after + nth + 1,
        source: 'police/hub',
      }));
      return Promise.resolve(acceptances as unknown as Acceptance[]);
    },
    readEvidence: () => Promise.resolve([]),
  };
  return {
    store,
    marks,
    /** A gateway takes its turn. */
    turn: async (): Promise<Lease> => {
      left = readings;
      shared.dropLeases();
      return (await one.takeLease('correlator', 1_000))!;
    },
  };
}

describe('the numbers of the correlator', () => {
  it('begin with one where it has sent nothing, however many messages there are', async () => {
    const { store, marks, turn } = storeOf(40_500, Infinity);
    expect(await new PairNumbers(store).next(to, await turn())).toEqual([1]);
    expect(marks.get('correlator.counted')).toBe(40_500);
  });

  it('are found although no turn is long enough to count a long history to its end', async () => {
    const { store, turn } = storeOf(100_000, 40);
    const tries: boolean[] = [];
    while (tries.at(-1) !== true && tries.length < 10) {
      const numbers = new PairNumbers(store).next(to, await turn());
      tries.push(
        await numbers.then(
          () => true,
          () => false,
        ),
      );
    }
    expect(tries).toEqual([false, false, true]);
  });
});
