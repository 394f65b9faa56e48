import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExpiryClock } from '../../../gateway/endings/expiry.ts';
import type { Store } from '../../../gateway/store/port.ts';
import { eventually } from '../../e2e/kit/watch.ts';
import { createSqliteFixture, type SqliteFixture } from '../store/sqlite-fixture.ts';
import { acceptable, police } from '../store/synthetic-messages.ts';

let fixture: SqliteFixture;
let store: Store;
let clock: ExpiryClock | undefined;
const errors: unknown[] = [];

beforeEach(async () => {
  fixture = await createSqliteFixture();
  store = await fixture.open({ clock: Date.now });
  errors.length = 0;
});
afterEach(async () => {
  await clock?.stop();
  await store.close();
  await fixture.remove();
});

function start(expire: Store['expire'] = (now, limit) => store.expire(now, limit)): ExpiryClock {
  clock = new ExpiryClock({
    store: { ...store, expire },
    now: Date.now,
    onError: (error) => errors.push(error),
  });
  clock.start();
  return clock;
}

async function accept(number: number, inMs: number): Promise<number> {
  const expiresAt = Date.now() + inMs;
  await store.submit({ source: police, messages: [acceptable(number, { expiresAt })] });
  return expiresAt;
}

async function expired(number: number): Promise<void> {
  const { id } = acceptable(number);
  await eventually(`the end of ${number}`, async () => {
    const state = (await store.readMessage(police, id))?.deliveries[0]?.state;
    return state === 'expired' ? true : undefined;
  });
}

describe('the clock of expiries', () => {
  it('ends deliveries in the order of their expiry, not of their acceptance', async () => {
    const expiry = start();
    expiry.note(await accept(1, 60_000));
    expiry.note(await accept(2, 150));
    await expired(2);
    expect((await store.readMessage(police, acceptable(1).id))?.deliveries[0]?.state).toBe('queued');
  });

  it('does not miss what is accepted while it asks the store', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let asked = 0;
    const expiry = start(async (now, limit) => {
      const answer = await store.expire(now, limit);
      if (++asked === 1) await held;
      return answer;
    });
    await eventually('the first question', () => (asked === 1 ? true : undefined));
    expiry.note(await accept(3, 150));
    release();
    await expired(3);
  });

  it('goes on after the store has failed', async () => {
    let failures = 1;
    const expiry = start(async (now, limit) => {
      if (failures-- > 0) throw new Error('no disk');
      return store.expire(now, limit);
    });
    expiry.note(await accept(4, 100));
    await expired(4);
    expect(errors).toHaveLength(1);
  });

  it('ends more at once than one question covers', async () => {
    const messages = Array.from({ length: 1_200 }, (_, index) =>
      acceptable(100 + index, { expiresAt: Date.now() + 50 }),
    );
    for (let from = 0; from < messages.length; from += 200) {
      await store.submit({ source: police, messages: messages.slice(from, from + 200) });
    }
    start();
    await expired(100);
    await expired(1_299);
  });
});
