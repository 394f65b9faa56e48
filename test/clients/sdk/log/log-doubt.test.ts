import { expect, test } from 'vitest';
import { LogDoubt } from '../../../../clients/sdk/log/log-doubt.ts';

const { signal } = new AbortController();

test('a doubt ends with the look, whatever becomes of it, and is raised once meanwhile', async () => {
  const look = Promise.withResolvers<undefined>();
  let looks = 0;
  const doubt = new LogDoubt({ mostMs: 60_000, signal });
  const raise = (): void => doubt.raise(() => (looks++, look.promise));
  expect(doubt.end).toBeUndefined();
  raise();
  raise();
  look.reject(new Error('the log is away'));
  await doubt.end;
  expect([looks, doubt.end]).toEqual([1, undefined]);
});

test('a doubt ends by itself where the look has no end', async () => {
  const doubt = new LogDoubt({ mostMs: 5, signal });
  doubt.raise(() => new Promise(() => undefined));
  await doubt.end;
  expect(doubt.end).toBeUndefined();
});
