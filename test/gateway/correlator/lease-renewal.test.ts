import { expect, it } from 'vitest';
import { CorrelationRun } from '../../../gateway/correlator/correlation-run.ts';
import { patternsOf } from './pattern-text.ts';
import { SharedStore, start } from './shared-store.ts';

const patterns = patternsOf({
  'two.yaml':
    'title: T\ncorrelation: { type: event_count, rules: [a], timespan: 9d, agencies: 2, condition: { gte: 2 } }\n',
});

it('the lease is renewed within one portion, and another gateway that has it ends the look', async () => {
  const store = new SharedStore();
  for (let nth = 0; nth < 100; nth += 1)
    store.accept(nth / 1000, 'a', nth % 2 === 0 ? 'police/hub' : 'school/one');
  let [uptime, renewals] = [0, 0];
  const port = store.for('one');
  const run = new CorrelationRun({
    store: {
      ...port,
      takeLease: async (...asked) => {
        renewals += 1;
        // Somebody else had it in between.
        if (renewals === 4) store.dropLeases();
        return port.takeLease(...asked);
      },
    },
    // Each look at the clock costs as much as an expensive notice may.
    uptimeMs: () => (uptime += 1_000),
    now: () => start + 86_400_000 + uptime,
    agreement: { agencies: new Map(), categories: new Map() },
    patterns,
    send: () => Promise.resolve(),
    accepted: () => Promise.resolve(false),
  });
  await expect(run.look()).rejects.toMatchObject({ code: 'lease-lost' });
  expect(renewals).toBe(4);
  expect(await run.look()).toBe(true);
  // Every three seconds of at least one for each notice, in a single portion.
  expect(renewals).toBeGreaterThan(25);
});
