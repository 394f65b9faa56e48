import { describe, expect, it } from 'vitest';
import { alertMessageId } from '../../../gateway/correlator/alert-document.ts';
import { CorrelationRun } from '../../../gateway/correlator/correlation-run.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import { dayMs, patternsOf } from './pattern-text.ts';
import { ailsa, morven, SharedStore, start } from './shared-store.ts';

const patterns = patternsOf({
  'two.yaml':
    'title: T\ncorrelation: { type: event_count, rules: [a], timespan: 9d, agencies: 2, condition: { gte: 2 } }\n',
  'unanswered.yaml':
    'title: No answer\nsingle-agency: it waits\n' +
    'correlation: { type: event_count, rules: [b], timespan: 1d, condition: { gte: 1 } }\n' +
    'absent: { rules: [c], within: 2d }\nlateness: 1d\n',
});

/** A store and its gateways, where each look at the clock costs as much as an expensive notice may. */
class Scene {
  readonly store = new SharedStore();
  readonly handedOn: string[] = [];
  /** Called before each renewal, with its number since the lease was first taken; may throw. */
  fault: (renewal: number) => void = () => undefined;
  renewals = 0;
  #uptime = 0;
  #now = start;

  setDay(day: number): void {
    this.#now = start + day * dayMs;
  }

  gateway(name: string): CorrelationRun {
    const port = this.store.for(name);
    return new CorrelationRun({
      store: {
        ...port,
        // In portions of one: what is sorted by arrival within one portion comes in no wrong order.
        readAcceptances: (after, _, since) => port.readAcceptances(after, 1, since),
        takeLease: async (...asked) => {
          this.fault((this.renewals += 1));
          return await port.takeLease(...asked);
        },
      },
      uptimeMs: () => (this.#uptime += 1_000),
      now: () => this.#now + this.#uptime,
      agreement: { agencies: new Map(), categories: new Map() },
      patterns,
      send: (alert) => Promise.resolve(this.handedOn.push(alertMessageId(alert)) > 0),
      wasSent: (alert) => Promise.resolve(this.handedOn.includes(alertMessageId(alert))),
      accepted: () => Promise.resolve(false),
    });
  }
}

it('the lease is renewed within one notice, and another gateway that has it ends the look', async () => {
  const scene = new Scene();
  for (let nth = 0; nth < 100; nth += 1)
    scene.store.accept(nth / 1000, 'a', nth % 2 === 0 ? 'police/hub' : 'school/one');
  scene.setDay(1);
  const run = scene.gateway('one');
  scene.fault = (renewal) => (renewal === 4 ? scene.store.dropLeases() : undefined);
  await expect(run.look()).rejects.toMatchObject({ code: 'lease-lost' });
  expect(scene.renewals).toBe(4);
  scene.fault = () => undefined;
  expect(await run.look()).toBe(true);
  // Every three seconds of at least one for each notice.
  expect(scene.renewals).toBeGreaterThan(25);
});

describe('whichever renewal of a look fails, all alerts are sent, and none twice', () => {
  const noFault = (): void => undefined;
  const faults = {
    'because the store cannot be reached': () => {
      throw new CausewayError('store-unavailable');
    },
    'because another gateway has the lease': ({ store }: Scene) => {
      store.dropLeases();
      void store.for('two').takeLease('correlator', 1);
    },
  };

  /** @returns what was handed on by a look in which a renewal fails, and by the next ones; and how many renewals there were */
  async function sentWith(fault: (scene: Scene, renewal: number) => void, next: 'same' | 'anew' | 'other') {
    const scene = new Scene();
    const first = scene.gateway('one');
    await first.look();
    const { store } = scene;
    store.accept(1, 'a', 'police/hub', morven);
    store.accept(2, 'a', 'health/ae', morven);
    store.accept(2.5, 'a', 'school/one', morven);
    // By a clock that is behind: the history is told again.
    store.accept(2.25, 'a', 'housing/desk', morven);
    for (const [nth, given] of ['Ailsa', 'Rhona', 'Effie', 'Una'].entries())
      store.accept(3 + nth / 100, 'b', 'police/hub', { ...ailsa, given });
    scene.setDay(10);
    scene.renewals = 0;
    scene.fault = (renewal) => fault(scene, renewal);
    await first.look().catch(noFault);
    scene.fault = noFault;
    const { renewals } = scene;
    // Only where another gateway goes on does the lease stay with the one that took it.
    if (next !== 'other') store.dropLeases();
    const following = next === 'same' ? first : scene.gateway(next === 'anew' ? 'one' : 'two');
    if (next === 'other') await store.for('two').takeLease('correlator', 1);
    while (!(await following.look()));
    store.dropLeases();
    while (!(await scene.gateway('three').look()));
    // Only a gateway that goes on anew may hand on again what it does not find noted: under the same id.
    const sent = next === 'same' ? scene.handedOn : [...new Set(scene.handedOn)];
    return { sent: sent.toSorted(), renewals };
  }

  it.each(
    Object.keys(faults).flatMap((why) =>
      (['same', 'anew', 'other'] as const).map((next) => [why as keyof typeof faults, next] as const),
    ),
  )('%s; the next look is by: %s', async (why, next) => {
    const undisturbed = await sentWith(noFault, 'same');
    expect(undisturbed.sent).toHaveLength(7);
    for (let failing = 2; failing <= undisturbed.renewals; failing += 1) {
      const { sent } = await sentWith((scene, renewal) => {
        if (renewal === failing) faults[why](scene);
      }, next);
      expect({ failing, sent }).toEqual({ failing, sent: undisturbed.sent });
    }
  });
});
