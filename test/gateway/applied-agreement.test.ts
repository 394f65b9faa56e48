import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { AppliedAgreement } from '../../gateway/applied-agreement.ts';
import type { Digest } from '../../protocol/ids.ts';
import { createSqliteFixture } from './store/sqlite-fixture.ts';

const [old, fresh] = ['A'.repeat(43) as Digest, 'B'.repeat(43) as Digest];

/** A gateway whose folder holds the old agreement. */
async function openGateway() {
  const fixture = await createSqliteFixture();
  const store = await fixture.open();
  onTestFinished(async () => {
    await store.close();
    await fixture.remove();
  });
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const here = { inForce: old };
  const agreement = new AppliedAgreement({
    ...{ store, log },
    inForce: () => here.inForce,
  });
  const apply = async (policy: Digest): Promise<void> => {
    await store.requestPolicyReload({ kind: 'policy.applied', policy });
    await agreement.look();
  };
  return { store, agreement, apply, lines, log, here };
}

/** The same, with a store that answers the first reading of leaves only once it is released. */
async function openSlowGateway(applied: Digest) {
  const { store, lines, log, here } = await openGateway();
  await store.requestPolicyReload({ kind: 'policy.applied', policy: applied });
  const [asked, released] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  let readings = 0;
  const agreement = new AppliedAgreement({
    ...{ log, inForce: () => here.inForce },
    store: {
      ...store,
      readLeaves: async (from, limit) => {
        const leaves = await store.readLeaves(from, limit);
        if (readings++ > 0) return leaves;
        asked.resolve(undefined);
        await released.promise;
        return leaves;
      },
    },
  });
  const slowly = { asked: asked.promise, release: () => released.resolve(undefined) };
  return { store, agreement, lines, here, slowly };
}

it('a gateway to which the applied agreement was not copied says so once, until it has it', async () => {
  const { agreement, apply, lines, here } = await openGateway();
  await apply(old);
  expect([agreement.isBehind, lines]).toEqual([false, []]);
  await apply(fresh);
  await agreement.look();
  expect(agreement.isBehind).toBe(true);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({ event: 'policy-behind', policy: old, applied: fresh });
  here.inForce = fresh;
  expect(agreement.isBehind).toBe(false);
});

it('is not behind while the agreement that was applied is in force and was not looked at yet', async () => {
  const { store, agreement, apply, lines, here } = await openGateway();
  await apply(old);
  await store.requestPolicyReload({ kind: 'policy.applied', policy: fresh });
  here.inForce = fresh;
  expect(agreement.isBehind).toBe(false);
  await agreement.look();
  expect([agreement.isBehind, lines]).toEqual([false, []]);
  here.inForce = old;
  expect(agreement.isBehind).toBe(false);
  await agreement.look();
  expect([agreement.isBehind, lines.length]).toEqual([true, 1]);
});

it('finds what was applied behind many newer leaves, and knows nothing where nothing was applied', async () => {
  const { store, agreement, apply } = await openGateway();
  await agreement.look();
  expect(agreement.isBehind).toBe(false);
  await apply(old);
  await store.requestPolicyReload({ kind: 'policy.applied', policy: fresh });
  await store.appendRecords(Array.from({ length: 1_000 }, () => ({ kind: 'test.happened' })));
  await agreement.look();
  expect(agreement.isBehind).toBe(true);
});

it('is not behind where the agreement came into force while the store was slow to say what was applied before', async () => {
  const { store, agreement, lines, here, slowly } = await openSlowGateway(old);
  const looked = agreement.look();
  await slowly.asked;
  await store.requestPolicyReload({ kind: 'policy.applied', policy: fresh });
  here.inForce = fresh;
  slowly.release();
  await looked;
  expect([agreement.isBehind, lines]).toEqual([false, []]);
  here.inForce = old;
  await agreement.look();
  expect([agreement.isBehind, lines.length]).toEqual([true, 1]);
});

it('of two looks at once the later one holds, also where the store is slow to answer the first', async () => {
  const { store, agreement, slowly } = await openSlowGateway(old);
  const first = agreement.look();
  await slowly.asked;
  await store.requestPolicyReload({ kind: 'policy.applied', policy: fresh });
  const second = agreement.look();
  await Promise.race([second, sleep(100)]);
  slowly.release();
  await Promise.all([first, second]);
  expect(agreement.isBehind).toBe(true);
});
