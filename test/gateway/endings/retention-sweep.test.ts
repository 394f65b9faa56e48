import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RetentionRules } from '../../../gateway/policy/retention.ts';
import { RetentionSweep } from '../../../gateway/endings/retention-sweep.ts';
import type { AcceptableMessage, Store } from '../../../gateway/store/port.ts';
import { isRetired } from '../../../gateway/store/retired-unit.ts';
import type { Digest } from '../../../protocol/ids.ts';
import { encodeUnit } from '../../../protocol/wire/frame.ts';
import { createSqliteFixture, type SqliteFixture } from '../store/sqlite-fixture.ts';
import {
  acceptable,
  digestOf,
  health,
  messageId,
  noon,
  police,
  settlementOf,
} from '../store/synthetic-messages.ts';

const dayMs = 24 * 3_600_000;
const rules: RetentionRules = {
  payloads: { stored: 30 * dayMs, undelivered: 90 * dayMs },
  categories: new Map([['police-concern', { stored: 60 * dayMs, undelivered: 90 * dayMs }]]),
};
const digest = digestOf('agreement').toString('base64url') as Digest;
let fixture: SqliteFixture;
let store: Store;
let retention: RetentionRules | undefined;

beforeEach(async () => {
  fixture = await createSqliteFixture();
  store = await fixture.open();
  retention = rules;
});
afterEach(async () => {
  await store.close();
  await fixture.remove();
});

function sweeper(part: Store = store): RetentionSweep {
  return new RetentionSweep({
    store: part,
    now: () => fixture.clock.now,
    policy: () => ({ digest, retention }),
    onError: (error) => expect.unreachable(String(error)),
    onRetired: () => undefined,
  });
}

/** Sweeps as of so many days after the beginning. */
async function sweepOn(day: number): Promise<number> {
  fixture.clock.now = noon + day * dayMs;
  return await sweeper().sweep();
}

async function accept(number: number, changes: Partial<AcceptableMessage> = {}): Promise<AcceptableMessage> {
  const unit = encodeUnit(
    Buffer.from(`envelope ${number}`),
    Buffer.alloc(67),
    Buffer.from('ciphertext'),
  ).bytes;
  const expiresAt = fixture.clock.now + 5 * dayMs;
  const message = acceptable(number, { unit, expiresAt, ...changes });
  await store.submit({ source: police, messages: [message] });
  return message;
}

async function settle(message: AcceptableMessage, kind: 'stored' | 'refused' = 'stored'): Promise<void> {
  await store.settle(settlementOf([message], health, kind));
}

async function gone(...numbers: number[]): Promise<boolean[]> {
  const found = numbers.map(async (number) =>
    isRetired((await store.readEvidence(messageId(number)))[0]!.unit),
  );
  return await Promise.all(found);
}

async function marks(): Promise<number[]> {
  return [...(await store.readMarks())]
    .filter(([name]) => name.startsWith('retention.'))
    .map(([, mark]) => mark);
}

describe('the sweep', () => {
  it('takes what was stored so long ago, and tells of it in a leaf with the agreement', async () => {
    await settle(await accept(1));
    expect(await sweepOn(29.9)).toBe(0);
    expect(await gone(1)).toEqual([false]);
    expect(await sweepOn(30.1)).toBe(1);
    expect(await gone(1)).toEqual([true]);
    expect((await store.readLeaves(0, 100)).at(-1)?.entry).toEqual({
      kind: 'payload.retired',
      policy: digest,
      count: 1,
      leaves: [0],
    });
    expect(await sweepOn(31)).toBe(0);
  });

  it('keeps longer what somebody refused or never stored, and what belongs to a category of its own', async () => {
    await settle(await accept(1), 'refused');
    await accept(2);
    await settle(await accept(3, { category: 'police-concern' }));
    await settle(await accept(4));
    fixture.clock.now = noon + 5 * dayMs;
    await store.expire(fixture.clock.now, 10);
    expect(await sweepOn(31)).toBe(1);
    expect(await gone(1, 2, 3, 4)).toEqual([false, false, false, true]);
    expect(await sweepOn(61)).toBe(1);
    expect(await gone(1, 2, 3)).toEqual([false, false, true]);
    expect(await sweepOn(91)).toBe(1);
    expect(await gone(1, 2)).toEqual([true, false]);
    expect(await sweepOn(96)).toBe(1);
    expect(await gone(2)).toEqual([true]);
  });

  it('counts from the end of the last delivery, takes nothing under way, and passes by what waits', async () => {
    const slow = await accept(1, { expiresAt: noon + 400 * dayMs });
    await settle(await accept(2));
    expect(await sweepOn(200)).toBe(1);
    expect(await gone(1, 2)).toEqual([false, true]);
    await settle(slow);
    expect(await sweepOn(229)).toBe(0);
    expect(await sweepOn(231)).toBe(1);
    expect(await gone(1)).toEqual([true]);
  });

  it('remembers how far it has come, and does not pass what waits', async () => {
    await settle(await accept(1));
    const slow = await accept(2, { expiresAt: noon + 400 * dayMs });
    await settle(await accept(3));
    await sweepOn(100);
    expect(await marks()).toEqual([2, 2, 2]);
    await settle(slow);
    await sweepOn(131);
    expect((await marks()).slice(0, 1)).toEqual([4]);
    expect(await gone(1, 2, 3)).toEqual([true, true, true]);
  });

  it('looks at everything anew under other rules', async () => {
    await settle(await accept(1, { category: 'police-concern' }));
    await sweepOn(40);
    expect(await gone(1)).toEqual([false]);
    retention = { ...rules, categories: new Map() };
    expect(await sweepOn(40)).toBe(1);
    retention = undefined;
    expect(await sweepOn(400)).toBe(0);
  });

  it('takes many in several commits, each with its leaf', async () => {
    for (let number = 0; number < 250; number++) await settle(await accept(number));
    expect(await sweepOn(31)).toBe(250);
    const leaves = (await store.readLeaves(0, 1000)).filter(({ entry }) => entry.kind === 'payload.retired');
    expect(leaves.map(({ entry }) => entry.count)).toEqual([100, 100, 50]);
  });

  it('leaves it to another gateway that is at it, and stops where that takes over', async () => {
    await settle(await accept(1));
    fixture.clock.now = noon + 31 * dayMs;
    const held = { ...store, takeLease: () => Promise.resolve(undefined) };
    expect(await sweeper(held).sweep()).toBe(0);
    let turns = 0;
    const lost = {
      ...store,
      takeLease: (name: string) => Promise.resolve(turns++ === 0 ? { name, epoch: 1 } : undefined),
    };
    expect(await sweeper(lost).sweep()).toBe(0);
    expect(await gone(1)).toEqual([false]);
  });

  it('runs by itself from the start, and closing waits for it', async () => {
    await settle(await accept(1));
    fixture.clock.now = noon + 31 * dayMs;
    const sweep = sweeper();
    sweep.start();
    await expect.poll(async () => gone(1)).toEqual([true]);
    await sweep.close();
  });
});
