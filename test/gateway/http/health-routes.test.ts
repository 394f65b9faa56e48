import { fastify } from 'fastify';
import { expect, test } from 'vitest';
import { registerHealthRoutes } from '../../../gateway/http/health-routes.ts';
import { shareAnswer } from '../../../gateway/http/share-answer.ts';

/** An answer whose ends a test decides, with a clock. */
function openAnswer() {
  const ends: PromiseWithResolvers<undefined>[] = [];
  const clock = { ms: 0 };
  const ask = shareAnswer(
    () => {
      const end = Promise.withResolvers<undefined>();
      ends.push(end);
      return end.promise;
    },
    () => clock.ms,
  );
  return { ask, ends, clock };
}

test('many questions within a second cost one answer', async () => {
  const { ask, ends, clock } = openAnswer();
  const answers = [ask(), ask()];
  ends[0]!.resolve(undefined);
  await Promise.all(answers);
  clock.ms = 999;
  await ask();
  expect(ends).toHaveLength(1);
  clock.ms = 1_000;
  const next = ask();
  expect(ends).toHaveLength(2);
  ends[1]!.resolve(undefined);
  await next;
});

test('an answer that takes longer is waited for by everybody', async () => {
  const { ask, ends, clock } = openAnswer();
  const first = ask();
  clock.ms = 60_000;
  const second = ask();
  expect(ends).toHaveLength(1);
  ends[0]!.resolve(undefined);
  await Promise.all([first, second]);
});

test('a failure is shared as well, and forgotten after a second', async () => {
  const { ask, ends, clock } = openAnswer();
  const answers = [ask(), ask()];
  ends[0]!.reject(new Error('full'));
  for (const answer of [...answers, ask()]) await expect(answer).rejects.toThrow('full');
  clock.ms = 1_000;
  const next = ask();
  ends[1]!.resolve(undefined);
  await next;
});

test('a crowd that asks whether the gateway is ready has it looked at once', async () => {
  const app = fastify();
  let looks = 0;
  registerHealthRoutes(app, () => {
    looks++;
    return Promise.resolve([{ name: 'store', ok: false, detail: 'failed' }]);
  });
  const ask = async (): Promise<number> => (await app.inject('/readyz')).statusCode;
  expect(new Set(await Promise.all(Array.from({ length: 100 }, ask)))).toEqual(new Set([503]));
  expect(looks).toBe(1);
  expect((await app.inject('/livez')).statusCode).toBe(200);
});
