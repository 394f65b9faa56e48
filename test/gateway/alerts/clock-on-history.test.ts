import { pino } from 'pino';
import { beforeEach, expect, it } from 'vitest';
import { DispositionClock } from '../../../gateway/alerts/disposition-clock.ts';
import { CorrelationRun, type RunDependencies } from '../../../gateway/correlator/correlation-run.ts';
import type { StoredEvent } from '../../../gateway/correlator/stored-event.ts';
import type { AlertRules } from '../../../gateway/policy/alerts.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import { correlatorAddress } from '../../../protocol/ids.ts';
import type { Envelope } from '../../../protocol/wire/envelope.ts';
import { sampleEnvelope } from '../../protocol/samples.ts';
import { SharedStore, start } from '../correlator/shared-store.ts';
import { acceptanceOf } from '../store/sample-acceptance.ts';
import { health, hourMs, messageId } from '../store/synthetic-messages.ts';
import { twoAgencies } from './alert-fixture.ts';

let store: SharedStore;
let shown: number[];
/** What the next tellings of a message do instead. */
let faults: Error[];
beforeEach(() => {
  store = new SharedStore();
  shown = [];
  faults = [];
});

/** Accepts a message after all before it. @param number of its id: the lower, the earlier it sorts */
function accept(number: number, at: number, changes: Partial<Envelope> = {}): void {
  const envelope = { ...sampleEnvelope(), subjects: [], ...changes, id: messageId(number) };
  store.acceptances.push(acceptanceOf(envelope, store.acceptances.length + 1, at));
}

function run(changes: Partial<RunDependencies> = {}): CorrelationRun {
  return new CorrelationRun({
    store: store.for('one'),
    now: () => start + hourMs,
    agreement: { agencies: new Map(), categories: new Map() },
    patterns: [twoAgencies],
    send: () => Promise.resolve(true),
    wasSent: () => Promise.resolve(true),
    seen: ({ position }) => shown.push(position),
    accepted: () => {
      const fault = faults.shift();
      return fault === undefined ? Promise.resolve(false) : Promise.reject(fault);
    },
    ...changes,
  });
}

it('each message of one commit is shown once, in the order of acceptance, however their ids sort', async () => {
  for (const number of [5, 4, 3, 2, 1]) accept(number, start);
  const gateway = run();
  await gateway.look();
  expect(shown).toEqual([1, 2, 3, 4, 5]);
  for (const number of [8, 7, 6]) accept(number, start + 1);
  await gateway.look();
  expect(shown).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

it.each(['store-unavailable', 'lease-lost'] as const)(
  'each message is shown once, also where a look fails in the middle of a portion: %s',
  async (code) => {
    const gateway = run();
    await gateway.look();
    for (const number of [5, 4, 3, 2, 1]) accept(number, start + hourMs);
    faults = [new CausewayError(code)];
    await expect(gateway.look()).rejects.toMatchObject({ code });
    await gateway.look();
    expect(shown).toEqual([1, 2, 3, 4, 5]);
  },
);

it('an answer stops the clock of its alert and of no other, also where it sorts before it in the same portion', async () => {
  const level: AlertRules['levels']['suspect'] = {
    roles: ['duty'],
    severity: 'urgent',
    'disposition-hours': 24,
  };
  const unused = (): never => expect.unreachable();
  const clock = new DispositionClock({
    store: { readMarks: unused, setMarks: unused, appendRecords: unused },
    now: () => start + 48 * hourMs,
    rules: { schedule: '* * * * *', levels: { consider: level, suspect: level } },
    deadlineOf: () => Promise.resolve(start + 24 * hourMs),
    remind: unused,
    log: pino({ level: 'silent' }),
  });
  const alert: Partial<Envelope> = { source: correlatorAddress, category: 'correlator-alert', to: [health] };
  accept(9, start + 10, { ...alert, severity: 'urgent' });
  accept(8, start + 10, { ...alert, severity: 'urgent' });
  // The gateway that took the answer in has a clock that is behind.
  accept(1, start, { source: health, category: 'alert-known', inReplyTo: messageId(9) });
  await run({ seen: (stored: StoredEvent) => clock.see(stored) }).look();
  expect(clock.size).toBe(1);
});
