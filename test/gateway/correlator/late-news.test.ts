import { expect, it } from 'vitest';
import { Correlator } from '../../../gateway/correlator/correlator.ts';
import { LabelLinker } from '../../../gateway/correlator/label-linker.ts';
import { newsOf } from '../../../gateway/correlator/late-news.ts';
import { eventOn, patternsOf } from './pattern-text.ts';

const patterns = patternsOf({
  'two.yaml':
    'title: T\ncorrelation: { type: event_count, rules: [a], timespan: 30d, agencies: 2, condition: { gte: 2 } }\n',
});
const child = { child: 'one', tier: 'same' } as const;

/** What is sent when notices of these agencies are told in this order, each on its day. */
function sentWhen(told: readonly (readonly [source: string, day: number])[]): string[] {
  const correlator = new Correlator(patterns, new LabelLinker());
  return told.flatMap(([source, day]) =>
    newsOf(correlator.add(eventOn(day, 'a', source), child)).map(({ events }) =>
      events.map((event) => event.source).join(' '),
    ),
  );
}

it('alerts once for each agency, also where the notice of one was accepted before others that are known', () => {
  const inOrder = sentWhen([['police', 0], ['health', 1], ['school', 2], ['housing', 3]]); // prettier-ignore
  expect(inOrder).toEqual(['police health', 'police health school', 'police health school housing']);
  const late = sentWhen([['police', 0], ['health', 1], ['housing', 3], ['school', 2]]); // prettier-ignore
  expect(late).toEqual(['police health', 'police health housing', 'police health school']);
});

it('says nothing again where a late notice brings nothing new', () => {
  const late = sentWhen([['police', 0], ['health', 2], ['police', 1]]); // prettier-ignore
  expect(late).toEqual(['police health']);
});
