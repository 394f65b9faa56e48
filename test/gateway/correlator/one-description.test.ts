/** One endpoint that writes of one child without end, with times as it likes. */
import { expect, it } from 'vitest';
import type { Alert } from '../../../gateway/correlator/alert.ts';
import { Correlator } from '../../../gateway/correlator/correlator.ts';
import type { CorrelatorEvent } from '../../../gateway/correlator/event.ts';
import { maxEntriesOfAgency } from '../../../gateway/correlator/history.ts';
import { LabelLinker, type Label } from '../../../gateway/correlator/label-linker.ts';
import type { Pattern } from '../../../gateway/correlator/patterns/pattern.ts';
import { maxWaitingOfEndpoint } from '../../../gateway/correlator/waiting-evidence.ts';
import { dayMs, eventOn, patternsOf } from './pattern-text.ts';

const child = { child: 'one', tier: 'same' } as const;
const twoAgencies = patternsOf({
  'two.yaml':
    'title: T\ncorrelation: { type: event_count, rules: [a], timespan: 30d, agencies: 2, condition: { gte: 2 } }\n',
});
const oneAgency = patternsOf({
  'one.yaml':
    'title: T\ncorrelation: { type: event_count, rules: [a], timespan: 20s, condition: { gte: 2 } }\n',
});

/** The nth of a flood: each comes a millisecond after the one before, and says that it was made before that. */
function backwards(nth: number, more: Partial<CorrelatorEvent> = {}): CorrelatorEvent {
  const { arrived } = eventOn(20, 'a');
  const id = `flood-${String(nth).padStart(6, '0')}`;
  return eventOn(20, 'a', 'school/office', { id, time: arrived - nth, arrived: arrived + nth, ...more });
}

function flooded(patterns: readonly Pattern[], count: number): [Correlator<Label>, Alert[]] {
  const correlator = new Correlator<Label>(patterns, new LabelLinker());
  const alerts = [...correlator.add(eventOn(19, 'a', 'police/hub'), child).raised];
  for (let nth = 0; nth < count; nth += 1) alerts.push(...correlator.add(backwards(nth), child).raised);
  return [correlator, alerts];
}

it('of one agency as many notices are held about one description as a star can hold', () => {
  const [correlator, alerts] = flooded(twoAgencies, 2 * maxEntriesOfAgency);
  expect(correlator.size.notices).toBe(1 + maxEntriesOfAgency);
  expect(alerts.map(({ events }) => events.map(({ source }) => source))).toEqual([
    ['police/hub', 'school/office'],
  ]);
});

it('what is left out is the oldest, whatever was added first, and adding it again changes nothing', () => {
  const [correlator] = flooded(twoAgencies, 2 * maxEntriesOfAgency);
  const { size } = correlator;
  expect(correlator.add(backwards(maxEntriesOfAgency - 1), child)).toEqual({ raised: [], withdrawn: [] });
  expect(correlator.add(backwards(maxEntriesOfAgency), child)).toEqual({ raised: [], withdrawn: [] });
  expect(correlator.size).toEqual(size);
  const [star] = correlator.starsOf(backwards(2 * maxEntriesOfAgency - 1).id, 'same');
  const held = new Set(star?.entries.map(({ event }) => event.id));
  expect(held.has(eventOn(19, 'a', 'police/hub').id)).toBe(true);
  expect(held.has(backwards(maxEntriesOfAgency).id)).toBe(false);
  expect(held.has(backwards(maxEntriesOfAgency + 1).id)).toBe(true);
});

it('the notices of a flood are forgotten with their day, and those of others stay', () => {
  const [correlator] = flooded(twoAgencies, 2 * maxEntriesOfAgency);
  correlator.add(eventOn(112, 'a', 'health/emergency'), { ...child, child: 'other' });
  correlator.sweep();
  expect(correlator.size).toMatchObject({ notices: 1, records: 1 });
});

it('a flood that lasts for months is forgotten day by day', () => {
  const correlator = new Correlator<Label>(twoAgencies, new LabelLinker());
  for (let nth = 0; nth < 2 * maxEntriesOfAgency; nth += 1) {
    correlator.add(eventOn(nth / 4, 'a', 'school/office'), child);
    correlator.sweep();
  }
  for (let day = 128; day < 400; day += 1) {
    correlator.advance(eventOn(day, 'a').arrived);
    correlator.sweep();
  }
  expect(correlator.size).toMatchObject({ notices: 0, records: 0 });
});

it('one more notice costs no more after thousands', () => {
  let reads = 0;
  const counted = (nth: number): CorrelatorEvent => {
    const event = backwards(nth);
    const time = event.arrived - nth * 1000;
    return Object.defineProperty(event, 'time', { get: () => ((reads += 1), time) });
  };
  const correlator = new Correlator<Label>(oneAgency, new LabelLinker());
  const costOf = (from: number, to: number): number => {
    reads = 0;
    for (let nth = from; nth < to; nth += 1) correlator.add(counted(nth), child);
    return reads / (to - from);
  };
  const first = costOf(0, 2 * maxEntriesOfAgency);
  costOf(2 * maxEntriesOfAgency, 8 * maxEntriesOfAgency);
  expect(costOf(8 * maxEntriesOfAgency, 9 * maxEntriesOfAgency)).toBeLessThan(2 * first);
});

it('a notice that turns up late where some are left out withdraws nothing', () => {
  const [correlator, alerts] = flooded(twoAgencies, 2 * maxEntriesOfAgency);
  expect(alerts).toHaveLength(1);
  const late = eventOn(20, 'a', 'health/emergency', { arrived: eventOn(20, 'a').arrived + dayMs / 1e6 });
  const { withdrawn, raised } = correlator.add(late, child);
  expect(withdrawn).toEqual([]);
  expect(raised.map(({ events }) => events.some(({ id }) => id === late.id))).toEqual([true]);
});

it('what it completes fills the memory with no deadlines, and others still have theirs', () => {
  const unanswered = patternsOf({
    'unanswered.yaml':
      'title: T\ncorrelation: { type: event_count, rules: [a], timespan: 1d, condition: { gte: 1 } }\n' +
      'absent: { rules: [c], within: 3d }\nlateness: 1d\n',
  });
  const [correlator, alerts] = flooded(unanswered, 300);
  expect(alerts).toEqual([]);
  expect(correlator.size.deadlines).toBe(1 + maxWaitingOfEndpoint);
  const grave = eventOn(20.1, 'a', 'health/emergency');
  correlator.add(grave, child);
  expect(correlator.size.deadlines).toBeGreaterThan(1 + maxWaitingOfEndpoint);
  const { raised } = correlator.advance(eventOn(40, 'a').arrived);
  const agencies = raised.flatMap(({ events }) => events.map(({ source }) => source));
  expect(new Set(agencies)).toEqual(new Set(['police/hub', 'school/office', 'health/emergency']));
  expect(correlator.size.deadlines).toBe(0);
});
