import { expect, test } from 'vitest';
import { shareProbe } from '../../gateway/health.ts';

/** A probe whose ends a test decides, with a clock. */
function openProbe() {
  const ends: PromiseWithResolvers<undefined>[] = [];
  const clock = { ms: 0 };
  const probe = shareProbe(
    () => {
      const end = Promise.withResolvers<undefined>();
      ends.push(end);
      return end.promise;
    },
    () => clock.ms,
  );
  return { probe, ends, clock };
}

test('many questions within a second cost one durable write', async () => {
  const { probe, ends, clock } = openProbe();
  const answers = [probe(), probe()];
  ends[0]!.resolve(undefined);
  await Promise.all(answers);
  clock.ms = 999;
  await probe();
  expect(ends).toHaveLength(1);
  clock.ms = 1_000;
  const next = probe();
  expect(ends).toHaveLength(2);
  ends[1]!.resolve(undefined);
  await next;
});

test('a write that takes longer is waited for by everybody', async () => {
  const { probe, ends, clock } = openProbe();
  const first = probe();
  clock.ms = 60_000;
  const second = probe();
  expect(ends).toHaveLength(1);
  ends[0]!.resolve(undefined);
  await Promise.all([first, second]);
});

test('a failure is shared as well, and forgotten after a second', async () => {
  const { probe, ends, clock } = openProbe();
  const answers = [probe(), probe()];
  ends[0]!.reject(new Error('full'));
  for (const answer of [...answers, probe()]) await expect(answer).rejects.toThrow('full');
  clock.ms = 1_000;
  const next = probe();
  ends[1]!.resolve(undefined);
  await next;
});
