import { afterEach, beforeEach, expect, test } from 'vitest';
import { DatabaseSync } from 'node:sqlite';
import { Erasures } from '../../../gateway/store/erasures.ts';
import { splitBodies, splitLeaves } from '../../../gateway/store/leaf-block.ts';
import type { Store } from '../../../gateway/store/port.ts';
import { createSqliteFixture, type SqliteFixture } from './sqlite-fixture.ts';
import { acceptable, health, messageId, police, settlementOf } from './synthetic-messages.ts';

let fixture: SqliteFixture;
beforeEach(async () => {
  fixture = await createSqliteFixture();
});
afterEach(() => fixture.remove());

async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const store = await fixture.open();
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Changes the sealed body of a leaf in the file, as somebody who has the disk could. */
function edit(index: number, change: (sealed: Buffer) => void): void {
  const database = new DatabaseSync(fixture.file);
  const row = database
    .prepare('SELECT first, bodies FROM audit_block WHERE first <= ? ORDER BY first DESC LIMIT 1')
    .get(index);
  const { first, bodies } = row as unknown as { first: number; bodies: Uint8Array };
  const bytes = Buffer.from(bodies);
  change(splitBodies(bytes).get(index - first)!.sealed);
  database.prepare('UPDATE audit_block SET bodies = ? WHERE first = ?').run(bytes, first);
  database.close();
}

const states = async (store: Store): Promise<string[]> =>
  (await store.readLeaves(0, 100)).map(({ erased, tampered }) => (erased ? 'erased' : (tampered ?? 'whole')));

async function handleTwo(store: Store): Promise<void> {
  for (const message of [acceptable(1), acceptable(2)]) {
    await store.submit({ source: police, messages: [message] });
    await store.settle(settlementOf([message], health));
  }
}

const order = { kind: 'case.erased', authority: 'court', case: messageId(1) };

test('a body that was edited is told from one that was erased', async () => {
  await withStore(handleTwo);
  edit(0, (sealed) => (sealed[40]! ^= 1));
  await withStore(async (store) => {
    expect(await states(store)).toEqual(['changed', 'whole', 'whole', 'whole']);
    const [leaf] = await store.readLeaves(0, 1);
    expect(leaf).toMatchObject({ case: messageId(1), entry: { kind: 'message.accepted' } });
    expect(leaf).not.toHaveProperty('opening');
    await store.eraseCase(messageId(1), order);
    expect(await states(store)).toEqual(['erased', 'whole', 'whole', 'whole', 'whole']);
  });
});

test('a case that was erased and lives on: erased before, and tampered with only since', async () => {
  await withStore(async (store) => {
    await handleTwo(store);
    await store.eraseCase(messageId(1), order);
    await store.submit({ source: police, messages: [acceptable(3, { thread: messageId(1) })] });
    expect(await states(store)).toEqual(['erased', 'whole', 'whole', 'whole', 'whole', 'whole']);
  });
  edit(5, (sealed) => sealed.fill(0));
  edit(2, (sealed) => (sealed[0]! ^= 1));
  await withStore(async (store) => {
    expect(await states(store)).toEqual(['erased', 'whole', 'changed', 'whole', 'whole', 'changed']);
  });
});

test('the log is looked through for erasures once, and goes on where it ended', async () => {
  await withStore(async (store) => {
    await handleTwo(store);
    await store.eraseCase(messageId(1), order);
    const asked: number[] = [];
    const erasures = new Erasures({
      readLeaves: (...ask) => store.readLeaves(...ask),
      readLeafRuns: async (from) => {
        asked.push(from);
        return await store.readLeafRuns(from);
      },
    });
    const [leaf] = await store.readLeaves(0, 1);
    const { erasedBy: _, ...whole } = { ...leaf!, erased: false };
    const doubtful = { ...whole, tampered: 'secret-gone' as const };
    const later = { ...doubtful, index: 50 };
    expect(await erasures.settle([whole])).toEqual([whole]);
    expect(asked).toEqual([]);
    for (let round = 0; round < 3; round++) {
      const settled = await erasures.settle([doubtful, later]);
      expect(settled.map(({ erased, tampered }) => [erased, tampered])).toEqual([
        [true, undefined],
        [false, 'secret-gone'],
      ]);
    }
    expect(asked).toEqual([0, 5, 5, 5]);
    expect(splitLeaves((await store.readLeafRuns(4))[0]!.leaves).length).toBeGreaterThan(0);
  });
});
