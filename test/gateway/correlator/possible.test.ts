import { expect, it } from 'vitest';
import type { SubjectDetails } from '../../../clients/sdk/linkage/subject.ts';
import { Correlator } from '../../../gateway/correlator/correlator.ts';
import { LinkIndex } from '../../../gateway/correlator/link-index.ts';
import { packTokens } from '../../../protocol/linkage/packed-set.ts';
import { tokeniser } from '../../clients/sdk/linkage/people.ts';
import { eventOn, patternsOf } from './pattern-text.ts';

const form =
  'title: T\ncorrelation: { type: event_count, rules: [a], timespan: 30d, agencies: 2, condition: { gte: 2 } }\n';
const certain = patternsOf({ 'certain.yaml': `${form}link: same\n` });
const possible = patternsOf({ 'possible.yaml': form });

/** The tiers of what is raised when two agencies describe a child in the same words. */
function raisedOf(patterns: typeof certain, child: SubjectDetails): string[] {
  const correlator = new Correlator(patterns, new LinkIndex());
  const tokens = packTokens(tokeniser.tokensOf(child));
  return ['police', 'health']
    .flatMap((source, day) => correlator.add(eventOn(day, 'a', source), tokens).raised)
    .map(({ tier }) => tier);
}

it('two agencies that tell of a child without a forename in the same words possibly tell of one child', () => {
  const unnamed = { family: 'Testcase', birthDate: '2016-03-04', postcode: 'ML1 9ZZ' };
  expect(raisedOf(possible, unnamed)).toEqual(['possible']);
  expect(raisedOf(certain, unnamed)).toEqual([]);
  expect(raisedOf(possible, { given: 'Morven', ...unnamed })).toEqual(['same']);
});

const family = { family: 'Smith', birthDate: '2015-03-04', address: '12 High Street', postcode: 'ML3 0AB' };
const described = {
  atHome: { given: 'Emma', family: 'Smith', birthDate: family.birthDate, address: family.address },
  elsewhere: { given: 'Emma', family: 'Jones', birthDate: family.birthDate, postcode: family.postcode },
  unnamed: family,
  poor: { family: 'Smith', birthDate: family.birthDate, postcode: family.postcode },
};
type Described = keyof typeof described;
const told = Object.keys(described) as Described[];

/** Who is named in what is raised when these are told of, in this order; nobody writes of the unnamed one but neutrally. */
function namedWhen(order: readonly Described[], count: 'all' | 'neutral unnamed'): string[] {
  const correlator = new Correlator(possible, new LinkIndex());
  const alerts = order.flatMap((who, nth) => {
    const time = Date.parse('2026-01-10T00:00:00.000Z') + 3_600_000 * told.indexOf(who);
    const category = who === 'unnamed' && count === 'neutral unnamed' ? 'x' : 'a';
    const event = eventOn(0, category, who, { id: who, time, arrived: time + 86_400_000 * nth });
    return correlator.add(event, packTokens(tokeniser.tokensOf(described[who]))).raised;
  });
  return [...new Set(alerts.flatMap(({ events }) => events.map(({ id }) => id)))].sort();
}

it('a notice that brings two others together has them told, whatever it speaks of itself and whenever it comes', () => {
  for (const order of [
    ['unnamed', 'atHome', 'elsewhere'],
    ['atHome', 'unnamed', 'elsewhere'],
    ['atHome', 'elsewhere', 'unnamed'],
  ] as const) {
    // prettier-ignore
    expect(namedWhen(order, 'neutral unnamed')).toEqual(['atHome', 'elsewhere']);
  }
});

it('the same notices arriving in another order tell of the same children', () => {
  const orders = permutations(told);
  for (const count of ['all', 'neutral unnamed'] as const) {
    const named = orders.map((order) => namedWhen(order, count).filter((who) => who !== 'unnamed'));
    for (const one of named) expect(one).toEqual(named[0]);
    expect(named[0]).not.toEqual([]);
  }
});

function permutations<T>(all: readonly T[]): T[][] {
  if (all.length < 2) return [[...all]];
  return all.flatMap((one, place) => permutations(all.toSpliced(place, 1)).map((rest) => [one, ...rest]));
}

it('a notice completes what is possible around a description that it is certainly tied to, and not to itself', () => {
  const correlator = new Correlator(possible, new LinkIndex());
  const tell = (day: number, category: string, source: string, child: SubjectDetails) =>
    correlator.add(eventOn(day, category, source), packTokens(tokeniser.tokensOf(child))).raised;
  const { atHome, elsewhere, unnamed } = described;
  // Who is elsewhere shares nothing with the child without a forename, and both are tied to what lies between.
  const between = { ...elsewhere, ...atHome, postcode: elsewhere.postcode };
  const atTheAddress = { birthDate: unnamed.birthDate, family: 'Smith', address: unnamed.address };
  expect(tell(0, 'a', 'health', atTheAddress)).toEqual([]);
  expect(tell(1, 'x', 'police', between)).toEqual([]);
  expect(tell(2, 'a', 'school', elsewhere).map(({ tier }) => tier)).toEqual(['possible']);
});

it('a possibility tells of a child that is known for certain only what reaches a higher level', () => {
  const escalating = patternsOf({
    'escalating.yaml': `${form}level: consider\nescalation: { level: suspect, agencies: 3 }\n`,
  });
  const correlator = new Correlator(escalating, new LinkIndex());
  const tell = (day: number, source: string, child: SubjectDetails) =>
    correlator
      .add(eventOn(day, 'a', source), packTokens(tokeniser.tokensOf(child)))
      .raised.map(({ tier, level }) => [tier, level]);
  const known = { given: 'Emma', ...family };
  expect(tell(0, 'police', known)).toEqual([]);
  expect(tell(1, 'health', known)).toEqual([['same', 'consider']]);
  expect(tell(2, 'health', family)).toEqual([]);
  expect(tell(3, 'school', family)).toEqual([['possible', 'suspect']]);
  expect(tell(4, 'school', family)).toEqual([]);
  expect(tell(5, 'social-work', known)).toEqual([['same', 'suspect']]);
  expect(tell(6, 'reporter', family)).toEqual([]);
});
