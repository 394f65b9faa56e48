import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertKey, type Alert } from '../../../gateway/correlator/alert.ts';
import { Correlator } from '../../../gateway/correlator/correlator.ts';
import type { CorrelatorEvent } from '../../../gateway/correlator/event.ts';
import { LabelLinker, type Label } from '../../../gateway/correlator/label-linker.ts';
import { newsOf } from '../../../gateway/correlator/late-news.ts';
import { PatternIndex } from '../../../gateway/correlator/pattern-index.ts';
import type { Pattern } from '../../../gateway/correlator/patterns/pattern.ts';
import { dayMs, eventOn, patternsOf } from './pattern-text.ts';

const counted = 'type: event_count, rules: [a, b], timespan: 20d, condition: { gte: 2 }';
const [twoAgencies, alone, waiting, possibly] = patternsOf({
  '1.yaml': `title: Two agencies\nlink: same\ncorrelation: { ${counted}, agencies: 2 }\nlateness: 2d\n`,
  '2.yaml': `title: One will do\nlink: same\ncorrelation: { ${counted} }\nlateness: 2d\nescalation: { level: suspect, severity: urgent }\n`,
  '3.yaml': `title: No answer\nlink: same\ncorrelation: { ${counted} }\nabsent: { rules: [d], within: 5d }\nlateness: 1d\n`,
  '4.yaml': `title: Possibly\nlink: possible\ncorrelation: { ${counted}, agencies: 2 }\nlateness: 2d\n`,
}) as [Pattern, Pattern, Pattern, Pattern];
const patterns = [twoAgencies, alone, waiting, possibly];

type Notice = { readonly event: CorrelatorEvent; readonly label: Label };

/** Two agencies write about a child all the time, others now and then; three years or so without a pause. */
const unbroken: fc.Arbitrary<readonly Notice[]> = fc
  .array(
    fc.record({
      gapDays: fc.integer({ min: 2, max: 14 }),
      category: fc.constantFrom('a', 'a', 'a', 'a', 'a', 'b', 'd'),
      source: fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom('police', 'health') },
        { weight: 1, arbitrary: fc.constantFrom('school', 'housing', 'charity') },
      ),
      severity: fc.constantFrom('concern', 'concern', 'concern', 'concern', 'urgent'),
      tier: fc.constantFrom<Label['tier']>('same', 'same', 'same', 'possible'),
    }),
    { minLength: 100, maxLength: 160 },
  )
  .map((notices) => {
    let day = 0;
    return notices.map(({ gapDays, category, source, severity, tier }, index) => {
      day += gapDays;
      const event = eventOn(day, category, source, { id: `e${index}`, severity });
      return { event, label: { child: 'one', tier } };
    });
  });

/** What a correlator raises that is told all of this, and forgets as in service. */
function tellAll(correlator: Correlator<Label>, notices: readonly Notice[]): Alert[] {
  return notices.flatMap(({ event, label }) => {
    const raised = newsOf(correlator.add(event, label));
    correlator.sweep();
    return raised;
  });
}

/** What is raised after a moment: by one that never stopped, and by one that was started then. */
function raisedAfter(
  stoppedAt: number,
  told: readonly Notice[],
  asked: readonly Pattern[],
): Record<'lasting' | 'anew', string[]> {
  const since = stoppedAt - new PatternIndex(asked).historyMs;
  const raised = (some: readonly Notice[]): string[] =>
    tellAll(new Correlator(asked, new LabelLinker()), some)
      .filter(({ firedAt }) => firedAt > stoppedAt)
      .map(alertKey);
  return { lasting: raised(told), anew: raised(told.filter(({ event }) => event.arrived >= since)) };
}

describe('a correlator that starts anew', () => {
  it('raises what one raises that never stopped, also where agencies write of a child without a pause', () => {
    fc.assert(
      fc.property(unbroken, fc.double({ min: 0.3, max: 0.95, noNaN: true }), (told, part) => {
        const last = Math.floor(told.length * part);
        const { lasting, anew } = raisedAfter(told[last]!.event.arrived, told, patterns);
        expect(anew).toEqual(lasting);
      }),
      { numRuns: 150 },
    );
  });

  it('takes no possibility for told that was none while the child was known for certain', () => {
    const certain = notices(220, []).map(({ event, label }) => ({
      event: { ...event, id: `sure ${event.id}` },
      label,
    }));
    const told = [...certain, ...notices(420, [205, 401], 'possible')].sort(
      (a, b) => a.event.arrived - b.event.arrived,
    );
    const { lasting, anew } = raisedAfter(eventOn(396, 'a').arrived, told, [possibly]);
    expect(lasting).toHaveLength(1);
    expect(anew).toEqual(lasting);
  });
});

/** A notice of each of two agencies in turn every ten days, and of a third on these days. */
function notices(days: number, third: readonly number[], tier: Label['tier'] = 'same'): Notice[] {
  const label: Label = { child: 'one', tier };
  const two = Array.from({ length: days / 10 }, (_, nth) =>
    eventOn(nth * 10, 'a', nth % 2 === 0 ? 'police' : 'health'),
  );
  return [...two, ...third.map((day) => eventOn(day, 'a', 'school'))]
    .sort((a, b) => a.arrived - b.arrived)
    .map((event) => ({ event, label }));
}

describe('what was told', () => {
  const raisedBy = (told: readonly Notice[]): number[] =>
    tellAll(new Correlator([twoAgencies], new LabelLinker()), told).map(({ firedAt }) =>
      Math.round((firedAt - Date.parse('2026-01-01T00:00:00.000Z')) / dayMs),
    );

  it('is no news for as long as it was in evidence within a year', () => {
    expect(raisedBy(notices(700, [31, 361]))).toEqual([10, 31]);
  });

  it('is news again afterwards', () => {
    expect(raisedBy(notices(900, [31, 441]))).toEqual([10, 31, 441]);
  });

  it('stays told where a late notice has history told again, a part of which is forgotten', () => {
    const correlator = new Correlator([twoAgencies], new LabelLinker());
    const label: Label = { child: 'one', tier: 'same' };
    expect(tellAll(correlator, notices(300, [31]))).toHaveLength(2);
    const late = newsOf(correlator.add(eventOn(289, 'a', 'police'), label));
    expect(late).toEqual([]);
    expect(newsOf(correlator.add(eventOn(301, 'a', 'school'), label))).toEqual([]);
    expect(newsOf(correlator.add(eventOn(302, 'a', 'housing'), label))).toHaveLength(1);
  });
});
