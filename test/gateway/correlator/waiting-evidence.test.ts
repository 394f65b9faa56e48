import { expect, it } from 'vitest';
import { Correlator } from '../../../gateway/correlator/correlator.ts';
import { maxEntriesOfAgency } from '../../../gateway/correlator/history.ts';
import { LabelLinker } from '../../../gateway/correlator/label-linker.ts';
import { LinkIndex } from '../../../gateway/correlator/link-index.ts';
import { WaitingEvidence } from '../../../gateway/correlator/waiting-evidence.ts';
import { packTokens } from '../../../protocol/linkage/packed-set.ts';
import { tokeniser } from '../../clients/sdk/linkage/people.ts';
import { eventOn, patternsOf } from './pattern-text.ts';

const child = { child: 'one', tier: 'same' } as const;
const unanswered = patternsOf({
  'unanswered.yaml':
    'title: T\ncorrelation: { type: event_count, rules: [a], timespan: 1h, condition: { gte: 1 } }\n' +
    'absent: { rules: [c], within: 30d }\nlateness: 3d\n',
});
const unansweredOfTwo = patternsOf({
  'unanswered.yaml':
    'title: T\ncorrelation: { type: event_count, rules: [a], timespan: 9d, agencies: 2, condition: { gte: 2 } }\n' +
    'absent: { rules: [c], within: 30d }\nlateness: 3d\n',
});

it('the notices of one agency about a hundred children with no token wait for their deadlines, each for its own', () => {
  const correlator = new Correlator(unanswered, new LinkIndex());
  const unknown = packTokens({ epoch: 1, tokens: {} });
  for (let nth = 0; nth < 100; nth += 1) correlator.add(eventOn(nth / 4, 'a', 'health/clinic'), unknown);
  expect(correlator.advance(eventOn(60, 'a').arrived).raised).toHaveLength(100);
});

it('an answer with no token answers for none of them, since nothing says for which', () => {
  const correlator = new Correlator(unanswered, new LinkIndex());
  const unknown = packTokens({ epoch: 1, tokens: {} });
  for (let nth = 0; nth < 5; nth += 1) correlator.add(eventOn(nth, 'a', 'health/clinic'), unknown);
  correlator.add(eventOn(6, 'c', 'council/social-work'), unknown);
  expect(correlator.advance(eventOn(60, 'a').arrived).raised).toHaveLength(5);
});

it.each([
  ['forename, surname and month of birth', { given: 'Morven', family: 'Testcase', birthDate: '2016-03' }],
  ['forename and date of birth', { given: 'Morven', birthDate: '2016-03-04' }],
])('an answer that knows no more of the child than %s answers for none either', (_, known) => {
  const correlator = new Correlator(unanswered, new LinkIndex());
  const tokens = packTokens(tokeniser.tokensOf(known));
  correlator.add(eventOn(1, 'a', 'police/hub'), tokens);
  correlator.add(eventOn(2, 'c', 'council/social-work'), tokens);
  expect(correlator.advance(eventOn(60, 'a').arrived).raised).toHaveLength(1);
});

it('what an endpoint lets wait about a child takes the places of no other endpoint of its agency', () => {
  const correlator = new Correlator(unanswered, new LabelLinker());
  for (let nth = 0; nth < 100; nth += 1) {
    const { arrived } = eventOn(nth / 1000, 'a');
    correlator.add(eventOn(nth / 10, 'a', 'school/office', { arrived }), child);
  }
  correlator.add(eventOn(20, 'a', 'school/nurse'), child);
  const { raised } = correlator.advance(eventOn(60, 'a').arrived);
  const sources = raised.flatMap(({ events }) => events.map(({ source }) => source));
  expect(sources).toContain('school/nurse');
});

it('evidence that waits and of which a part is left out by now still waits after a late notice', () => {
  const correlator = new Correlator(unansweredOfTwo, new LabelLinker());
  const ofTwo = [eventOn(0, 'a', 'police/hub'), eventOn(1, 'a', 'school/office')];
  for (const event of ofTwo) correlator.add(event, child);
  for (let nth = 0; nth < maxEntriesOfAgency; nth += 1)
    correlator.add(eventOn(2 + nth / 1000, 'b', 'school/office'), child);
  correlator.add(eventOn(1.5, 'b', 'health/ward'), child);
  const { raised } = correlator.advance(eventOn(60, 'a').arrived);
  expect(raised.map(({ events }) => events)).toEqual([ofTwo]);
});

it('a late notice lets others have their turn for every thousand that wait, whomever they are about', () => {
  const correlator = new Correlator(unanswered, new LinkIndex());
  const unknown = packTokens({ epoch: 1, tokens: {} });
  for (let nth = 0; nth < 5_000; nth += 1)
    correlator.add(eventOn(nth / 1_000, 'a', 'health/clinic'), unknown);
  const known = packTokens(
    tokeniser.tokensOf({ given: 'Morven', family: 'Testcase', birthDate: '2016-03-04' }),
  );
  const steps = [...(correlator.addInSteps(eventOn(4, 'x'), known) ?? [])];
  expect(steps.length).toBeGreaterThanOrEqual(5);
  expect(correlator.size.deadlines).toBe(5_000);
});

it.each(['0', 'z'])(
  'of what is due at once the certain is told first, also beside fuller possible evidence whose first id is %s',
  (id) => {
    const correlator = new Correlator(unansweredOfTwo, new LabelLinker());
    correlator.add(eventOn(1, 'a', 'police/hub', { id: 'm1' }), child);
    correlator.add(eventOn(2, 'a', 'health/ward', { id: 'm2' }), child);
    const madeFirst = { id, arrived: eventOn(2.5, 'a').arrived };
    correlator.add(eventOn(0.5, 'a', 'school/office', madeFirst), { ...child, tier: 'possible' });
    const { raised } = correlator.advance(eventOn(60, 'a').arrived);
    expect(raised.map(({ tier, events }) => [tier, ...events.map((event) => event.id)])).toEqual([
      ['possible', id, 'm1'],
      ['same', 'm1', 'm2'],
    ]);
  },
);

it.each([['same', 'possible'] as const, ['possible', 'same'] as const])(
  'of one piece of evidence what is certain is told first, where %s waited before %s',
  (...tiers) => {
    const waiting = new WaitingEvidence();
    const events = [eventOn(0, 'a')];
    for (const tier of tiers) {
      const centre = { fingerprint: tier, itself: { tier, types: [] }, links: [] };
      const hit = { end: 0, events, group: '' };
      waiting.push({ pattern: unanswered[0]!, hit, tier, centre, entries: [], agencies: 1 }, 1, 'police/hub');
    }
    expect([1, 2].map(() => waiting.shiftBefore(2)?.candidate.tier)).toEqual(['same', 'possible']);
  },
);
