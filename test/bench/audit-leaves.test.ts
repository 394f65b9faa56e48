import { expect, test } from 'vitest';
import { fillStore } from '../../bench/audit/fill-store.ts';
import { MadeLeaves } from '../../bench/audit/made-leaves.ts';
import { holdMessagesAgainst } from '../../gateway/audit/messages-against-log.ts';
import { splitLeaves } from '../../gateway/store/leaf-block.ts';
import { parseLeaf } from '../../protocol/audit/leaf.ts';
import { createSqliteFixture } from '../gateway/store/sqlite-fixture.ts';

test('the store that searches are measured in holds messages that are what was accepted', async () => {
  const fixture = await createSqliteFixture();
  const store = await fixture.open();
  try {
    await fillStore(store, { now: Date.UTC(2026, 9, 1) }, 1_000);
    const { faults, looked, unknown, deliveries, groups } = await holdMessagesAgainst(store, store);
    expect([faults.first, looked > 100, unknown]).toEqual([[], true, 0]);
    expect([deliveries.faults.first, deliveries.looked > looked, groups.first]).toEqual([[], true, []]);
  } finally {
    await store.close();
    await fixture.remove();
  }
});

test('the leaves that the log is measured with are those of messages, in commits, without gaps', () => {
  const made = new MadeLeaves();
  made.make(4_000);
  made.make(6_001);
  const kinds: string[] = [];
  for (let next = 0; next < made.size; next = kinds.length) {
    const [run] = made.readLeafRuns(next);
    expect(run?.first).toBe(next);
    const leaves = splitLeaves(run!.leaves).map((leaf) => parseLeaf(leaf));
    expect(leaves).toHaveLength(run!.count);
    kinds.push(...leaves.map(({ kind }) => kind));
  }
  expect(kinds).toHaveLength(10_001);
  expect(kinds.slice(0, 4)).toEqual([
    ...['message.accepted', 'delivery.delivered', 'delivery.stored', 'message.accepted'],
  ]);
  made.forget();
  expect(made.readLeafRuns(0)).toEqual([]);
});
