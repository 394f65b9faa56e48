import { afterEach, beforeEach, expect, test } from 'vitest';
import { DatabaseSync } from 'node:sqlite';
import { Erasures } from '../../../gateway/store/erasures.ts';
import { LeafBlock, splitBodies, splitLeaves } from '../../../gateway/store/leaf-block.ts';
import type { Store, StoredLeaf } from '../../../gateway/store/port.ts';
import { SqliteContents } from '../../../gateway/store/sqlite/contents.ts';
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

/** Changes the bodies of the block of a leaf in the file, as somebody who has the disk could. */
function rewrite(index: number, change: (bodies: Buffer, first: number) => Buffer): void {
  const database = new DatabaseSync(fixture.file);
  const row = database
    .prepare('SELECT first, bodies FROM audit_block WHERE first <= ? ORDER BY first DESC LIMIT 1')
    .get(index);
  const { first, bodies } = row as unknown as { first: number; bodies: Uint8Array };
  const changed = change(Buffer.from(bodies), first);
  database.prepare('UPDATE audit_block SET bodies = ? WHERE first = ?').run(changed, first);
  database.close();
}

/** The same for the sealed body of a leaf. */
function edit(index: number, change: (sealed: Buffer) => void): void {
  rewrite(index, (bodies, first) => {
    change(splitBodies(bodies)!.get(index - first)!.sealed);
    return bodies;
  });
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
    // Nobody could read it any more when its case was erased.
    expect(await states(store)).toEqual(['changed', 'whole', 'whole', 'whole', 'whole']);
  });
});

test.each([0, 8, 12, 43])(
  'a body that was cut to %i bytes is told from one that was erased, and keeps nobody from the rest',
  async (bytes) => {
    await withStore(handleTwo);
    rewrite(0, (bodies) => {
      const { of, sealed } = splitBodies(bodies)!.get(0)!;
      const block = new LeafBlock();
      block.add('', { of, sealed: sealed.subarray(0, bytes) });
      return block.bodies;
    });
    await withStore(async (store) => {
      expect(await states(store)).toEqual(['changed', 'whole', 'whole', 'whole']);
    });
  },
);

test('bodies that end too early are named as the block that cannot be taken apart', async () => {
  await withStore(handleTwo);
  rewrite(0, (bodies) => bodies.subarray(0, -5));
  await withStore(async (store) => {
    await expect(store.readLeaves(0, 100)).rejects.toThrow(/begins with leaf 0 is damaged/);
  });
});

test('a case that was erased and lives on: erased before, and tampered with only since', async () => {
  await withStore(async (store) => {
    await handleTwo(store);
    await store.eraseCase(messageId(1), order);
    await store.submit({ source: police, messages: [acceptable(3, { thread: messageId(1) })] });
    expect(await states(store)).toEqual(['erased', 'whole', 'whole', 'whole', 'whole', 'whole', 'whole']);
  });
  edit(6, (sealed) => sealed.fill(0));
  edit(2, (sealed) => (sealed[0]! ^= 1));
  await withStore(async (store) => {
    const expected = ['erased', 'whole', 'changed', 'whole', 'whole', 'whole', 'changed'];
    expect(await states(store)).toEqual(expected);
  });
});

test('what is passed off as erased with another case, whose erasure did not take it, is told as changed', async () => {
  await withStore(async (store) => {
    await handleTwo(store);
    await store.eraseCase(messageId(1), order);
  });
  rewrite(2, (bodies) => {
    const block = new LeafBlock();
    block.add('', {
      of: messageId(1),
      sealed: Buffer.alloc(splitBodies(bodies)!.get(0)!.sealed.byteLength, 7),
    });
    return block.bodies;
  });
  await withStore(async (store) => {
    expect((await states(store)).slice(0, 3)).toEqual(['erased', 'whole', 'changed']);
    expect((await store.readLeaves(2, 1))[0]).toMatchObject({ case: messageId(1), erased: false });
  });
  // Nor where somebody has made the erasure itself unreadable.
  edit(4, (sealed) => sealed.fill(0));
  await withStore(async (store) => {
    expect((await states(store)).slice(0, 5)).toEqual([
      'secret-gone',
      'whole',
      'secret-gone',
      'whole',
      'changed',
    ]);
  });
});

/** Erasures told from a store's leaves, and from which leaf on its log was looked through for them. */
function erasuresOf(
  store: Store,
  noted: readonly number[],
): { readonly erasures: Erasures; readonly asked: number[] } {
  const asked: number[] = [];
  const erasures = new Erasures({
    readLeaves: (...ask) => store.readLeaves(...ask),
    readLeafRuns: async (from) => {
      asked.push(from);
      return await store.readLeafRuns(from);
    },
    readErasures: () => Promise.resolve(noted),
  });
  return { erasures, asked };
}

/** The first leaf as it is read before anybody has looked for an erasure. */
async function doubtfulLeaf(store: Store): Promise<StoredLeaf> {
  const [leaf] = await store.readLeaves(0, 1);
  const { erasedBy: _, ...whole } = { ...leaf!, erased: false };
  return { ...whole, tampered: 'secret-gone' };
}

const told = (leaves: readonly StoredLeaf[]): unknown[] =>
  leaves.map(({ erasedBy, tampered }) => erasedBy ?? tampered);

test('the log is looked through for erasures that nobody has noted once, and goes on where it ended', async () => {
  await withStore(async (store) => {
    await handleTwo(store);
    await store.eraseCase(messageId(1), order);
    const { erasures, asked } = erasuresOf(store, []);
    const doubtful = await doubtfulLeaf(store);
    const { tampered: _, ...whole } = doubtful;
    expect(await erasures.settle([whole])).toEqual([whole]);
    expect(asked).toEqual([]);
    for (let round = 0; round < 3; round++) {
      expect(told(await erasures.settle([doubtful, { ...doubtful, index: 50 }]))).toEqual([4, 'secret-gone']);
    }
    expect(asked).toEqual([0, 6, 6, 6]);
    expect(splitLeaves((await store.readLeafRuns(4))[0]!.leaves).length).toBeGreaterThan(0);
  });
});

test('where the erasures of a case are noted, nobody looks through the log, and the first one behind a leaf counts', async () => {
  await withStore(async (store) => {
    await handleTwo(store);
    await store.eraseCase(messageId(1), order);
    const again = acceptable(3, { thread: messageId(1) });
    await store.submit({ source: police, messages: [again] });
    await store.settle(settlementOf([again], health));
    await store.eraseCase(messageId(1), order);
    const { erasures, asked } = erasuresOf(store, [4, 8]);
    const doubtful = await doubtfulLeaf(store);
    expect(told(await erasures.settle([{ ...doubtful, index: 6 }, doubtful]))).toEqual([8, 4]);
    expect(asked).toEqual([]);
  });
});

test('an erasure is read once, however often a leaf is met that it does not explain', async () => {
  await withStore(handleTwo);
  edit(0, (sealed) => sealed.fill(0));
  await withStore(async (store) => {
    await store.eraseCase(messageId(1), order);
    const read: number[] = [];
    const erasures = new Erasures({
      readLeaves: async (from, limit) => {
        read.push(from);
        return await store.readLeaves(from, limit);
      },
      readLeafRuns: async (from) => store.readLeafRuns(from),
      readErasures: () => Promise.resolve([4]),
    });
    const [leaf] = await store.readLeaves(0, 1);
    for (let round = 0; round < 3; round++) expect(told(await erasures.settle([leaf!]))).toEqual(['changed']);
    expect(read).toEqual([4, 4]);
  });
});

test('a note that an erasure stands somewhere counts for nothing where the leaf there does not say so', async () => {
  await withStore(async (store) => {
    await handleTwo(store);
    await store.eraseCase(messageId(2), { ...order, case: messageId(2) });
    const doubtful = await doubtfulLeaf(store);
    // An acceptance, the erasure of another case, and what is not there.
    const { erasures } = erasuresOf(store, [2, 4, 99]);
    expect(told(await erasures.settle([doubtful]))).toEqual(['secret-gone']);
  });
});

test('a store from before erasures were noted is opened and moved, and tells its own', async () => {
  await withStore(async (store) => {
    await handleTwo(store);
    await store.eraseCase(messageId(1), order);
  });
  const database = new DatabaseSync(fixture.file);
  database.exec('DROP TABLE case_erasure');
  database.close();
  const contents = new SqliteContents(fixture.file);
  expect([...contents.caseErasures()]).toEqual([]);
  contents.close();
  await withStore(async (store) => {
    expect(await states(store)).toEqual(['erased', 'whole', 'whole', 'whole', 'whole', 'whole']);
    await store.eraseCase(messageId(2), { ...order, case: messageId(2) });
  });
  const later = new SqliteContents(fixture.file);
  expect([...later.caseErasures()]).toEqual([{ id: messageId(2), record: 6 }]);
  later.close();
});
