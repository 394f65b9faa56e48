import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { DispositionClock, reachOfClock } from '../../../gateway/alerts/disposition-clock.ts';
import type { AlertRules } from '../../../gateway/policy/alerts.ts';
import type { RecordEntry } from '../../../gateway/store/port.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import type { MessageId } from '../../../protocol/ids.ts';
import type { Envelope } from '../../../protocol/wire/envelope.ts';
import { sampleEnvelope } from '../../protocol/samples.ts';
import { health, hourMs, messageId, noon, police, socialWork } from '../store/synthetic-messages.ts';

const rules: AlertRules = {
  schedule: '* * * * *',
  levels: {
    consider: { roles: ['duty'], severity: 'concern', 'disposition-hours': 72 },
    suspect: { roles: ['duty'], severity: 'urgent', 'disposition-hours': 24 },
  },
};
const night = 'north-lanarkshire-social-work/duty-night' as Envelope['source'];
const lease = { name: 'correlator', epoch: 1 };
const log = pino({ level: 'silent' });
let marks: Map<string, number>;
let records: RecordEntry[];
let now: number;
let accepted: number;
/** Alerts that people were reminded of. */
let reminded: string[];
/** Those of them about which no leaf is to follow. */
let settled: string[];
/** Those of them about which nothing can be done just now. */
let failing: Map<string, Error>;
/** How marks are set, where it is not as they should be. */
let setMarks: (() => Promise<void>) | undefined;
/** What alerts themselves say. */
let deadlines: Map<string, number>;
/** The alert of which the log is broken. */
let unreadable: string | undefined;

beforeEach(() => {
  marks = new Map();
  records = [];
  reminded = [];
  settled = [];
  failing = new Map();
  setMarks = undefined;
  deadlines = new Map();
  unreadable = undefined;
  now = noon;
  accepted = 0;
});

const unused = (): never => {
  throw new Error('nothing is to be written');
};

/** A clock as a gateway that starts has it, with the messages of history. */
function clockOf(...history: readonly Partial<Envelope>[]): DispositionClock {
  accepted = 0;
  const clock = new DispositionClock({
    store: {
      readMarks: () => Promise.resolve(marks),
      setMarks: (next) => setMarks?.() ?? Promise.resolve(void (marks = new Map([...marks, ...next]))),
      appendRecords: (entries) => Promise.resolve(records.push(...entries)),
    },
    now: () => now,
    rules,
    deadlineOf: (id) =>
      id === unreadable
        ? Promise.reject(new CausewayError('store-damaged'))
        : Promise.resolve(deadlines.get(id)),
    remind: ({ id }) => {
      const failure = failing.get(id);
      if (failure !== undefined) return Promise.reject(failure);
      reminded.push(id);
      return Promise.resolve({
        reminder: { id: messageId(900), to: [night] },
        isToRecord: !settled.includes(id),
      });
    },
    log,
  });
  see(clock, ...history);
  return clock;
}

/** Has a clock see messages, each after all before it. */
function see(clock: DispositionClock, ...messages: readonly Partial<Envelope>[]): void {
  for (const changes of messages) {
    clock.see({ position: ++accepted, envelope: { ...sampleEnvelope(), ...changes } });
  }
}

/** The id of alert 1 says that it was raised a millisecond after noon. */
function alert(number: number, severity: Envelope['severity'] = 'urgent'): Partial<Envelope> {
  const source = 'gateway/correlator' as Envelope['source'];
  return { id: messageId(number), source, category: 'correlator-alert', severity, to: [socialWork, health] };
}

/** Another id of the millisecond of alert 1. */
function sibling(number: number): MessageId {
  return messageId(1).replace(/.$/, String(number)) as MessageId;
}

/** The reminder of alert 1. */
function reminder(): Partial<Envelope> {
  return { ...alert(900), category: 'alert-reminder', inReplyTo: messageId(1), to: [night] };
}

function answer(to: MessageId, source: Envelope['source']): Partial<Envelope> {
  return { id: messageId(500), source, category: 'alert-known', inReplyTo: to };
}

describe('an alert without an answer', () => {
  it('is recorded once when its time has passed, also over a restart', async () => {
    const clock = clockOf(alert(1), alert(2, 'concern'));
    now = noon + 24 * hourMs;
    expect(await clock.recordOverdue(lease)).toEqual([]);
    now += 1;
    expect(await clock.recordOverdue(lease)).toEqual([messageId(1)]);
    expect(await clock.recordOverdue(lease)).toEqual([]);
    const next = clockOf(alert(1), alert(2, 'concern'));
    expect(await next.recordOverdue(lease)).toEqual([]);
    now = noon + 72 * hourMs + 2;
    expect(await next.recordOverdue(lease)).toEqual([messageId(2)]);
    expect(records).toMatchObject([
      { kind: 'alert.overdue', message: messageId(1), dispositionBy: noon + 24 * hourMs + 1 },
      { kind: 'alert.overdue', message: messageId(2), recipients: [socialWork, health] },
    ]);
    expect(reminded).toEqual([messageId(1), messageId(2)]);
  });

  it('is reminded of before the leaf, which names the reminder and who got it', async () => {
    const clock = clockOf(alert(1));
    now += 25 * hourMs;
    const silent = new DispositionClock({
      store: { readMarks: () => Promise.resolve(marks), setMarks: unused, appendRecords: unused },
      now: () => now,
      rules,
      deadlineOf: () => Promise.resolve(undefined),
      remind: () => Promise.reject(new CausewayError('store-unavailable')),
      log,
    });
    see(silent, alert(1));
    await expect(silent.recordOverdue(lease)).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(silent.size).toBe(1);
    await clock.recordOverdue(lease);
    expect(records).toMatchObject([{ message: messageId(1), reminder: messageId(900), reminded: [night] }]);
  });

  it('is told of again where recording failed', async () => {
    const clock = clockOf(alert(1));
    now += 25 * hourMs;
    const unwritten = new DispositionClock({
      store: {
        readMarks: () => Promise.resolve(marks),
        setMarks: () => Promise.resolve(),
        appendRecords: () => Promise.reject(new CausewayError('store-unavailable')),
      },
      now: () => now,
      rules,
      deadlineOf: () => Promise.resolve(undefined),
      remind: () => Promise.resolve({ isToRecord: true }),
      log,
    });
    see(unwritten, alert(1));
    await expect(unwritten.recordOverdue(lease)).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(unwritten.size).toBe(1);
    expect(await clock.recordOverdue(lease)).toEqual([messageId(1)]);
  });
});

describe('where one of several fails, no other is told of twice', () => {
  const down = new CausewayError('store-unavailable');
  const told = (): unknown[] => records.map(({ message }) => message);

  it.each([
    ['those that were due before it', alert(1), alert(2), alert(3)],
    [
      'those that were due with it',
      alert(1),
      { ...alert(1), id: sibling(7) },
      { ...alert(1), id: sibling(8) },
    ],
  ])('%s', async (_, ...alerts) => {
    const ids = alerts.map(({ id }) => id!);
    for (const isBegunAnew of [false, true]) {
      marks = new Map();
      records = [];
      const clock = clockOf(...alerts);
      const next = (): DispositionClock => (isBegunAnew ? clockOf(...alerts) : clock);
      now = noon + 25 * hourMs;
      for (let looks = 0; looks < 3; looks++) {
        failing = new Map([[ids[1]!, down]]);
        await expect(next().recordOverdue(lease)).rejects.toBe(down);
        expect(told()).toEqual(ids.slice(0, 1));
      }
      failing.clear();
      expect(await next().recordOverdue(lease)).toEqual(ids.slice(1));
      expect(await clockOf(...alerts).recordOverdue(lease)).toEqual([]);
      expect(told()).toEqual(ids);
    }
  });

  it('those that were sent late, before it, and those that are due after all that was told of', async () => {
    now = noon + 24 * hourMs + 100;
    await clockOf(alert(10)).recordOverdue(lease);
    now += hourMs;
    const alerts = [alert(10), alert(2), alert(500), alert(1), alert(400)];
    failing = new Map([[messageId(1), down]]);
    for (let looks = 0; looks < 2; looks++)
      await expect(clockOf(...alerts).recordOverdue(lease)).rejects.toBe(down);
    failing = new Map([[messageId(500), down]]);
    for (let looks = 0; looks < 2; looks++)
      await expect(clockOf(...alerts).recordOverdue(lease)).rejects.toBe(down);
    failing.clear();
    await clockOf(...alerts).recordOverdue(lease);
    expect(told()).toEqual([10, 2, 1, 400, 500].map(messageId));
  });

  it('also where it was recorded, and the mark could not be set', async () => {
    const clock = clockOf(alert(1), alert(2));
    now += 25 * hourMs;
    setMarks = () => Promise.reject(down);
    for (let looks = 0; looks < 2; looks++) await expect(clock.recordOverdue(lease)).rejects.toBe(down);
    setMarks = undefined;
    await clock.recordOverdue(lease);
    expect(told()).toEqual([messageId(1), messageId(2)]);
  });

  it('and none is left out, where a clock once stood days ahead', async () => {
    marks.set('correlator.overdue', noon + 240 * hourMs).set('correlator.overdue-position', 0);
    now = noon + 24 * hourMs + 10;
    const alerts = [alert(20), alert(1), alert(2)];
    failing = new Map([[messageId(2), down]]);
    await expect(clockOf(...alerts).recordOverdue(lease)).rejects.toBe(down);
    failing.clear();
    now += 100;
    expect(await clockOf(...alerts).recordOverdue(lease)).toEqual([messageId(2), messageId(20)]);
  });
});

it.each([new CausewayError('store-damaged'), new RangeError('a fault of the gateway')])(
  'one that cannot be told of holds up no other: %s',
  async (failure) => {
    failing = new Map([[messageId(1), failure]]);
    now += 25 * hourMs;
    const clock = clockOf(alert(1), alert(2));
    expect(await clock.recordOverdue(lease)).toEqual([messageId(2)]);
    expect(clock.size).toBe(0);
    expect(await clockOf(alert(1), alert(2)).recordOverdue(lease)).toEqual([]);
  },
);

it('people are reminded under a lease that is kept, and by no gateway that has lost it', async () => {
  const clock = clockOf(alert(1), alert(2));
  now += 25 * hourMs;
  const renew = async (): Promise<void> => {
    await Promise.resolve();
    if (reminded.length === 1) throw new CausewayError('lease-lost');
  };
  await expect(clock.recordOverdue(lease, renew)).rejects.toMatchObject({ code: 'lease-lost' });
  expect(reminded).toEqual([messageId(1)]);
});

it('an alert is overdue when it says so itself, whatever the agreement in force says by now', async () => {
  deadlines.set(messageId(1), noon + 48 * hourMs);
  const clock = clockOf(alert(1));
  now += 25 * hourMs;
  expect(await clock.recordOverdue(lease)).toEqual([]);
  now = noon + 49 * hourMs;
  expect(await clock.recordOverdue(lease)).toEqual([messageId(1)]);
  expect(records).toMatchObject([{ dispositionBy: noon + 48 * hourMs }]);
});

it('an alert of which it cannot be read by when it was due is taken by the agreement in force, and holds up no other', async () => {
  const clock = clockOf(alert(1), alert(2));
  deadlines.set(messageId(2), noon + 48 * hourMs);
  unreadable = messageId(1);
  now += 25 * hourMs;
  expect(await clock.recordOverdue(lease)).toEqual([messageId(1)]);
  now = noon + 49 * hourMs;
  expect(await clock.recordOverdue(lease)).toEqual([messageId(2)]);
});

it('an alert is not overdue because a clock once stood days ahead', async () => {
  now += 240 * hourMs;
  const clock = clockOf(alert(1));
  expect(await clock.recordOverdue(lease)).toEqual([messageId(1)]);
  now = noon + hourMs;
  see(clock, alert(2));
  expect(await clock.recordOverdue(lease)).toEqual([]);
  now = noon + 25 * hourMs;
  expect(await clock.recordOverdue(lease)).toEqual([messageId(2)]);
});

describe('an alert that is sent late', () => {
  it('is told of even though others that were due after it have been', async () => {
    const clock = clockOf(alert(10));
    now += 25 * hourMs;
    expect(await clock.recordOverdue(lease)).toEqual([messageId(10)]);
    // A gateway that stood still sends only now what it should have sent before.
    see(clock, alert(1));
    expect(await clock.recordOverdue(lease)).toEqual([messageId(1)]);
    expect(await clockOf(alert(10), alert(1)).recordOverdue(lease)).toEqual([]);
    expect(records).toHaveLength(2);
  });

  it('is told of once, also by gateways whose clocks differ', async () => {
    now += 25 * hourMs;
    expect(await clockOf(alert(1), alert(2_000)).recordOverdue(lease)).toHaveLength(2);
    // So far behind that one of the two is not due yet.
    now = noon + 24 * hourMs + 1_000;
    const behind = clockOf(alert(1), alert(2_000));
    expect(await behind.recordOverdue(lease)).toEqual([]);
    see(behind, alert(3));
    expect(await behind.recordOverdue(lease)).toEqual([messageId(3)]);
    now += 25 * hourMs;
    expect(await clockOf(alert(1), alert(2_000), alert(3)).recordOverdue(lease)).toEqual([]);
    expect(records).toHaveLength(3);
  });
});

it('a clock must be shown the messages of twice the longest time for an answer', () => {
  expect(reachOfClock(rules)).toBe(144 * hourMs);
});

it('no leaf follows where one stands already, or the alert was erased', async () => {
  const clock = clockOf(alert(1), alert(2));
  settled = [messageId(1)];
  now += 25 * hourMs;
  expect(await clock.recordOverdue(lease)).toEqual([messageId(2)]);
  expect(records).toHaveLength(1);
  expect(await clockOf(alert(1), alert(2)).recordOverdue(lease)).toEqual([]);
});

describe('an answer', () => {
  it('stops the clock where it comes from somebody who got the alert', async () => {
    const clock = clockOf(alert(1), alert(2), answer(messageId(1), health), answer(messageId(2), police));
    expect(clock.size).toBe(1);
    now += 25 * hourMs;
    expect(await clock.recordOverdue(lease)).toEqual([messageId(2)]);
  });

  it('to a reminder answers the alert, from whoever got either', async () => {
    const toReminder = (source: Envelope['source']) =>
      clockOf(alert(1), reminder(), answer(messageId(900), source));
    expect([night, health, police].map((source) => toReminder(source).size)).toEqual([0, 0, 1]);
    expect(clockOf(alert(1), reminder(), answer(messageId(1), night)).size).toBe(0);
    const open = clockOf(alert(1), reminder());
    now += 25 * hourMs;
    expect(await open.recordOverdue(lease)).toEqual([messageId(1)]);
  });

  it('must say what became of the alert, and an alert must come from the gateway', () => {
    const talk = { ...answer(messageId(1), health), category: 'concern' };
    const forged = { ...alert(3), source: police };
    expect(clockOf(alert(1), talk, forged).size).toBe(1);
  });
});
