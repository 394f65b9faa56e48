import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { alertMessageId } from '../../../gateway/correlator/alert-document.ts';
import type { Alert } from '../../../gateway/correlator/alert.ts';
import { CorrelationRun, type RunDependencies } from '../../../gateway/correlator/correlation-run.ts';
import type { Pattern } from '../../../gateway/correlator/patterns/pattern.ts';
import { maxStuck, type LetGo } from '../../../gateway/correlator/stuck-alerts.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import { messageId } from '../store/synthetic-messages.ts';
import { dayMs, patternsOf } from './pattern-text.ts';
import { ailsa, morven, SharedStore, start } from './shared-store.ts';

const [each, twice, unanswered] = patternsOf({
  'each.yaml':
    'title: Each\nsingle-agency: it is enough\ncorrelation:\n  type: event_count\n  rules: [c]\n' +
    '  timespan: 1d\n  condition: { gte: 1 }\n',
  'twice.yaml':
    'title: Two agencies\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 9d\n' +
    '  agencies: 2\n  condition: { gte: 2 }\n',
  'unanswered.yaml':
    'title: No answer\nsingle-agency: it waits\ncorrelation:\n  type: event_count\n  rules: [b]\n' +
    '  timespan: 1d\n  condition: { gte: 1 }\nabsent: { rules: [c], within: 2d }\nlateness: 1d\n',
});

let store: SharedStore;
let now: number;
/** Ids of the alerts that were handed on; the sender leaves alone what it has sent. */
let handedOn: string[];
const sent = (): readonly string[] => [...new Set(handedOn)];
/** What the next sendings do instead. */
let faults: Error[];
let accepted: string[];
/** Which alerts can be neither sent nor recorded; and those that were tried all the same. */
let isStuck: (alert: Alert) => boolean;
let tried: string[];
/** Which of them are not tried any more, and why. */
let letGo: [id: string, why: LetGo][];

beforeEach(() => {
  store = new SharedStore();
  now = start;
  handedOn = [];
  faults = [];
  accepted = [];
  isStuck = () => false;
  tried = [];
  letGo = [];
});

/** A notice of day `day`, accepted at once. */
function accept(day: number, category: string, source: string, child = morven): void {
  now = Math.max(now, store.accept(day, category, source, child));
}

/** A gateway that has just started. */
function run(
  gateway = 'one',
  patterns: readonly Pattern[] = [twice!, unanswered!],
  changes: Partial<RunDependencies> = {},
): CorrelationRun {
  const deps: RunDependencies = {
    store: store.for(gateway),
    now: () => now,
    agreement: { agencies: new Map(), categories: new Map() },
    patterns,
    send: async (alert: Alert) => {
      const fault = faults.shift();
      if (fault !== undefined) await Promise.reject(fault);
      tried.push(alertMessageId(alert));
      if (isStuck(alert)) return false;
      handedOn.push(alertMessageId(alert));
      return true;
    },
    letGo: (alert, why) => letGo.push([alertMessageId(alert), why]),
    wasSent: (alert) => Promise.resolve(handedOn.includes(alertMessageId(alert))),
    accepted: ({ envelope }) => {
      accepted.push(envelope.id);
      return Promise.resolve(false);
    },
    ...changes,
  };
  return new CorrelationRun(deps);
}

const down = (): CausewayError => new CausewayError('store-unavailable');

describe('looking', () => {
  it('sends what two agencies complete, once, however often and wherever it is looked', async () => {
    const gateway = run();
    accept(0, 'a', 'police/hub');
    await gateway.look();
    expect(sent()).toEqual([]);
    accept(1, 'a', 'health/ae');
    accept(1, 'a', 'school/office', ailsa);
    await gateway.look();
    await gateway.look();
    await run().look();
    await run('two').look();
    expect(sent()).toHaveLength(1);
    expect(accepted).toEqual([1, 2, 3].map(messageId));
  });

  it.each([
    ['by the same gateway', false],
    ['by one that starts anew', true],
  ])('sends again what failed between evaluation and sending, %s', async (_, isRestarted) => {
    accept(0, 'a', 'police/hub');
    accept(1, 'a', 'health/ae');
    const first = run();
    faults = [down()];
    await expect(first.look()).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(sent()).toEqual([]);
    const next = isRestarted ? run('two') : first;
    await next.look();
    await next.look();
    expect(sent()).toHaveLength(1);
  });

  describe('with an alert that can be neither sent nor recorded', () => {
    const isOf = (child: number) => (alert: Alert) => alert.events[0]?.id === messageId(child);

    beforeEach(() => {
      accept(0, 'a', 'police/hub');
      accept(0, 'a', 'police/hub', ailsa);
      isStuck = isOf(1);
    });

    it('hands on those behind it, goes on with its marks, and hands it on within a minute of when that is possible', async () => {
      const gateway = run();
      await gateway.look();
      accept(1, 'a', 'health/ae');
      accept(1, 'a', 'health/ae', ailsa);
      await gateway.look();
      expect([sent().length, gateway.stuck]).toEqual([1, 1]);
      expect(store.marks.get('correlator.position')).toBe(4);
      now += 54_000;
      await gateway.look();
      expect(tried).toHaveLength(2);
      now += 1_000;
      await gateway.look();
      expect(tried).toHaveLength(3);
      isStuck = () => false;
      for (let times = 0; times < 2; times += 1) {
        now += 60_000;
        await gateway.look();
      }
      expect([handedOn.length, gateway.stuck, tried.length]).toEqual([2, 0, 4]);
      expect(accepted).toEqual([1, 2, 3, 4].map(messageId));
    });

    it.each<[string, { erased: number; damaged?: number }, number, LetGo[]]>([
      ['is handed on after another case was erased', { erased: 2 }, 1, []],
      ['is not handed on after its own was, which is said', { erased: 1 }, 0, ['evidence-gone']],
      [
        'is let go, which is said, where another case was erased and its evidence is damaged',
        { erased: 2, damaged: 1 },
        ...([0, ['evidence-gone']] as [number, LetGo[]]),
      ],
    ])('%s', async (_, { erased, damaged }, expected, said) => {
      const gateway = run();
      await gateway.look();
      accept(1, 'a', 'health/ae');
      await gateway.look();
      const [stuck] = tried;
      if (damaged !== undefined) store.damage(damaged);
      store.erase(erased);
      isStuck = () => false;
      for (let times = 0; times < 2; times += 1) {
        now += 60_000;
        await gateway.look();
      }
      expect([sent().length, gateway.stuck]).toEqual([expected, 0]);
      expect(letGo).toEqual(said.map((why) => [stuck, why]));
    });

    it('holds no more than the newest, says which it lets go, and loses none where the store fails meanwhile', async () => {
      isStuck = () => true;
      const gateway = run('one', [each!]);
      await gateway.look();
      for (let nth = 0; nth < 1.5 * maxStuck; nth += 1) {
        const birthDate = new Date(start - (400 + 40 * nth) * dayMs).toISOString().slice(0, 10);
        accept(1, 'c', 'police/hub', { ...ailsa, birthDate });
      }
      await gateway.look();
      const newest = tried.slice(-maxStuck);
      expect([new Set(tried).size, gateway.stuck]).toEqual([tried.length, maxStuck]);
      expect(tried.length).toBeGreaterThan(1.2 * maxStuck);
      expect(letGo).toEqual(tried.slice(0, -maxStuck).map((id) => [id, 'too-many']));
      now += 60_000;
      faults = [down()];
      await expect(gateway.look()).rejects.toMatchObject({ code: 'store-unavailable' });
      tried = [];
      now += 60_000;
      await gateway.look();
      expect([tried, gateway.stuck]).toEqual([newest, maxStuck]);
    });
  });

  it('that crashes after sending and before noting it hands on the same alert, with the same id', async () => {
    accept(0, 'a', 'police/hub');
    accept(1, 'a', 'health/ae');
    await run().look();
    store.marks.clear();
    await run('two').look();
    expect(handedOn).toHaveLength(2);
    expect(sent()).toHaveLength(1);
  });

  describe('with a mark that somebody has set beyond the log', () => {
    const places: [position: number, leaves: number][] = [];
    const onPlaceBeyondLog = (position: number, leaves: number): unknown => places.push([position, leaves]);
    const begin = (name: string, changes: Partial<RunDependencies> = {}): CorrelationRun =>
      run(name, [twice!], { onPlaceBeyondLog, ...changes });

    beforeEach(async () => {
      places.length = 0;
      accept(0, 'a', 'police/hub', ailsa);
      accept(0, 'a', 'health/ae', ailsa);
      // History, of which nothing is told.
      now += 60_000;
      await begin('one').look();
      expect(sent()).toEqual([]);
      accept(1, 'a', 'police/hub');
      now += 60_000;
    });

    it.each([
      ['by the gateway that looked before', false],
      ['by one that starts anew', true],
    ])(
      'says so once, and alerts about what came since the last look and about nothing before, %s',
      async (_, isRestarted) => {
        const first = begin('one');
        await first.look();
        store.marks.set('correlator.position', 1_000);
        accept(2, 'a', 'health/ae');
        const next = isRestarted ? begin('two') : first;
        await next.look();
        expect([sent().length, places]).toEqual([1, [[1_000, 4]]]);
        expect(store.marks.get('correlator.position')).toBe(4);
        accept(3, 'a', 'police/hub', ailsa);
        await next.look();
        expect(places).toHaveLength(1);
      },
    );

    it.each([
      ['the gateway that looked before, of what it had not read', false, 1],
      ['one that starts anew, of all that it reads', true, 2],
    ])('and with the mark of time in the future: no alert is lost by %s', async (_, isRestarted, alerts) => {
      const first = begin('one');
      await first.look();
      store.marks.set('correlator.position', 1_000);
      store.marks.set('correlator.time', now + 40 * dayMs);
      accept(2, 'a', 'health/ae');
      now += dayMs;
      const next = isRestarted ? begin('two') : first;
      faults = [down()];
      await expect(next.look()).rejects.toMatchObject({ code: 'store-unavailable' });
      await next.look();
      expect([sent().length, places]).toEqual([alerts, [[1_000, 4]]]);
      await begin('three').look();
      expect(sent()).toHaveLength(alerts);
    });

    it('does so also where that look is cut short', async () => {
      store.marks.set('correlator.position', 1_000);
      accept(2, 'a', 'health/ae');
      faults = [down()];
      await expect(begin('two').look()).rejects.toMatchObject({ code: 'store-unavailable' });
      await begin('three').look();
      expect([sent().length, places]).toEqual([1, [[1_000, 4]]]);
    });
  });

  it('is for one gateway at a time; one that lost its turn notes nothing', async () => {
    accept(0, 'a', 'police/hub');
    accept(1, 'a', 'health/ae');
    const held = await store.for('two').takeLease('correlator', 1_000);
    expect(await run().look()).toBe(false);
    expect(sent()).toEqual([]);
    await store.for('two').releaseLease(held!);
    const slow = run('one', [twice!], {
      send: () => {
        store.dropLeases();
        return Promise.resolve(true);
      },
    });
    await expect(slow.look()).rejects.toMatchObject({ code: 'lease-lost' });
    expect(store.marks.has('correlator.position')).toBe(false);
  });

  it('renews its lease while it looks for long, and sends nothing once another gateway has it', async () => {
    const one = store.for('one');
    let isTaken = false;
    const readSlowly: RunDependencies['store']['readAcceptances'] = async (after, _, since) => {
      now += 2_000;
      if (isTaken && after > 5) {
        store.dropLeases();
        await store.for('two').takeLease('correlator', 1_000);
      }
      return await one.readAcceptances(after, 1, since);
    };
    const takeLease = vi.fn(one.takeLease);
    const gateway = run('one', [twice!], { store: { ...one, readAcceptances: readSlowly, takeLease } });
    for (let nth = 0; nth < 5; nth++) accept(nth / 100, 'x', 'police/hub');
    expect(await gateway.look()).toBe(true);
    expect(takeLease.mock.calls.length).toBeGreaterThan(2);
    isTaken = true;
    for (let nth = 0; nth < 5; nth++) accept(0.1 + nth / 100, 'x', 'police/hub');
    accept(0.2, 'a', 'police/hub');
    accept(1, 'a', 'health/ae');
    await expect(gateway.look()).rejects.toMatchObject({ code: 'lease-lost' });
    expect(sent()).toEqual([]);
  });

  it('lets what follows a look keep its lease, or end once another gateway has it', async () => {
    const takeLease = vi.fn(store.for('one').takeLease);
    let pieces = 0;
    const gateway = run('one', [twice!], {
      store: { ...store.for('one'), takeLease },
      looked: async (_, renew) => {
        for (pieces = 0; pieces < 10; pieces += 1) {
          if (pieces === 6) {
            store.dropLeases();
            await store.for('two').takeLease('correlator', 1_000);
          }
          now += 2_000;
          await renew();
        }
      },
    });
    await expect(gateway.look()).rejects.toMatchObject({ code: 'lease-lost' });
    expect([pieces, takeLease.mock.calls.length]).toEqual([7, 1 + 4]);
  });

  it('sends what a deadline brings, once, also over a restart', async () => {
    const gateway = run();
    accept(0, 'b', 'police/hub');
    await gateway.look();
    now = start + 2.5 * dayMs;
    await gateway.look();
    expect(sent()).toEqual([]);
    now = start + 4 * dayMs;
    await run('two').look();
    await gateway.look();
    await run('three').look();
    expect(sent()).toHaveLength(1);
  });

  it.each([
    ['ahead', 10],
    ['behind', -10],
  ])(
    'sends what a deadline brings in its time, once, although the clock stood ten days %s',
    async (_, days) => {
      const firedAt: number[] = [];
      const futureMarks: number[] = [];
      const changes: Partial<RunDependencies> = {
        onFutureMark: (aheadMs) => futureMarks.push(aheadMs),
        send: (alert) => {
          handedOn.push(alertMessageId(alert));
          firedAt.push((now - start) / dayMs);
          return Promise.resolve(true);
        },
      };
      const gateway = run('one', [unanswered!], changes);
      accept(0, 'x', 'police/hub');
      await gateway.look();
      now = start + days * dayMs;
      await gateway.look();
      store.accept(0.5, 'b', 'police/hub');
      for (let day = 1; day < 20; day += 1) {
        now = start + day * dayMs;
        await gateway.look();
      }
      await run('two', [unanswered!], changes).look();
      expect(sent()).toHaveLength(1);
      expect(firedAt[0]).toBe(4);
      expect(futureMarks.length).toBeLessThanOrEqual(1);
    },
  );

  it.each([
    ['by the gateway that took it in', false],
    ['by one that starts anew', true],
  ])('goes on after a notice was accepted by a clock that stood years ahead, %s', async (_, isRestarted) => {
    const futureMarks: number[] = [];
    // In portions of one: what is sorted by arrival within one portion hides much.
    const storeOf = (name: string): RunDependencies['store'] => {
      const whole = store.for(name);
      return { ...whole, readAcceptances: (after, _, since) => whole.readAcceptances(after, 1, since) };
    };
    const begin = (name: string): CorrelationRun =>
      run(name, [twice!], {
        onFutureMark: (aheadMs: number) => futureMarks.push(aheadMs),
        store: storeOf(name),
      });
    const gateway = begin('one');
    accept(0, 'a', 'police/hub');
    await gateway.look();
    store.accept(800, 'x', 'police/hub', ailsa);
    now = start + 800 * dayMs;
    await gateway.look();
    now = start + 2 * dayMs;
    accept(2, 'a', 'health/ae');
    await (isRestarted ? begin('two') : gateway).look();
    expect(sent()).toHaveLength(1);
    expect(futureMarks).toHaveLength(1);
    now = start + 3 * dayMs;
    accept(3, 'a', 'police/hub', ailsa);
    accept(3, 'a', 'health/ae', ailsa);
    await begin('three').look();
    expect(sent()).toHaveLength(2);
  });

  it('sends what a deadline brings that was over when its evidence came, by a clock a little behind', async () => {
    now = start + 10 * dayMs;
    const behind = run('two', [unanswered!], { now: () => now - 30_000 });
    store.accept(10, 'x', 'police/hub');
    await run('one', [unanswered!]).look();
    await behind.look();
    now += 5_000;
    store.accept(10 - 25_000 / dayMs, 'b', 'police/hub');
    store.acceptances.splice(-1, 1, { ...store.acceptances.at(-1)!, time: start + 2 * dayMs });
    await behind.look();
    await run('one', [unanswered!]).look();
    expect(sent()).toHaveLength(1);
  });

  it.each(['by the same gateway', 'by the same one, started anew', 'by another one'])(
    'sends the same also where a look fails between evidence and deadline, %s',
    async (who) => {
      now = start + 10 * dayMs;
      let isFailing = false;
      const two = store.for('two');
      const begin = (): CorrelationRun =>
        run('two', undefined, {
          now: () => now - 30_000,
          store: {
            ...two,
            // In portions of one: how far it has come is noted between them.
            readAcceptances: async (after, _, since) => {
              const portion = await two.readAcceptances(after, 1, since);
              if (isFailing && after > 0 && portion.length === 0) throw down();
              return portion;
            },
          },
        });
      const behind = begin();
      await run('one').look();
      await behind.look();
      now += 5_000;
      store.accept(10 - 25_000 / dayMs, 'b', 'police/hub');
      store.acceptances.splice(-1, 1, { ...store.acceptances.at(-1)!, time: start + 2 * dayMs });
      for (const source of ['police/hub', 'health/ae']) store.accept(10 - 26_000 / dayMs, 'a', source, ailsa);
      isFailing = true;
      await expect(behind.look()).rejects.toMatchObject({ code: 'store-unavailable' });
      // No mark says that it was looked at: for others it is news as well.
      expect(store.marks.get('correlator.position')).toBe(0);
      isFailing = false;
      const next = { 'by the same gateway': behind, 'by another one': run('one') }[who] ?? begin();
      await next.look();
      // Where the clock is behind, the deadline is over only now.
      now += 60_000;
      await run('three').look();
      expect(sent()).toHaveLength(2);
    },
  );

  it.each(['the same gateway', 'another one, and then the same'])(
    'hands on no alert that waited while a late notice changed it; next looks: %s',
    async (who) => {
      const noticed = (): void => {
        store.accept(0.1, 'a', 'police/hub');
        store.accept(0.3, 'a', 'health/ae');
      };
      const late = (): number => store.accept(0.2, 'a', 'school/office');
      const quiet = run();
      noticed();
      late();
      now = start + dayMs;
      await quiet.look();
      const undisturbed = sent();
      expect(undisturbed).toHaveLength(2);

      store = new SharedStore();
      now = start;
      handedOn = [];
      const gateway = run();
      noticed();
      now = start + dayMs;
      faults = [down()];
      await expect(gateway.look()).rejects.toMatchObject({ code: 'store-unavailable' });
      late();
      if (who !== 'the same gateway') await run('two').look();
      await gateway.look();
      expect(sent()).toEqual(undisturbed);
    },
  );

  it('tells nothing again of an alert that waited here, and that another gateway sent before a late notice changed it', async () => {
    const [one, two] = [run(), run('two')];
    store.accept(0.1, 'a', 'police/hub');
    store.accept(0.3, 'a', 'health/ae');
    now = start + dayMs;
    faults = [down()];
    await expect(one.look()).rejects.toMatchObject({ code: 'store-unavailable' });
    await two.look();
    expect(sent()).toHaveLength(1);
    store.accept(0.2, 'a', 'health/ae');
    await one.look();
    await two.look();
    expect(sent()).toHaveLength(1);
  });

  it.each([
    ['notices of a long history', 48, 1],
    ['notices that name nobody', 480, 0],
    ['subjects of one notice', 1, 48],
  ])('lets others have their turn every half millisecond, between %s', async (_, notices, subjects) => {
    for (let nth = 0; nth < notices; nth++)
      store.accept(nth / 100, 'x', 'police/hub', ...Array.from({ length: subjects }, () => morven));
    if (subjects === 0)
      for (const [nth, known] of store.acceptances.entries())
        store.acceptances[nth] = { ...known, subjects: [] };
    let turns = 0;
    let isLooking = true;
    const count = (): void => {
      turns += 1;
      if (isLooking) setImmediate(count);
    };
    setImmediate(count);
    let uptimeMs = 0;
    await run('one', [twice!], { uptimeMs: () => (uptimeMs += 0.125) }).look();
    isLooking = false;
    expect(turns).toBeGreaterThanOrEqual((notices * Math.max(1, subjects) * 0.5) / 3);
  });

  it('ends soon where it is stopped, and the next to look sends what it had not come to', async () => {
    const one = store.for('one');
    const changes: Partial<RunDependencies> = {
      store: { ...one, readAcceptances: (after, _, since) => one.readAcceptances(after, 2, since) },
      onRead: () => gateway.stop(),
    };
    const gateway = run('one', [twice!], changes);
    for (let nth = 0; nth < 4; nth++) accept(nth / 100, 'x', 'police/hub');
    accept(0.1, 'a', 'police/hub');
    accept(1, 'a', 'health/ae');
    expect(await gateway.look()).toBe(false);
    expect(accepted).toEqual([1, 2].map(messageId));
    expect(sent()).toEqual([]);
    expect(await run('two', [twice!]).look()).toBe(true);
    expect(sent()).toHaveLength(1);
  });

  it('tells of each portion that it has read, with the times of arrival', async () => {
    const portions: object[] = [];
    accept(0, 'x', 'police/hub');
    accept(1, 'x', 'police/hub');
    await run('one', [twice!], { onRead: (portion) => portions.push(portion) }).look();
    expect(portions).toEqual([{ notices: 2, from: start, to: start + dayMs }]);
  });

  it('notes how far it has come every five seconds, and at once when it has sent something', async () => {
    const one = store.for('one');
    const noted: number[] = [];
    const changes: Partial<RunDependencies> = {
      store: {
        ...one,
        readAcceptances: async (after, _, since) => {
          now += 1_000;
          return await one.readAcceptances(after, 1, since);
        },
        setMarks: async (marks, lease) => {
          await one.setMarks(marks, lease);
          noted.push(marks.get('correlator.position')!);
        },
      },
    };
    const gateway = run('one', [twice!], changes);
    accept(0, 'x', 'police/hub');
    await gateway.look();
    noted.length = 0;
    for (let nth = 0; nth < 11; nth++) accept(0.1 + nth / 100, 'x', 'police/hub');
    await gateway.look();
    // The clock moves with each reading, and the next ones are under way while a portion is worked on.
    expect(noted).toEqual([2, 7, 12]);
    noted.length = 0;
    accept(0.3, 'a', 'police/hub');
    accept(0.4, 'a', 'health/ae');
    accept(0.5, 'x', 'health/ae');
    await gateway.look();
    expect(noted).toEqual([13, 14, 15]);
  });

  it('sends nothing about what lay before, when patterns change', async () => {
    accept(0, 'a', 'police/hub');
    accept(1, 'a', 'health/ae');
    now += 60_000;
    await run('one', [unanswered!]).look();
    await run('one', [twice!]).look();
    expect(sent()).toEqual([]);
    accept(2, 'a', 'school/office');
    await run('one', [twice!]).look();
    expect(sent()).toHaveLength(1);
  });

  it('sends nothing of a deadline that had passed before new patterns, although a notice comes only later', async () => {
    accept(0, 'b', 'police/hub');
    await run('one', [twice!]).look();
    accept(2.9, 'x', 'police/hub');
    now = start + 5 * dayMs;
    await run('one', [twice!]).look();
    accept(6, 'x', 'police/hub');
    await run('one', [unanswered!]).look();
    expect(sent()).toEqual([]);
  });

  it.each([
    ['', false],
    [', also where the first look is cut short', true],
  ])(
    'sends nothing about what the store held before patterns were first put into force%s',
    async (_, isCut) => {
      for (const day of [0, 1, 2]) accept(day, 'a', day === 1 ? 'health/ae' : 'police/hub');
      accept(2, 'b', 'police/hub', ailsa);
      now = start + 8 * dayMs;
      const one = store.for('one');
      const first = run('one', [twice!, unanswered!], {
        store: { ...one, readAcceptances: (after, _limit, since) => one.readAcceptances(after, 1, since) },
        onRead: () => (isCut ? first.stop() : undefined),
      });
      expect(await first.look()).toBe(!isCut);
      now += 60_000;
      // It counts as evidence of what follows.
      accept(9, 'a', 'school/office');
      await run('two').look();
      expect(accepted).toEqual([messageId(5)]);
      expect(sent()).toHaveLength(1);
    },
  );

  it('shows history further back than what was told is remembered, where somebody needs it', async () => {
    accept(0, 'x', 'police/hub');
    now = start + 850 * dayMs;
    const shownOf = async (changes: Partial<RunDependencies>): Promise<number> => {
      let shown = 0;
      await run('one', [twice!], { seen: () => void (shown += 1), ...changes }).look();
      return shown;
    };
    expect(await shownOf({})).toBe(0);
    expect(await shownOf({ reachMs: 900 * dayMs })).toBe(1);
  });

  it('names no notice of a case that was erased since it was looked last', async () => {
    const evidence: string[][] = [];
    const gateway = run('one', [twice!], {
      send: (alert: Alert) => {
        evidence.push(alert.events.map(({ id }) => id));
        return Promise.resolve(true);
      },
    });
    accept(0, 'a', 'police/hub');
    accept(1, 'a', 'police/hub');
    await gateway.look();
    store.erase(1);
    accept(2, 'a', 'health/ae');
    await gateway.look();
    expect(evidence).toEqual([[messageId(2), messageId(4)]]);
  });

  it('does not hand on what it could not hand on before, once the case is erased', async () => {
    const gateway = run('one', [twice!]);
    accept(0, 'a', 'police/hub');
    accept(1, 'a', 'health/ae');
    faults.push(down());
    await expect(gateway.look()).rejects.toMatchObject({ code: 'store-unavailable' });
    store.erase(1);
    await gateway.look();
    expect(sent()).toEqual([]);
  });

  it('tells nothing again after any restart, while agencies write of a child without a pause', async () => {
    const notice = fc.record({
      gapDays: fc.integer({ min: 1, max: 6 }),
      source: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom('police/hub', 'health/ae') },
        { weight: 1, arbitrary: fc.constantFrom('school/office', 'housing/desk') },
      ),
      isRestarted: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(notice, { minLength: 80, maxLength: 120 }), async (notices) => {
        const results: string[][] = [];
        for (const mayRestart of [false, true]) {
          store = new SharedStore();
          now = start;
          handedOn = [];
          let day = 0;
          let gateway = run();
          for (const { gapDays, source, isRestarted } of notices) {
            day += gapDays;
            accept(day, 'a', source);
            if (mayRestart && isRestarted) gateway = run();
            await gateway.look();
          }
          results.push([...sent()]);
        }
        expect(results[1]).toEqual(results[0]);
      }),
      { numRuns: 10 },
    );
  });

  it('raises the same alerts, whenever it was looked and restarted between', async () => {
    const notice = fc.record({
      gapHours: fc.integer({ min: 0, max: 60 }),
      category: fc.constantFrom('a', 'b', 'c'),
      source: fc.constantFrom('police/hub', 'health/ae', 'school/office'),
      child: fc.constantFrom(morven, ailsa),
      look: fc.constantFrom('no', 'look', 'restart', 'crash'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(notice, { maxLength: 12 }), async (notices) => {
        const results: string[][] = [];
        for (const isStepwise of [false, true]) {
          store = new SharedStore();
          now = start;
          handedOn = [];
          faults = [];
          let day = 0;
          let gateway = run();
          await gateway.look();
          store.dropLeases();
          for (const { gapHours, category, source, child, look } of notices) {
            day += gapHours / 24;
            accept(day, category, source, child);
            if (!isStepwise || look === 'no') continue;
            if (look === 'restart') gateway = run('two');
            faults = look === 'crash' ? [down()] : [];
            await gateway.look().catch(() => undefined);
            store.dropLeases();
          }
          faults = [];
          now += 30 * dayMs;
          await gateway.look();
          results.push(sent().toSorted());
        }
        expect(results[1]).toEqual(results[0]);
      }),
      { numRuns: 60 },
    );
  });
});
