import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SubjectTokeniser } from '../../../clients/sdk/linkage/subject-tokens.ts';
import { Correlator } from '../../../gateway/correlator/correlator.ts';
import { maxStarEntries } from '../../../gateway/correlator/star.ts';
import { LabelLinker } from '../../../gateway/correlator/label-linker.ts';
import { LinkIndex, maxTies, maxTiesOfAgency } from '../../../gateway/correlator/link-index.ts';
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

/** Counts how often two descriptions that are not tied are held against each other while stars are drawn. */
class CountingIndex extends LinkIndex {
  asked = 0;
  comparisons = 0;

  override conflicts(...[a, b]: Parameters<LinkIndex['conflicts']>): boolean {
    this.asked += 1;
    if (!a.links.some(({ to }) => to === b)) this.comparisons += 1;
    return super.conflicts(a, b);
  }
}

describe('a description with the tokens of thousands of others', () => {
  const token = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 22);
  const groups = 59;
  const each = 17;
  const hub = packTokens({
    epoch: 1,
    tokens: {
      'name-birth': ['hub', ...Array.from({ length: groups }, (_, nth) => `group ${nth}`)].map(token),
    },
  });
  /** One of an agency's own descriptions, of which the hub has one reading. */
  const spoke = (group: number, nth: number) =>
    packTokens({
      epoch: 1,
      tokens: { 'name-birth': [token(`group ${group}`)], 'given-birth-postcode': [token(`${group} ${nth}`)] },
    });

  it('is tied to fifty of one agency and to two hundred of all, and those of other agencies find their place', () => {
    const index = new LinkIndex();
    for (let group = 0; group < groups; group += 1) index.admit(spoke(group, 0), 'school');
    const record = index.admit(hub, 'school');
    expect(record.links).toHaveLength(maxTiesOfAgency);
    const agencies = ['police', 'health', 'social-work', 'housing'];
    for (const agency of agencies)
      for (let group = 0; group < groups; group += 1)
        index.admit(spoke(group, agencies.indexOf(agency) + 1), agency);
    expect(record.links).toHaveLength(maxTies);
    expect(record.links.every(({ to }) => to.links.some((link) => link.to === record))).toBe(true);
  });

  it('is compared with those few that it is tied to, and holds nobody up', () => {
    const index = new CountingIndex();
    const correlator = new Correlator(patterns, index);
    let day = 0;
    const tell = (subject: typeof hub, source: string): void =>
      void correlator.add(eventOn((day += 0.001), 'a', source), subject);
    for (let group = 0; group < groups; group += 1)
      for (let nth = 0; nth < each; nth += 1) tell(spoke(group, nth), 'school/office');
    index.comparisons = 0;
    for (let nth = 0; nth < 10; nth += 1) tell(hub, nth % 2 === 0 ? 'school/office' : 'police/hub');
    // Without a bound on ties, each took half a million comparisons: several hundred milliseconds.
    expect(index.comparisons).toBeGreaterThan(0);
    expect(index.comparisons / 10).toBeLessThan(maxTiesOfAgency ** 2 / 2);
  });

  it('pauses at each star where two hundred are tied to one another, so that others have their turn', () => {
    const index = new CountingIndex();
    const correlator = new Correlator(patterns, index);
    const oneOf = (nth: number) =>
      packTokens({ epoch: 1, tokens: { 'name-birth': [token('all'), token(`own ${nth}`)] } });
    const agencies = ['police', 'health', 'school', 'housing'];
    for (let nth = 0; nth < maxTies; nth += 1) {
      const source = `${agencies[nth % agencies.length]}/desk`;
      correlator.add(eventOn(nth / 1000, nth < 2 ? 'a' : 'b', source), oneOf(nth));
    }
    const steps = correlator.addInSteps(eventOn(1, 'a', 'council/desk'), oneOf(maxTies));
    const asked: number[] = [];
    for (let isDone = false; !isDone;) {
      index.asked = 0;
      isDone = steps?.next().done !== false;
      asked.push(index.asked);
    }
    expect(asked.length).toBeGreaterThan(maxTies);
    expect(Math.max(...asked)).toBeLessThan(maxTies ** 2);
  });
});
