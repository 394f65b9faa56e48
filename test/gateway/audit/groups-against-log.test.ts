import { expect, it } from 'vitest';
import { HeldGroups } from '../../../gateway/audit/groups-against-log.ts';
import type { ToldLeaf } from '../../../gateway/audit/step-against-leaf.ts';
import type { KeptGroup } from '../../../gateway/store/port.ts';
import type { Digest } from '../../../protocol/ids.ts';

const [one, other] = ['one', 'other'] as [Digest, Digest];

/** @param receipt undefined where it was rewritten, or tells of something else */
function leaf(index: number, receipt: Digest | undefined): ToldLeaf {
  const step = { of: 0, nth: 0, step: 'settled', state: 'stored', at: 0 } as const;
  return {
    leaf: { index, entry: { kind: 'delivery.stored' } } as ToldLeaf['leaf'],
    told: receipt === undefined ? undefined : { index, receipt, ...step },
  };
}

/** @param portions of leaves, as they are come to */
async function faultsOf(groups: readonly KeptGroup[], ...portions: (readonly ToldLeaf[])[]) {
  const held = new HeldGroups({
    readKeptGroups: (from, to) =>
      Promise.resolve(groups.filter((each) => each.leaf >= from && each.leaf < to)),
  });
  for (const portion of portions) await held.hold(portion);
  return held.faults.first;
}

it('a group stands for all its leaves, also for those of the next portion', async () => {
  const groups = [{ leaf: 1, digest: one }];
  const first = [leaf(0, undefined), leaf(1, one)];
  expect(await faultsOf(groups, first, [leaf(2, one)])).toEqual([]);
  expect(await faultsOf(groups, first, [leaf(2, other)])).toEqual([{ leaf: 2, fault: 'gone' }]);
});

it('a group whose first leaf was rewritten is not called gone, wherever a portion begins or ends', async () => {
  const groups = [{ leaf: 1, digest: one }];
  const rewritten = leaf(1, undefined);
  expect(await faultsOf(groups, [leaf(0, undefined), rewritten], [leaf(2, one)])).toEqual([]);
  expect(await faultsOf(groups, [leaf(0, undefined)], [rewritten, leaf(2, one)])).toEqual([]);
});
