import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Schedule, takeSlot } from '../../../gateway/correlator/schedule.ts';
import { SharedStore } from './shared-store.ts';

const noon = Date.UTC(2026, 0, 5, 12);
const key = (minute: number): string => `correlator:${new Date(noon + minute * 60_000).toISOString()}`;

describe('a slot', () => {
  it('is taken by one of several gateways, and never again', async () => {
    const store = new SharedStore();
    const gateways = ['one', 'two', 'three'].map((name) => store.for(name));
    const taken = await Promise.all(gateways.map((gateway) => takeSlot(key(0), gateway)));
    expect(taken.filter(Boolean)).toHaveLength(1);
    for (const gateway of gateways) expect(await takeSlot(key(0), gateway)).toBe(false);
    expect(await takeSlot(key(1), gateways[2]!)).toBe(true);
    expect(await takeSlot(key(0), gateways[1]!)).toBe(false);
  });

  it('is taken also where a clock that stood a day ahead left its mark, which is told of once', async () => {
    const ahead: number[] = [];
    const gateway = new SharedStore().for('one');
    const take = (minute: number): Promise<boolean> =>
      takeSlot(key(minute), gateway, { onFutureMark: (aheadMs) => ahead.push(aheadMs) });
    expect(await take(24 * 60)).toBe(true);
    expect(await take(0)).toBe(true);
    expect(await take(0)).toBe(false);
    expect(await take(1)).toBe(true);
    expect(ahead).toEqual([24 * 60 * 60_000]);
  });

  it('is gone where another gateway, a little ahead, has taken the next one already', async () => {
    const store = new SharedStore();
    const nextMs = noon + 15 * 60_000;
    expect(await takeSlot(key(15), store.for('one'))).toBe(true);
    expect(await takeSlot(key(0), store.for('two'), { nextMs })).toBe(false);
  });

  it('must have a time', async () => {
    await expect(takeSlot('correlator', new SharedStore().for('one'))).rejects.toThrow(RangeError);
  });
});

describe('a schedule', () => {
  let store: SharedStore;
  let schedules: Schedule[];
  let errors: unknown[];
  const looks: Record<string, number> = {};

  /** A gateway on the shared store; `looking` does its work. */
  const begin = (
    name: string,
    looking: () => Promise<boolean | 'left-over'> = () => Promise.resolve(true),
    mayTake = (): boolean => true,
  ): Schedule => {
    looks[name] = 0;
    const schedule = new Schedule({
      store: store.for(name),
      expression: '* * * * *',
      look: async () => {
        looks[name] = (looks[name] ?? 0) + 1;
        return looking();
      },
      mayTake,
      onError: (error) => errors.push(error),
    });
    schedules.push(schedule);
    schedule.start();
    return schedule;
  };

  beforeEach(() => {
    vi.useFakeTimers({ now: noon + 30_000 });
    store = new SharedStore();
    schedules = [];
    errors = [];
  });
  afterEach(async () => {
    await Promise.all(schedules.map((schedule) => schedule.close()));
    vi.useRealTimers();
  });

  it('looks at the start, and then once a slot, whichever gateway it is', async () => {
    begin('one');
    begin('two');
    await vi.advanceTimersByTimeAsync(0);
    expect(looks).toMatchObject({ one: 1, two: 1 });
    await vi.advanceTimersByTimeAsync(5 * 60_000);
    expect(looks.one! + looks.two!).toBe(2 + 5);
    await schedules[0]!.close();
    await vi.advanceTimersByTimeAsync(3 * 60_000);
    expect(looks.one! + looks.two!).toBe(2 + 8);
    expect(errors).toEqual([]);
  });

  it('leaves the slots to other gateways while it may take none', async () => {
    let mayTake = false;
    begin('one', undefined, () => mayTake);
    await vi.advanceTimersByTimeAsync(3 * 60_000);
    expect([...store.marks]).toEqual([]);
    begin('two');
    await vi.advanceTimersByTimeAsync(3 * 60_000);
    expect(looks).toMatchObject({ one: 1, two: 1 + 3 });
    await schedules[1]!.close();
    mayTake = true;
    await vi.advanceTimersByTimeAsync(3 * 60_000);
    expect(looks).toMatchObject({ one: 1 + 3 });
    expect(errors).toEqual([]);
  });

  it('looks once more for all that was asked for while it looked', async () => {
    const work = Promise.withResolvers<boolean>();
    const schedule = begin('one', () => work.promise);
    schedule.soon();
    schedule.soon();
    expect(looks.one).toBe(1);
    work.resolve(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(looks.one).toBe(2);
  });

  it('looks again for what was asked for just as it ended, however close to its end', async () => {
    for (let microtasks = 0; microtasks < 12; microtasks += 1) {
      const work = Promise.withResolvers<boolean>();
      const schedule = begin(`one ${microtasks}`, () => work.promise);
      work.resolve(true);
      for (let passed = 0; passed < microtasks; passed += 1) await Promise.resolve();
      schedule.soon();
      await vi.advanceTimersByTimeAsync(0);
      expect(looks[`one ${microtasks}`]).toBe(2);
    }
  });

  it('comes back after a failure, and after another gateway had its turn', async () => {
    const outcomes = [Promise.reject(new Error('disk')), Promise.resolve(false), Promise.resolve(true)];
    begin('one', () => outcomes.shift() ?? Promise.resolve(true));
    await vi.advanceTimersByTimeAsync(2_500);
    expect(looks.one).toBe(3);
    expect(errors).toMatchObject([{ message: 'disk' }]);
  });

  it('comes back each minute to what is left over, also while other gateways have the slots', async () => {
    const outcomes: ('left-over' | boolean)[] = ['left-over', 'left-over', true];
    begin(
      'one',
      () => Promise.resolve(outcomes.shift() ?? true),
      () => false,
    );
    await vi.advanceTimersByTimeAsync(59_000);
    expect(looks.one).toBe(1);
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(looks.one).toBe(3);
  });

  it('that is closed waits for its work and begins no other', async () => {
    const work = Promise.withResolvers<boolean>();
    const schedule = begin('one', () => work.promise);
    const closing = schedule.close();
    work.resolve(false);
    await closing;
    schedule.soon();
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(looks.one).toBe(1);
  });
});
