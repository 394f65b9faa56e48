import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LogDoubt } from '../../../../clients/sdk/log/log-doubt.ts';
import { StateDatabase } from '../../../../clients/sdk/state-database.ts';

type Outcome = 'done' | 'behind' | 'failed';
/** A look that a test ends: with what it has found, having verified the log or not. */
type Look = { end: (outcome: Outcome | 'verified') => Promise<void> };

let home: string;
let states: StateDatabase[];
const { signal } = new AbortController();
const mostMs = 15_000;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'causeway-doubt-'));
  states = [];
});
afterEach(async () => {
  for (const state of states) await state.close();
  await rm(home, { recursive: true, force: true });
});

/** A program of the home, and what is seen of its doubt. */
function openProgram() {
  const state = new StateDatabase(home);
  states.push(state);
  const clock = { ms: 0 };
  const late = Promise.withResolvers<undefined>();
  const looks: Look[] = [];
  let onLook: (() => void) | undefined;
  let over = 0;
  const doubt = new LogDoubt({
    ...{ state, mostMs, signal, now: () => clock.ms, onOver: () => over++ },
    report: (error) => expect.unreachable(String(error)),
    pause: (ms) => (ms === mostMs ? late.promise : Promise.resolve()),
    look: () => {
      const { reason } = doubt;
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      looks.push({
        end: async (outcome) => {
          if (outcome === 'verified') await doubt.verified(reason);
          resolve(outcome === 'verified' ? 'done' : outcome);
        },
      });
      onLook?.();
      return promise;
    },
  });
  return {
    ...{ doubt, state, clock, looks, late },
    countOver: () => over,
    /** The look of this number, once it has begun. */
    look: async (number: number): Promise<Look> => {
      while (looks.length < number) await new Promise<void>((resolve) => (onLook = resolve));
      return looks[number - 1]!;
    },
  };
}

test('many reasons at a time have the log looked at once, and what waits goes on whatever becomes of the look', async () => {
  const { doubt, look, looks, countOver } = openProgram();
  expect(doubt.end).toBeUndefined();
  for (let count = 0; count < 3; count++) doubt.raise();
  const waiting = doubt.end;
  await (await look(1)).end('failed');
  await waiting;
  expect([looks.length, countOver(), doubt.end]).toEqual([1, 1, undefined]);
});

test('what waits goes on by itself where the look has no end, and the doubt stays', async () => {
  const { doubt, look, late } = openProgram();
  doubt.raise();
  const waiting = doubt.end;
  await look(1);
  late.resolve(undefined);
  await waiting;
  expect(doubt.end).toBeUndefined();
  expect(doubt.reason).toBeDefined();
});

test.each(['failed', 'verified'] as const)(
  'a reason that comes during a look has another one made before anything goes on, though the first has %s',
  async (first) => {
    const { doubt, look, countOver } = openProgram();
    doubt.raise();
    const old = await look(1);
    doubt.raise();
    await old.end(first);
    const next = await look(2);
    expect([countOver(), doubt.end === undefined]).toEqual([0, false]);
    const waiting = doubt.end;
    await next.end('verified');
    await waiting;
    expect([countOver(), doubt.end, doubt.reason]).toEqual([1, undefined, undefined]);
  },
);

test('a look that began before the newest reason ends no doubt, be it of another program of the home', async () => {
  const [command, service] = [openProgram(), openProgram()];
  const begunWith: (string | undefined)[] = [service.doubt.reason];
  const raised = async (outcome: Outcome | 'verified'): Promise<void> => {
    const number = command.looks.length + 1;
    command.doubt.raise();
    const { end } = await command.look(number);
    begunWith.push(service.doubt.reason);
    await end(outcome);
    await command.doubt.end;
  };
  await raised('verified');
  await raised('verified');
  await raised('failed');
  const newest = begunWith.pop();
  for (const reason of begunWith) await service.doubt.verified(reason);
  expect(service.doubt.reason).toBe(newest);
  await service.doubt.verified(newest);
  expect(command.doubt.reason).toBeUndefined();
});

test('a reason that another program has met leaves this one, whose look was good, ready to look at the next', async () => {
  const [command, service] = [openProgram(), openProgram()];
  service.doubt.raise();
  const { end } = await service.look(1);
  command.doubt.raise();
  await (await command.look(1)).end('failed');
  await command.doubt.end;
  await end('verified');
  await service.doubt.end;
  expect(service.doubt.reason).toBeDefined();
  service.doubt.raise();
  expect(service.doubt.end).toBeDefined();
  await (await service.look(2)).end('verified');
  await service.doubt.end;
  expect(service.doubt.reason).toBeUndefined();
});

test('a reason that comes while the end of a doubt is being written down stays', async () => {
  const { doubt, look } = openProgram();
  doubt.raise();
  await (await look(1)).end('failed');
  await doubt.end;
  const verified = doubt.verified(doubt.reason);
  doubt.raise();
  await verified;
  await (await look(2)).end('failed');
  await doubt.end;
  expect(doubt.reason).toBeDefined();
});

test.each(['a session that begins in doubt', 'a reason'])(
  'with %s, a log that is missing for a moment is asked for until it is there',
  async (how) => {
    const before = openProgram();
    if (how !== 'a reason') {
      before.doubt.raise();
      await (await before.look(1)).end('failed');
      await before.doubt.end;
    }
    const { doubt, look, looks } = openProgram();
    if (how === 'a reason') doubt.raise();
    else doubt.sessionBegins();
    const waiting = doubt.end;
    await (await look(1)).end('behind');
    await (await look(2)).end('behind');
    await (await look(3)).end('verified');
    await waiting;
    expect([looks.length, doubt.reason]).toEqual([3, undefined]);
  },
);

test('a session that begins without a doubt has nothing looked at', () => {
  const { doubt, looks } = openProgram();
  doubt.sessionBegins();
  expect([looks.length, doubt.end]).toEqual([0, undefined]);
});

test('each reason after a good look has the log looked at, but after one that failed only those after a minute, and a new session', async () => {
  const { doubt, clock, look, looks, state } = openProgram();
  const raised = async (outcome: 'verified' | 'failed'): Promise<void> => {
    const number = looks.length + 1;
    doubt.raise();
    await (await look(number)).end(outcome);
    await doubt.end;
  };
  await raised('verified');
  await raised('verified');
  await raised('failed');
  const before = doubt.reason;
  clock.ms += 59_999;
  doubt.raise();
  expect(doubt.end).toBeUndefined();
  await state.write(() => undefined);
  expect(doubt.reason).not.toBe(before);
  doubt.sessionBegins();
  await (await look(4)).end('failed');
  await doubt.end;
  clock.ms += 60_000;
  await raised('verified');
  await raised('verified');
});
