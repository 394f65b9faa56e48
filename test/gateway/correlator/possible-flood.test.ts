/** Agencies that describe ever other children, each of whom may be the one without a forename. */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Alert } from '../../../gateway/correlator/alert.ts';
import { Correlator } from '../../../gateway/correlator/correlator.ts';
import { LinkIndex } from '../../../gateway/correlator/link-index.ts';
import { packTokens } from '../../../protocol/linkage/packed-set.ts';
import { eventOn, patternsOf } from './pattern-text.ts';

const patterns = patternsOf({
  'three.yaml':
    'title: T\ncorrelation: { type: value_count, rules: [a], timespan: 30d, condition: { field: agency, gte: 3 } }\n',
});

const token = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 22);
const home = Object.fromEntries(
  ['family-birth', 'family-birth-postcode', 'birth-postcode'].map((recipe) => [recipe, [token(recipe)]]),
);
const unnamed = packTokens({ epoch: 1, tokens: home });
/** Without a forename, too, and with a number of its own: it contradicts all others that have one. */
const numbered = (nth: number) =>
  packTokens({ epoch: 1, tokens: { ...home, 'chi-birth': [token(`number ${nth}`)] } });

class CountingIndex extends LinkIndex {
  comparisons = 0;

  override conflicts(...pair: Parameters<LinkIndex['conflicts']>): boolean {
    this.comparisons += 1;
    return super.conflicts(...pair);
  }
}

function flood(correlator: Correlator<typeof unnamed>, count: number, agencies: readonly string[]): Alert[] {
  return Array.from({ length: count }, (_, nth) => {
    const source = `${agencies[nth % agencies.length]}/desk`;
    return correlator.add(eventOn(2 + nth / 1000, 'a', source), numbered(nth)).raised;
  }).flat();
}

it('a notice is told of as a possibility a few times, however many children it may speak of', () => {
  const correlator = new Correlator(patterns, new LinkIndex());
  correlator.add(eventOn(0, 'a', 'police/hub'), unnamed);
  correlator.add(eventOn(1, 'a', 'health/emergency'), unnamed);
  const raised = flood(correlator, 40, ['school']);
  expect(raised.length).toBeGreaterThan(1);
  expect(raised.length).toBeLessThanOrEqual(8);
});

it('what one agency describes keeps the notices of others out of no star', () => {
  const correlator = new Correlator(patterns, new LinkIndex());
  flood(correlator, 49, ['school']);
  correlator.add(eventOn(3, 'a', 'police/hub'), unnamed);
  const { raised } = correlator.add(eventOn(4, 'a', 'health/emergency'), unnamed);
  const agencies = raised.map(({ events }) => new Set(events.map(({ source }) => source.split('/')[0])));
  expect(agencies).toContainEqual(new Set(['school', 'police', 'health']));
});

it('four agencies that do so together hold nobody up', () => {
  const described = (nth: number) => {
    const own = { 'local-birth': [token(`local ${nth}`)] };
    const number = nth % 2 === 0 ? {} : { 'chi-birth': [token(`number ${nth}`)] };
    return packTokens({ epoch: 1, tokens: { ...home, ...own, ...number } });
  };
  const index = new CountingIndex();
  const correlator = new Correlator(patterns, index);
  const agencies = ['school', 'police', 'health', 'housing'];
  const tell = (nth: number) =>
    correlator.add(eventOn(2 + nth / 1000, 'a', `${agencies[nth % 4]}/desk`), described(nth));
  for (let nth = 0; nth < 190; nth += 1) tell(nth);
  index.comparisons = 0;
  tell(190);
  // Without a bound, each of two hundred stars would hold two hundred descriptions against one another.
  expect(index.comparisons).toBeGreaterThan(0);
  expect(index.comparisons).toBeLessThan(100_000);
});
