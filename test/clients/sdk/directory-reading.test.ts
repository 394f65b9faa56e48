import { expect, test } from 'vitest';
import { DirectoryReading, spreadMs } from '../../../clients/sdk/directory-reading.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import { pauseForEver, until } from './scripted-gateway.ts';

/** What was only announced is not read while a test runs, unless it says otherwise. */
function readingOf(read: () => Promise<void>, pause = pauseForEver) {
  const closing = new AbortController();
  const told = { version: 1, reads: 0, problems: [] as unknown[] };
  const reading = new DirectoryReading({
    held: () => ({ version: told.version, endpoints: 1_000_000 }),
    read: async () => {
      told.reads++;
      await read();
    },
    random: () => 0.999,
    pause,
    report: (error) => told.problems.push(error),
    signal: closing.signal,
  });
  return { reading, told, closing };
}

test('ten thousand endpoints come over less than a minute, a few hundred a second; a few come at once', () => {
  const perSecond = new Map<number, number>();
  for (let nth = 0; nth < 10_000; nth++) {
    const second = Math.floor(spreadMs(10_000, nth / 10_000) / 1_000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(200);
  expect(spreadMs(9, 0.999)).toBeLessThan(50);
  expect(spreadMs(1_000_000, 0.999)).toBeLessThanOrEqual(60_000);
});

test('what was only announced waits, and one that waits for it has it read at once, with what came meanwhile', async () => {
  const { reading, told, closing } = readingOf(() => {
    told.version = 4;
    return Promise.resolve();
  });
  await reading.upTo(1);
  expect(reading.isBehind).toBe(false);
  const announced = [2, 3, 4].map((version) => reading.announce(version));
  expect(reading.isBehind).toBe(true);
  expect(told.reads).toBe(0);
  expect(await Promise.all([reading.catchUp(), reading.catchUp()])).toEqual([true, true]);
  expect(told.reads).toBe(1);
  expect(reading.isBehind).toBe(false);
  expect(await reading.catchUp()).toBe(false);
  expect(told.reads).toBe(1);
  closing.abort();
  await Promise.all(announced);
});

test('what was announced before the version of the welcome was looked at is not forgotten', async () => {
  const { reading, told, closing } = readingOf(() => {
    told.version = 2;
    return Promise.resolve();
  });
  const announced = reading.announce(2);
  await reading.upTo(1);
  expect(reading.isBehind).toBe(true);
  expect(await reading.catchUp()).toBe(true);
  expect(told).toMatchObject({ version: 2, reads: 1 });
  closing.abort();
  await announced;
});

test('an earlier version than the one held is read, once, whichever the gateway then has', async () => {
  const served = [1, 3];
  const { reading, told } = readingOf(() => {
    told.version = served.shift()!;
    return Promise.resolve();
  });
  for (const after of [1, 3]) {
    told.version = 3;
    const read = reading.upTo(1);
    expect(reading.isBehind).toBe(true);
    await read;
    expect([told.version, reading.isBehind]).toEqual([after, false]);
    reading.forget();
  }
  expect(told.reads).toBe(2);
});

test('a refusal has the directory read whichever version it has, and so has the last of many, a second later', async () => {
  const pauses: PromiseWithResolvers<void>[] = [];
  const { reading, told } = readingOf(
    () => Promise.resolve(),
    (ms) => {
      if (ms !== 1_000) return Promise.resolve();
      pauses.push(Promise.withResolvers());
      return pauses.at(-1)!.promise;
    },
  );
  await reading.upTo(1);
  const followed = [reading.refused(), reading.refused()];
  expect([reading.isBehind, reading.isAwaited]).toEqual([true, true]);
  await until(() => pauses.length === 1);
  expect([told.reads, reading.isBehind]).toEqual([1, false]);
  followed.push(reading.refused());
  expect(reading.isBehind).toBe(true);
  pauses[0]!.resolve();
  await until(() => pauses.length === 2);
  pauses[1]!.resolve();
  await Promise.all(followed);
  expect(told.reads).toBe(2);
});

test('a reading that began before the change is not taken for one of it', async () => {
  const begun = Promise.withResolvers<undefined>();
  const served = [1, 2];
  const { reading, told, closing } = readingOf(async () => {
    const version = served.shift()!;
    if (version === 1) await begun.promise;
    told.version = version;
  });
  await reading.upTo(1);
  const before = reading.now();
  const announced = reading.announce(2);
  const caughtUp = reading.catchUp();
  begun.resolve(undefined);
  await before;
  expect(await caughtUp).toBe(true);
  expect(told).toMatchObject({ version: 2, reads: 2 });
  closing.abort();
  await announced;
});

test('whoever waits goes on after 5 s when the gateway does not answer, and what it answers later is taken', async () => {
  const answered = Promise.withResolvers<undefined>();
  const asked: number[] = [];
  const { reading, told, closing } = readingOf(
    async () => {
      await answered.promise;
      told.version = 2;
    },
    (ms, signal) => {
      asked.push(ms);
      return ms === 5_000 ? Promise.resolve() : pauseForEver(ms, signal);
    },
  );
  await reading.upTo(1);
  const announced = reading.announce(2);
  expect(await reading.catchUp()).toBe(true);
  expect(asked).toEqual([spreadMs(1_000_000, 0.999), 5_000]);
  expect(reading.isBehind).toBe(true);
  answered.resolve(undefined);
  await reading.now();
  expect(told).toMatchObject({ version: 2, reads: 1 });
  expect(reading.isBehind).toBe(false);
  closing.abort();
  await announced;
});

test('whoever waits goes on when the gateway cannot be read, and is told why; nothing is asked of one that is away', async () => {
  const { reading, told, closing } = readingOf(() =>
    Promise.reject(new CausewayError('gateway-unreachable')),
  );
  await reading.upTo(1);
  const announced = reading.announce(2);
  expect(reading.unread).toEqual({ version: 2, error: undefined });
  expect(await reading.catchUp()).toBe(true);
  expect(told.reads).toBe(1);
  expect(reading.unread).toMatchObject({ version: 2, error: { code: 'gateway-unreachable' } });
  reading.forget();
  expect(reading.unread).toBeUndefined();
  expect(reading.isBehind).toBe(true);
  expect(await reading.catchUp()).toBe(false);
  expect(told.reads).toBe(1);
  closing.abort();
  await announced;
  expect(told.problems).toEqual([]);
});
