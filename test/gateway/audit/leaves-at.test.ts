import { expect, it } from 'vitest';
import { leavesAt, rising } from '../../../gateway/audit/leaves-at.ts';
import type { Store, StoredLeaf } from '../../../gateway/store/port.ts';

/** A log of so many leaves, which gives no more than `most` at once and notes what it was asked for. */
function logOf(size: number, most = Infinity) {
  const asked: [from: number, limit: number][] = [];
  const readLeaves: Store['readLeaves'] = (from, limit) => {
    asked.push([from, limit]);
    const first = Math.max(0, from);
    const length = Math.max(0, Math.min(limit, most, size - first));
    return Promise.resolve(Array.from({ length }, (_, place) => ({ index: first + place }) as StoredLeaf));
  };
  return { asked, readLeaves };
}

async function foundIn(log: ReturnType<typeof logOf>, indices: readonly number[]): Promise<number[]> {
  const found: number[] = [];
  for await (const { index } of leavesAt(log, indices)) found.push(index);
  return found;
}

it('leaves that stand close together are read at once, and those between them are not given', async () => {
  const log = logOf(10_000);
  const indices = [3, 5, 21, 500, 9_000];
  expect(await foundIn(log, indices)).toEqual(indices);
  expect(log.asked).toEqual([
    [3, 19],
    [500, 1],
    [9_000, 1],
  ]);
});

it('a log that gives less than it was asked for is asked again, and no more is read than is being used', async () => {
  const indices = Array.from({ length: 400 }, (_, nth) => nth * 10);
  const log = logOf(10_000, 100);
  const some = leavesAt(log, indices);
  await some.next();
  expect(log.asked).toEqual([[0, 511]]);
  await some.return(undefined);
  expect(await foundIn(log, indices)).toEqual(indices);
});

it('what stands behind the end of the log, or before its beginning, is not there', async () => {
  expect(await foundIn(logOf(10), [9, 10, 400])).toEqual([9]);
  expect(await foundIn(logOf(10), [-7, -3, 4])).toEqual([4]);
  expect(rising([400, 9, 10, 9])).toEqual([9, 10, 400]);
});
