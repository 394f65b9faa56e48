/** Twins, and notices that name neither: what is told of one child takes nothing from the other. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertKey, type Alert } from '../../../gateway/correlator/alert.ts';
import { Correlator } from '../../../gateway/correlator/correlator.ts';
import type { CorrelatorEvent } from '../../../gateway/correlator/event.ts';
import { newsOf } from '../../../gateway/correlator/late-news.ts';
import { LinkIndex } from '../../../gateway/correlator/link-index.ts';
import type { Pattern } from '../../../gateway/correlator/patterns/pattern.ts';
import { packTokens, type PackedTokens } from '../../../protocol/linkage/packed-set.ts';
import { link, tokeniser } from '../../clients/sdk/linkage/people.ts';
import { eventOn, patternsOf } from './pattern-text.ts';

const home = { family: 'Testcase', birthDate: '2016-03-04', postcode: 'ML1 9ZZ', address: '12 High Street' };
const people = {
  emma: { ...home, given: 'Emma' },
  sophie: { ...home, given: 'Sophie' },
  unnamed: home,
  poor: { family: 'Testcase', birthDate: '2016-03-04', postcode: 'ML1 9ZZ' },
};
type Person = keyof typeof people;
const tokens = Object.fromEntries(
  Object.entries(people).map(([name, person]) => [name, packTokens(tokeniser.tokensOf(person))]),
) as Record<Person, PackedTokens>;

type Notice = { readonly who: Person; readonly event: CorrelatorEvent };

function notice(who: Person, day: number, source: string, category = 'a'): Notice {
  return { who, event: eventOn(day, category, source, { id: `${who} ${source} ${day}` }) };
}

const counted = (agencies: number): string =>
  `correlation: { type: value_count, rules: [a], timespan: 30d, condition: { field: agency, gte: ${agencies} } }\nlateness: 2d\n`;
const [three, threePossibly, twoPossibly, unanswered] = patternsOf({
  '1.yaml': `title: Three\nlink: same\n${counted(3)}`,
  '2.yaml': `title: Possibly three\nlink: possible\n${counted(3)}`,
  '3.yaml': `title: Possibly two\nlink: possible\n${counted(2)}`,
  '4.yaml':
    'title: No plan\nlink: possible\nlateness: 1d\nabsent: { rules: [d], within: 7d, from: first }\n' +
    'correlation: { type: temporal_ordered, rules: [b, a], timespan: 300d }\n',
}) as [Pattern, Pattern, Pattern, Pattern];

function tell(patterns: readonly Pattern[], notices: readonly Notice[]): Alert[] {
  const correlator = new Correlator(patterns, new LinkIndex());
  const raised = notices.flatMap(({ who, event }) => newsOf(correlator.add(event, tokens[who])));
  return [...raised, ...correlator.advance(Infinity).raised];
}

/** Of each alert its tier and the children that its evidence names. */
function namedIn(alerts: readonly Alert[]): string[] {
  return alerts.map(({ tier, events }) => {
    const named = new Set(events.map(({ id }) => id.split(' ')[0]));
    return [tier, ...['emma', 'sophie'].filter((child) => named.has(child))].join(' ');
  });
}

const ofAll = (who: Person, from: number): Notice[] =>
  ['police', 'health', 'school'].map((source, nth) => notice(who, from + nth, source));

it('speaks of twins: neither is the other, and who is not named may be either', () => {
  expect(link(people.emma, people.sophie).tier).toBe('conflict');
  for (const child of [people.emma, people.sophie]) {
    for (const other of [people.unnamed, people.poor]) expect(link(child, other).tier).toBe('possible');
  }
});

describe('a notice that may be of either twin', () => {
  const unnamed = notice('unnamed', 4, 'housing');

  it('takes no certain alert from the second one, of whom the same agencies write', () => {
    const told = [...ofAll('emma', 0), unnamed, ...ofAll('sophie', 5)];
    for (const pattern of [three, threePossibly]) {
      const alerts = namedIn(tell([pattern], told));
      expect(alerts.filter((alert) => alert.startsWith('same'))).toEqual(['same emma', 'same sophie']);
    }
  });

  it('takes no possible alert from the second one', () => {
    const told = [notice('emma', 0, 'police'), unnamed, notice('sophie', 5, 'police')];
    expect(namedIn(tell([twoPossibly], told))).toEqual(['possible emma', 'possible sophie']);
  });

  it('leads to no second alert about the same one', () => {
    const told = [
      ...ofAll('emma', 0),
      unnamed,
      ...ofAll('sophie', 5),
      ...ofAll('emma', 10),
      ...ofAll('sophie', 15),
    ];
    expect(namedIn(tell([threePossibly], told)).toSorted()).toEqual([
      'possible sophie',
      'same emma',
      'same sophie',
    ]);
  });
});

describe('a concern before the birth of twins', () => {
  const before = notice('unnamed', 0, 'health', 'b');
  const born = [notice('emma', 120, 'health'), notice('sophie', 121, 'health')];

  it('alerts about each that nobody plans for', () => {
    expect(namedIn(tell([unanswered], [before, ...born]))).toEqual(['possible emma', 'possible sophie']);
  });

  it('alerts about both that were born at the same time, also where it was told last', () => {
    const together = [notice('emma', 120, 'health'), notice('sophie', 120, 'health')];
    const late = { ...before, event: { ...before.event, arrived: before.event.time } };
    for (const told of [
      [late, ...together],
      [...together, late],
    ]) {
      expect(namedIn(tell([unanswered], told)).toSorted()).toEqual(['possible emma', 'possible sophie']);
    }
  });

  it('is not answered for one by a plan for the other', () => {
    const plan = notice('emma', 122, 'social-work', 'd');
    expect(namedIn(tell([unanswered], [before, ...born, plan]))).toEqual(['possible sophie']);
  });

  it('is answered for both by a plan that may be of either', () => {
    const plan = notice('unnamed', 122, 'social-work', 'd');
    expect(namedIn(tell([unanswered], [before, ...born, plan]))).toEqual([]);
  });
});

const arbitraryNotices = (who: readonly Person[], maxGapDays = 9): fc.Arbitrary<readonly Notice[]> =>
  fc
    .array(
      fc.record({
        who: fc.constantFrom(...who),
        gapDays: fc.integer({ min: 0, max: maxGapDays }),
        source: fc.constantFrom('police', 'health', 'school', 'housing'),
        category: fc.constantFrom('a', 'a', 'a', 'c'),
      }),
      { maxLength: 16 },
    )
    .map((notices) => {
      let day = 0;
      return notices.map(({ gapDays, source, category, ...rest }, nth) => {
        day += gapDays + nth / 1000;
        return notice(rest.who, day, source, category);
      });
    });

const everyone = ['emma', 'sophie', 'unnamed', 'poor'] as const;

describe('notices that are only possibly of a child', () => {
  it('never take away an alert that the certain ones alone would raise, nor add a certain one', () => {
    fc.assert(
      fc.property(
        arbitraryNotices(everyone),
        fc.constantFrom(three, threePossibly, twoPossibly),
        (told, pattern) => {
          const certain = tell(
            [pattern],
            told.filter(({ who }) => who === 'emma' || who === 'sophie'),
          );
          const keys = (alerts: readonly Alert[]): string[] =>
            alerts.filter(({ tier }) => tier === 'same').map(alertKey);
          expect(keys(tell([pattern], told))).toEqual(keys(certain));
        },
      ),
      { numRuns: 400 },
    );
  });

  // As long as notices of both are held: who is not held is not known to be anybody's twin.
  it('take from no child the possible alert that it would have without its twin', () => {
    fc.assert(
      fc.property(arbitraryNotices(everyone, 1), (told) => {
        for (const child of ['emma', 'sophie'] as const) {
          const twin = child === 'emma' ? 'sophie' : 'emma';
          const alone = namedIn(
            tell(
              [twoPossibly],
              told.filter(({ who }) => who !== twin),
            ),
          );
          const both = namedIn(tell([twoPossibly], told));
          const isOf = (alert: string): boolean => alert.includes(child);
          expect(both.some(isOf) || !alone.some(isOf)).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  });
});

it('whatever the order in which notices of twins are added, the same alerts are left', () => {
  fc.assert(
    fc.property(
      arbitraryNotices(everyone).chain((told) =>
        fc.tuple(fc.constant(told), fc.shuffledSubarray([...told], { minLength: told.length })),
      ),
      ([told, shuffled]) => {
        const patterns = [three, threePossibly, twoPossibly];
        expect(leftAfter(patterns, shuffled)).toEqual(leftAfter(patterns, told));
      },
    ),
    { numRuns: 200 },
  );
});

function leftAfter(patterns: readonly Pattern[], notices: readonly Notice[]): string[] {
  const correlator = new Correlator(patterns, new LinkIndex());
  const left = new Set<string>();
  for (const { who, event } of notices) {
    const { raised, withdrawn } = correlator.add(event, tokens[who]);
    for (const alert of withdrawn) left.delete(alertKey(alert));
    for (const alert of raised) left.add(alertKey(alert));
  }
  return [...left].sort();
}
