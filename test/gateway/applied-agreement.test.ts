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
  return { store, agreement, apply, lines, here };
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
