import { expect, test } from 'vitest';
import { SingleFile } from '../../../gateway/admission/single-file.ts';

test('one piece of work is done at a time, in the order of asking, whatever becomes of the one before', async () => {
  const file = new SingleFile(10);
  const begun: number[] = [];
  const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const works = [first.promise, second.promise].map((work, nth) =>
    file.run(() => {
      begun.push(nth);
      return work;
    }),
  );
  await new Promise(setImmediate);
  expect(begun).toEqual([0]);
  first.reject(new Error('failed'));
  await expect(works[0]).rejects.toThrow('failed');
  second.resolve('done');
  expect(await works[1]).toBe('done');
  expect(begun).toEqual([0, 1]);
});

test('work is refused for now while too many wait, and taken again afterwards', async () => {
  const file = new SingleFile(2);
  const work = Promise.withResolvers<string>();
  const waiting = [file.run(() => work.promise), file.run(() => work.promise)];
  await expect(file.run(() => work.promise)).rejects.toMatchObject({ code: 'rate-limited' });
  work.resolve('done');
  await Promise.all(waiting);
  expect(await file.run(() => work.promise)).toBe('done');
});
