import { expect, it } from 'vitest';
import type { SubjectDetails } from '../../../clients/sdk/linkage/subject.ts';
import { Correlator } from '../../../gateway/correlator/correlator.ts';
import { messageKey } from '../../../gateway/correlator/event.ts';
import { LinkIndex } from '../../../gateway/correlator/link-index.ts';
import type { Tier } from '../../../gateway/correlator/patterns/pattern.ts';
import { explainSilence } from '../../../gateway/correlator/why-not.ts';
import { packTokens } from '../../../protocol/linkage/packed-set.ts';
import { tokeniser } from '../../clients/sdk/linkage/people.ts';
import { eventOn, patternsOf } from './pattern-text.ts';

const patterns = patternsOf({
  'one.yaml':
    'title: T\ncorrelation: { type: event_count, rules: [a], timespan: 30d, agencies: 2, condition: { gte: 2 } }\n',
});
const unnamed = { family: 'Testcase', birthDate: '2016-03-04', postcode: 'ML1 9ZZ' };
const named = { given: 'Morven', ...unnamed };

/** Tells of children day by day, each by another agency, and asks about one of them, from 0. */
function ask(asked: number, ...children: readonly SubjectDetails[]): readonly string[] {
  const correlator = new Correlator(patterns, new LinkIndex());
  const events = children.map((_, day) => eventOn(day, 'a', `agency-${day}`));
  const alerts = children.flatMap(
    (child, day) => correlator.add(events[day]!, packTokens(tokeniser.tokensOf(child))).raised,
  );
  const starOf = (tier: Tier) =>
    correlator.starsOf(events[asked]!.id, tier)[0]!.entries.map(({ event }) => event);
  const certain = new Set(starOf('same').map(messageKey));
  const history = starOf('possible');
  const possible = new Set(history.map(messageKey).filter((key) => !certain.has(key)));
  return explainSilence(patterns[0]!, history, { possible, alerts }).reasons;
}

it('a pattern that keeps quiet about a possibility because the child is known for certain says so', () => {
  for (const asked of [0, 1, 2]) {
    expect(ask(asked, named, named, unnamed)).toEqual([
      'its evidence is complete: an alert has been raised of a child known for certain, to which what is only possible adds nothing',
    ]);
  }
});

it('a pattern that has told of all that there is says no more than that', () => {
  const told = ['its evidence is complete: an alert has been raised'];
  expect(ask(0, named, named)).toEqual(told);
  expect(ask(0, named, unnamed)).toEqual(told);
});

/** What is said of two notices that lie `days` apart, each of weight one, which age halves every 30 days. */
function weighed(condition: string, days: number): readonly string[] {
  const [pattern] = patternsOf({
    'one.yaml': `title: T
correlation:
  type: event_count
  rules: [a]
  timespan: 30d
  weights: { half-life: 30d, rules: { a: 1 } }
  condition: { ${condition} }
`,
  });
  return explainSilence(pattern!, [eventOn(0, 'a'), eventOn(days, 'a')]).reasons;
}

it.each([
  ['too little by less than a hundredth', 'gte: 2', 0.01, '1.99 in weight, 0.01'],
  ['too little by next to nothing', 'gte: 2', 1e-6, '1.99 in weight, 0.01'],
  ['as much as it must be above', 'gt: 2', 0, '2 in weight, 0.01'],
  ['less than it must be above, by a tenth', 'gt: 2', 4.560_092_8, '1.9 in weight, 0.11'],
])('a weight that falls short is never shown as one that is enough: %s', (_, condition, days, said) => {
  expect(weighed(condition, days)).toEqual([`within 30d it found ${said} from its condition`]);
});

it.each(['lte: 1.99', 'eq: 1.99'])(
  'a weight that is too much is never shown as one that is not: %s',
  (bound) => {
    expect(weighed(`gt: 1, ${bound}`, 0.4)).toEqual([
      'within 30d it found 2 in weight, 0.01 from its condition',
    ]);
  },
);
