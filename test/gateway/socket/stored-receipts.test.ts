import { expect, it } from 'vitest';
import { StoredReceipts } from '../../../gateway/socket/stored-receipts.ts';

it('tells the store how far it may forget, once, and never back', () => {
  const told: number[] = [];
  const stored = new StoredReceipts(
    (through) => Promise.resolve(void told.push(through)),
    () => expect.unreachable(),
  );
  stored.flush();
  stored.note(3);
  stored.note(7);
  stored.note(5);
  stored.flush();
  stored.flush();
  expect(told).toEqual([7]);
});

it('tells again what the store could not take', async () => {
  const told: number[] = [];
  const errors: unknown[] = [];
  let isIll = true;
  const stored = new StoredReceipts(
    async (through) => {
      await Promise.resolve();
      if (isIll) throw new Error('the store is ill');
      told.push(through);
    },
    (error) => errors.push(error),
  );
  stored.note(7);
  stored.flush();
  await expect.poll(() => errors).toHaveLength(1);
  isIll = false;
  stored.flush();
  await expect.poll(() => told).toEqual([7]);
});
