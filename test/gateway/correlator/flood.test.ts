import { expect, it } from 'vitest';
import { SubjectTokeniser } from '../../../clients/sdk/linkage/subject-tokens.ts';
import { Correlator } from '../../../gateway/correlator/correlator.ts';
import { maxStarEntries } from '../../../gateway/correlator/history.ts';
import { LabelLinker } from '../../../gateway/correlator/label-linker.ts';
import { LinkIndex } from '../../../gateway/correlator/link-index.ts';
import { maxRecordsPerToken } from '../../../gateway/correlator/token-table.ts';
import { packTokens } from '../../../protocol/linkage/packed-set.ts';
import { eventOn, patternsOf } from './pattern-text.ts';

const patterns = patternsOf({
  'two.yaml':
    'title: T\ncorrelation: { type: value_count, rules: [a], timespan: 30d, condition: { field: agency, gte: 2 } }\n',
});
const fromBoth = [['police/hub', 'health/emergency']];
const child = { child: 'one', tier: 'same' } as const;

it('still alerts on two agencies when an endpoint floods the child with notices in between', () => {
  const correlator = new Correlator(patterns, new LabelLinker());
  correlator.add(eventOn(0, 'a', 'police/hub'), child);
  for (let nth = 0; nth < 2 * maxStarEntries; nth += 1)
    correlator.add(eventOn(1 + nth / 10_000, 'b', 'school/office'), child);
  const { raised } = correlator.add(eventOn(2, 'a', 'health/emergency'), child);
  expect(raised.map(({ events }) => events.map(({ source }) => source))).toEqual(fromBoth);
});

it('ties no two notices whose descriptions hold no token, and alerts on the described ones beside them', () => {
  const tokeniser = new SubjectTokeniser({ epoch: 1, secret: new Uint8Array(32).fill(3) });
  const described = packTokens(
    tokeniser.tokensOf({ given: 'Isla', family: 'Nowak', birthDate: '2018-03-09' }),
  );
  const unknown = packTokens({ epoch: 1, tokens: {} });
  const correlator = new Correlator(patterns, new LinkIndex());
  const raised = ['police/hub', 'school/office', 'health/emergency'].flatMap(
    (source, day) => correlator.add(eventOn(day, 'a', source), unknown).raised,
  );
  expect(raised).toEqual([]);
  correlator.add(eventOn(3, 'a', 'police/hub'), described);
  const { raised: later } = correlator.add(eventOn(4, 'a', 'health/emergency'), described);
  expect(later.map(({ events }) => events.map(({ source }) => source))).toEqual(fromBoth);
});

it('raises the level for no more notices of one agency than the cap lets count', () => {
  const capped = patternsOf({
    'capped.yaml':
      'title: T\ncorrelation: { type: event_count, rules: [a], timespan: 30d, source-cap: 2, agencies: 2, ' +
      'condition: { gte: 3 } }\nescalation: { level: suspect, events: 4 }\n',
  });
  const correlator = new Correlator(capped, new LabelLinker());
  const told = (day: number, source: string) =>
    correlator.add(eventOn(day, 'a', source), child).raised.map(({ level, missing }) => [level, ...missing]);
  const ofSchool = [1, 2, 3, 4, 5].flatMap((day) => told(day, 'school/office'));
  expect(ofSchool).toEqual([]);
  expect(told(6, 'police/hub')).toEqual([
    ['consider', '1 more notice, none counting beyond 2 of one agency'],
  ]);
  expect(told(7, 'school/office')).toEqual([]);
  expect(told(8, 'police/hub')).toEqual([['suspect']]);
});

it.each([1, 6])(
  'still ties two agencies after %i endpoints of a third have filled the child’s tokens',
  (endpoints) => {
    const tokeniser = new SubjectTokeniser({ epoch: 1, secret: new Uint8Array(32).fill(3) });
    const isla = { given: 'Isla', family: 'Nowak', birthDate: '2018-03-09', postcode: 'ML1 2AB' };
    const correlator = new Correlator(patterns, new LinkIndex());
    for (let nth = 0; nth < maxRecordsPerToken; nth += 1) {
      const told = packTokens(tokeniser.tokensOf({ ...isla, localId: `UPN${10_000 + nth}` }));
      correlator.add(eventOn(nth / 10_000, 'b', `school/office-${nth % endpoints}`), told);
    }
    correlator.add(eventOn(1, 'a', 'police/hub'), packTokens(tokeniser.tokensOf(isla)));
    const moved = packTokens(tokeniser.tokensOf({ ...isla, postcode: 'G12 8QQ' }));
    const { raised } = correlator.add(eventOn(2, 'a', 'health/emergency'), moved);
    expect(raised.map(({ events }) => events.map(({ source }) => source))).toEqual(fromBoth);
  },
);

it('still ties two agencies after an endpoint has filled the child’s tokens with other epochs', () => {
  const tokeniser = new SubjectTokeniser({ epoch: 1, secret: new Uint8Array(32).fill(3) });
  const isla = { given: 'Isla', family: 'Nowak', birthDate: '2018-03-09', postcode: 'ML1 2AB' };
  const described = tokeniser.tokensOf(isla);
  const correlator = new Correlator(patterns, new LinkIndex());
  for (let nth = 0; nth < maxRecordsPerToken; nth += 1)
    correlator.add(
      eventOn(nth / 10_000, 'b', 'school/office'),
      packTokens({ ...described, epoch: 100 + nth }),
    );
  correlator.add(eventOn(1, 'a', 'police/hub'), packTokens(described));
  const moved = packTokens(tokeniser.tokensOf({ ...isla, postcode: 'G12 8QQ' }));
  const { raised } = correlator.add(eventOn(2, 'a', 'health/emergency'), moved);
  expect(raised.map(({ events }) => events.map(({ source }) => source))).toEqual(fromBoth);
});
