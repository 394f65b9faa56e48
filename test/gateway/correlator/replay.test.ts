import { beforeEach, describe, expect, it } from 'vitest';
import { alertKey } from '../../../gateway/correlator/alert.ts';
import type { Pattern } from '../../../gateway/correlator/patterns/pattern.ts';
import { alwaysInForce } from '../../../gateway/correlator/patterns/pattern.ts';
import { compareReplays, findNearMisses, replay, type Replay } from '../../../gateway/correlator/replay.ts';
import { dayMs, patternsOf } from './pattern-text.ts';
import { ailsa, SharedStore, start } from './shared-store.ts';

const id = '6dd5a7c9-7f2c-4d6c-9a55-0d0c3d9b8a11';
const text = (version: number, agencies: number, effective: string): string =>
  `title: Agencies\nid: ${id}\nversion: ${version}\neffective: { ${effective} }\ncorrelation:\n` +
  `  type: value_count\n  rules: [a, b]\n  timespan: 9d\n  condition: { field: agency, gte: ${agencies} }\n`;
const [three, two] = patternsOf({
  'v1.yaml': text(1, 3, 'until: 2026-02-28'),
  'v2.yaml': text(2, 2, 'from: 2026-03-01'),
});
const agreement = { agencies: new Map(), categories: new Map() };
const police = 'police/hub';
const health = 'health/ae';
const school = 'school/office';

let store: SharedStore;
beforeEach(() => {
  store = new SharedStore();
});

const tell = (patterns: readonly Pattern[], sinceDay = 0, untilDay = 100): Promise<Replay> =>
  replay(store.for('one'), {
    patterns,
    agreement,
    since: start + sinceDay * dayMs,
    until: start + untilDay * dayMs,
    now: start + 200 * dayMs,
  });

describe('a replay', () => {
  it('raises what would have been raised, and only what falls within its time', async () => {
    store.accept(0, 'a', police);
    store.accept(1, 'a', health);
    store.accept(2, 'b', school);
    store.accept(3, 'a', police, ailsa);
    const { alerts, notices } = await tell([three!]);
    expect(notices).toBe(4);
    expect(alerts).toMatchObject([{ firedAt: start + 2 * dayMs, tier: 'same' }]);
    expect(alerts[0]!.events.map(({ source }) => source)).toEqual([police, health, school]);
    // History from before the time counts as evidence.
    expect((await tell([three!], 2)).alerts).toHaveLength(1);
    expect((await tell([three!], 2.1)).alerts).toEqual([]);
    expect((await tell([three!], 0, 1.9)).alerts).toEqual([]);
  });

  it('keeps to the days on which each version is in force, unless they are set aside', async () => {
    store.accept(0, 'a', police);
    store.accept(1, 'a', health);
    expect((await tell([three!, two!])).alerts).toEqual([]);
    const { alerts } = await tell([alwaysInForce(two!)]);
    expect(alerts.map(({ pattern }) => pattern.version)).toEqual([2]);
  });

  it('of another order of acceptance raises the same', async () => {
    for (const [day, source] of [
      [0, police],
      [1, health],
      [2, school],
      [3, police],
    ] as const) {
      store.accept(day, 'a', source);
    }
    const inOrder = await tell([three!]);
    store.acceptances.reverse();
    store.acceptances.splice(
      0,
      4,
      ...store.acceptances.map((one, place) => ({ ...one, position: place + 1 })),
    );
    expect((await tell([three!])).alerts.map(alertKey)).toEqual(inOrder.alerts.map(alertKey));
  });
});

describe('near misses', () => {
  it('are windows of two notices or more that lack one step', async () => {
    store.accept(0, 'a', police);
    store.accept(1, 'a', health);
    store.accept(2, 'a', police, ailsa);
    const [miss, ...others] = findNearMisses(await tell([three!], 0, 10), [three!]);
    expect(others).toEqual([]);
    expect(miss!.nearest.events.map(({ source }) => source)).toEqual([police, health]);
    expect(miss!.explanation.reasons).toEqual([
      'within 9d it found 2 different values, 1 from its condition',
    ]);
  });

  it('are not told of what is so long ago that nothing can come of it', async () => {
    store.accept(0, 'a', police);
    store.accept(1, 'a', health);
    expect(findNearMisses(await tell([three!], 0, 100), [three!])).toEqual([]);
  });

  it('are no longer told of where an alert came of it', async () => {
    for (const [day, source] of [
      [0, police],
      [1, health],
      [2, school],
    ] as const)
      store.accept(day, 'a', source);
    expect(findNearMisses(await tell([three!], 0, 10), [three!])).toEqual([]);
  });
});

describe('two versions', () => {
  it('are compared by evidence and level, whatever their numbers', async () => {
    store.accept(0, 'a', police);
    store.accept(1, 'a', health);
    store.accept(30, 'a', police, ailsa);
    store.accept(31, 'a', health, ailsa);
    store.accept(32, 'a', school, ailsa);
    const [first, second] = await Promise.all([three!, two!].map((one) => tell([alwaysInForce(one)])));
    const { inBoth, onlyFirst, onlySecond } = compareReplays(first!.alerts, second!.alerts);
    // The second version tells of Ailsa earlier, and again when the school is news.
    expect([inBoth, onlyFirst.length, onlySecond.length]).toEqual([1, 0, 2]);
    expect(compareReplays(first!.alerts, first!.alerts)).toEqual({
      inBoth: 1,
      onlyFirst: [],
      onlySecond: [],
    });
  });
});
