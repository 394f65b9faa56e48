import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SubjectTokeniser } from '../../../clients/sdk/linkage/subject-tokens.ts';
import { Correlator } from '../../../gateway/correlator/correlator.ts';
import type { CorrelatorEvent } from '../../../gateway/correlator/event.ts';
import { LinkIndex } from '../../../gateway/correlator/link-index.ts';
import { packTokens, type PackedTokens } from '../../../protocol/linkage/packed-set.ts';
import { eventOn, patternsOf } from './pattern-text.ts';

const patterns = patternsOf({
  'three.yaml':
    'title: T\ncorrelation: { type: value_count, rules: [a], timespan: 30d, condition: { field: agency, gte: 3 } }\n',
});
const tokeniser = new SubjectTokeniser({ epoch: 1, secret: new Uint8Array(32).fill(3) });
const isla = { given: 'Isla', family: 'Nowak', birthDate: '2018-03-09', postcode: 'ML1 2AB' };
const { postcode: _, ...homeless } = isla;
const described = (details: Parameters<typeof tokeniser.tokensOf>[0]): PackedTokens =>
  packTokens(tokeniser.tokensOf(details));

/** As the police, a hospital and a school know the child. */
const likely = [isla, homeless, { ...isla, postcode: 'G12 8QQ' }].map(described);
const agencies = ['police/hub', 'health/emergency', 'school/office'];

type Told = readonly [CorrelatorEvent, PackedTokens];

const fillers = (category: string): Told[] =>
  Array.from({ length: 64 }, (_, nth): Told => [
    eventOn(nth / 10_000, category, 'housing/desk'),
    described({ ...isla, localId: `UPN${10_000 + nth}` }),
  ]);
const saidFirst = (category: string): Told[] =>
  likely.map((subject, nth): Told => [eventOn(1 + nth / 10, category, 'housing/desk'), subject]);
const ofAgencies = likely.map((subject, nth): Told => [eventOn(2 + nth, 'a', agencies[nth]), subject]);

/** What is alerted about in the end: the sources of the evidence. */
function alertsOn(told: readonly Told[]): readonly string[] {
  const correlator = new Correlator(patterns, new LinkIndex());
  const alerts = new Set<string>();
  const keyOf = ({ events }: { readonly events: readonly CorrelatorEvent[] }) =>
    events.map(({ source }) => source).join(' ');
  for (const [event, subject] of told) {
    const { raised, withdrawn } = correlator.add(event, subject);
    for (const alert of withdrawn) alerts.delete(keyOf(alert));
    for (const alert of raised) alerts.add(keyOf(alert));
  }
  return [...alerts].sort();
}

describe('a child whose tokens one agency has filled', () => {
  it.each([
    ['and nothing else', fillers('b')],
    ['after it had described the child as others would', [...saidFirst('b'), ...fillers('b')]],
    ['and then described it as others would', [...fillers('b'), ...saidFirst('b')]],
  ])('%s, is alerted about', (_, before) => {
    expect(alertsOn([...before, ...ofAgencies])).toEqual([agencies.join(' ')]);
  });

  it('is alerted about in whatever order notices are added', () => {
    const later = [...saidFirst('b'), ...ofAgencies];
    fc.assert(
      fc.property(fc.shuffledSubarray(later, { minLength: later.length }), (shuffled) => {
        expect(alertsOn([...fillers('b'), ...shuffled])).toEqual([agencies.join(' ')]);
      }),
      { numRuns: 40 },
    );
  });

  it('is alerted about for what was told before anybody else had said the same, as soon as somebody does', () => {
    const [alone] = saidFirst('a').slice(1);
    const [first, , third] = ofAgencies;
    const bringing: Told = [eventOn(9, 'b', 'health/emergency'), likely[1]!];
    const before = [...fillers('b'), alone!, first!, third!];
    expect(alertsOn(before)).toEqual([]);
    expect(alertsOn([...before, bringing])).toEqual(['housing/desk police/hub school/office']);
  });
});
