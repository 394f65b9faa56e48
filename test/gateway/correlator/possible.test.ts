import { expect, it } from 'vitest';
import type { SubjectDetails } from '../../../clients/sdk/linkage/subject.ts';
import { Correlator } from '../../../gateway/correlator/correlator.ts';
import { LinkIndex } from '../../../gateway/correlator/link-index.ts';
import { packTokens } from '../../../protocol/linkage/packed-set.ts';
import { tokeniser } from '../../clients/sdk/linkage/people.ts';
import { eventOn, patternsOf } from './pattern-text.ts';

const form =
  'title: T\ncorrelation: { type: event_count, rules: [a], timespan: 30d, agencies: 2, condition: { gte: 2 } }\n';
const certain = patternsOf({ 'certain.yaml': form });
const possible = patternsOf({ 'possible.yaml': `${form}link: possible\n` });

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
