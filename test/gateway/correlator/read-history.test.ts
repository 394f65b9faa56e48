import { expect, it } from 'vitest';
import { readHistory } from '../../../gateway/correlator/read-history.ts';
import { sampleEnvelope } from '../../protocol/samples.ts';
import { acceptanceOf } from '../store/sample-acceptance.ts';
import { messageId } from '../store/synthetic-messages.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');
const agreement = { agencies: new Map(), categories: new Map() };

/** Ids run against positions, so that the order of acceptance differs from that of ids. */
async function read(arrivals: readonly number[], inPortions: number): Promise<number[][]> {
  const acceptances = arrivals.map((at, nth) =>
    acceptanceOf({ ...sampleEnvelope(), id: messageId(arrivals.length - nth) }, nth + 1, start + at),
  );
  const store = {
    readAcceptances: (after: number) =>
      Promise.resolve(acceptances.filter(({ position }) => position > after).slice(0, inPortions)),
  };
  const portions: number[][] = [];
  for await (const events of readHistory(store, agreement, { after: 0, since: 0, now: start })) {
    portions.push(events.map(({ position }) => position));
  }
  return portions;
}

it('what arrived at one time is told together, in the order of ids, wherever a portion ends', async () => {
  expect(await read([0, 1, 1, 1, 1, 2, 3], 3)).toEqual([[1, 5, 4, 3, 2], [6], [7]]);
  expect(await read([0, 0, 0, 0, 0, 1], 2)).toEqual([[5, 4, 3, 2, 1], [6]]);
  expect(await read([0, 0, 1, 1], 2)).toEqual([
    [2, 1],
    [4, 3],
  ]);
});

it('every message is told once, and none of an empty history', async () => {
  expect(await read([], 3)).toEqual([]);
  const all = await read(
    Array.from({ length: 50 }, (_, nth) => nth >> 3),
    7,
  );
  expect(all.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, nth) => nth + 1));
});

it('as much as several portions of one time is told in pieces, and not held back for ever', async () => {
  const all = await read(
    Array.from({ length: 9_000 }, () => 0),
    1_000,
  );
  expect(all.length).toBeGreaterThan(1);
  expect(all.flat()).toHaveLength(9_000);
});
