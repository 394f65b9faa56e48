import { expect, test } from 'vitest';
import { DirectoryLeaves } from '../../../gateway/identity/directory-leaves.ts';
import type { StoredLeaf } from '../../../gateway/store/port.ts';

/** A log of so many leaves that gives at most `most` at once, and says what was asked of it. */
function openLog(size: number, most = 1_000) {
  const log = { asked: [] as number[], atOnce: 0, mostAtOnce: 0, failing: false };
  const readLeaves = async (from: number, limit: number): Promise<StoredLeaf[]> => {
    log.asked.push(from);
    log.mostAtOnce = Math.max(log.mostAtOnce, ++log.atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    log.atOnce--;
    if (log.failing && from >= 1_000) throw new Error('the store is ill');
    const count = Math.max(0, Math.min(limit, most, size - from));
    return Array.from({ length: count }, (_, nth) => leafAt(from + nth));
  };
  return { log, leaves: new DirectoryLeaves({ readLeaves }) };
}

function leafAt(index: number): StoredLeaf {
  return { index, at: 0, leaf: `leaf ${index}`, entry: { kind: 'endpoint.enrolled' }, erased: false };
}

const told = (indices: readonly number[]): unknown =>
  indices.map((index) => ({ index, leaf: `leaf ${index}` }));

test('thousands of endpoints that enrolled one after the other are read in a few steps, in their order', async () => {
  const { log, leaves } = openLog(20_000);
  const indices = Array.from({ length: 5_000 }, (_, nth) => 10_000 - 2 * nth);
  expect(await leaves.read(indices)).toEqual(told(indices));
  expect(log.asked.length).toBeLessThan(200);
  expect(log.mostAtOnce).toBeLessThanOrEqual(8);
});

test('what lies far apart is read side by side, and each once', async () => {
  const { log, leaves } = openLog(100_000);
  const indices = Array.from({ length: 100 }, (_, nth) => 900 * nth);
  await leaves.read(indices);
  expect(log).toMatchObject({ mostAtOnce: 8, asked: { length: 100 } });
  const changed = [...indices.slice(1), 99_999];
  expect(await leaves.read(changed)).toEqual(told(changed));
  expect(log.asked.slice(100)).toEqual([99_999]);
  // The first one was forgotten with that reading.
  await leaves.read(indices);
  expect(log.asked.slice(101)).toEqual([0]);
});

test('a reading that gives less than was asked for is gone on with', async () => {
  const { leaves } = openLog(100, 3);
  const indices = [1, 2, 9, 11, 12, 60];
  expect(await leaves.read(indices)).toEqual(told(indices));
});

test('a leaf that is not there is an error; after a failure the rest is read', async () => {
  const { log, leaves } = openLog(2_000);
  await expect(leaves.read([1, 2_000])).rejects.toMatchObject({ code: 'store-unavailable' });
  log.failing = true;
  await expect(leaves.read([2, 300, 1_000])).rejects.toThrow('ill');
  [log.failing, log.asked] = [false, []];
  expect(await leaves.read([2, 300, 1_000])).toEqual(told([2, 300, 1_000]));
  expect(log.asked).toEqual([1_000]);
});
