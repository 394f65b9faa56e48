import { expect, it } from 'vitest';
import { PendingWork } from '../../../gateway/socket/pending-work.ts';

it('waits for what was begun, for what that begins in turn, and for what fails', async () => {
  const pending = new PendingWork();
  const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  let isOver = false;
  const begun = pending.add(first.promise.then(() => pending.add(second.promise)));
  const over = pending.ended().then(() => (isOver = true));
  first.resolve('one');
  await new Promise(setImmediate);
  expect(isOver).toBe(false);
  second.reject(new Error('two'));
  await expect(begun).rejects.toThrow('two');
  await over;
  expect(isOver).toBe(true);
});

it('waits for nothing where nothing is under way', async () => {
  await new PendingWork().ended();
});
