/** An id belongs to its sender: a recipient of a notice knows its id, and may use it as well. */
import { expect, it } from 'vitest';
import { alertMessageId } from '../../../gateway/correlator/alert-document.ts';
import { alertKey } from '../../../gateway/correlator/alert.ts';
import { Correlator } from '../../../gateway/correlator/correlator.ts';
import { LabelLinker } from '../../../gateway/correlator/label-linker.ts';
import { maxStarEntries } from '../../../gateway/correlator/star.ts';
import { eventOn, patternsOf } from './pattern-text.ts';

const child = { child: 'one', tier: 'same' } as const;
const twoAgencies = patternsOf({
  'two.yaml':
    'title: T\ncorrelation: { type: event_count, rules: [a], timespan: 30d, agencies: 2, condition: { gte: 2 } }\n',
});
const unanswered = patternsOf({
  'unanswered.yaml':
    'title: T\ncorrelation: { type: event_count, rules: [a], timespan: 1h, condition: { gte: 1 } }\n' +
    'absent: { rules: [a], within: 3d, from: last }\nlateness: 1d\n',
});
const id = 'known';

it.each([
  ['later', 1],
  ['at the same time', 0],
  ['before it, by a clock that is behind', -1],
])('two agencies alert also where the second uses the id of the first, %s', (_, day) => {
  const correlator = new Correlator(twoAgencies, new LabelLinker());
  const first = eventOn(0, 'a', 'police/hub', { id });
  const second = eventOn(day, 'a', 'health/ward', { id });
  correlator.add(first, child);
  const { raised } = correlator.add(second, child);
  expect(raised.map(({ events }) => new Set(events))).toEqual([new Set([first, second])]);
  expect(raised[0]?.links).toHaveLength(1);
  expect(correlator.add(first, child).raised).toEqual([]);
  expect(correlator.size.notices).toBe(2);
});

it('what was waited for counts also where it has an id of the evidence', () => {
  const correlator = new Correlator(unanswered, new LabelLinker());
  correlator.add(eventOn(0, 'a', 'police/hub', { id }), child);
  correlator.add(eventOn(1, 'a', 'police/hub', { id: 'other' }), child);
  const before = correlator.advance(eventOn(4.5, 'a').arrived).raised;
  expect(before).toEqual([]);
  const again = new Correlator(unanswered, new LabelLinker());
  again.add(eventOn(0, 'a', 'police/hub', { id }), child);
  again.add(eventOn(1, 'a', 'health/ward', { id }), child);
  expect(again.advance(eventOn(4.5, 'a').arrived).raised).toEqual([]);
});

it('what is told of a notice is told of its sender, where another has used its id of another child', () => {
  const correlator = new Correlator(twoAgencies, new LabelLinker());
  const [police, health] = ['police/hub', 'health/ward'].map((source) => eventOn(0, 'a', source, { id }));
  correlator.add(police!, child);
  correlator.add(health!, { ...child, child: 'two' });
  const told = (source: string) =>
    correlator.starsOf(id, 'same', source).map(({ entries }) => entries.map(({ event }) => event));
  expect([told('police/hub'), told('health/ward')]).toEqual([[[police]], [[health]]]);
  expect(correlator.sendersOf(id)).toEqual(['health/ward', 'police/hub']);
});

it('alerts about two children by notices of one id and time have two ids', () => {
  const correlator = new Correlator(unanswered, new LabelLinker());
  correlator.add(eventOn(0, 'a', 'police/hub', { id }), child);
  correlator.add(eventOn(0, 'a', 'health/ward', { id }), { ...child, child: 'other' });
  const { raised } = correlator.advance(eventOn(9, 'a').arrived);
  expect(new Set(raised.map(alertMessageId)).size).toBe(2);
  expect(new Set(raised.map(alertKey)).size).toBe(2);
});

it('a star holds notices of two endpoints that use the same ids, and of one message that is known twice the one', () => {
  const correlator = new Correlator(twoAgencies, new LabelLinker());
  const poorly = { ...child, tier: 'possible' } as const;
  for (let nth = 0; nth < maxStarEntries; nth += 1) {
    const more = { id: `e${nth}` };
    const event = eventOn(nth / 1000, 'b', 'school/office', more);
    correlator.add(event, child);
    correlator.add(event, poorly);
    correlator.add(eventOn(nth / 1000, 'b', 'school/nurse', more), poorly);
  }
  const [star] = correlator.starsOf('e0', 'possible');
  const keys = star?.entries.map(({ event }) => `${event.source} ${event.id}`);
  expect(new Set(keys).size).toBe(maxStarEntries);
  expect(keys).toHaveLength(maxStarEntries);
  expect(keys?.filter((key) => key.startsWith('school/nurse'))).toHaveLength(maxStarEntries / 2);
});

it('two notices that each name the same two children raise one alert for both, under one id', () => {
  const correlator = new Correlator(twoAgencies, new LabelLinker());
  const keys = ['police/hub', 'health/ward'].flatMap((source) =>
    ['one', 'two'].flatMap((name) => {
      const { raised } = correlator.add(eventOn(0, 'a', source), { ...child, child: name });
      return raised.map((alert) => `${alertMessageId(alert)} ${alertKey(alert)}`);
    }),
  );
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
});
