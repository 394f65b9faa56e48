import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceAlerts } from '../../../bench/stream/reference.ts';
import { alertKey, type Alert } from '../../../gateway/correlator/alert.ts';
import { Correlator } from '../../../gateway/correlator/correlator.ts';
import type { CorrelatorEvent } from '../../../gateway/correlator/event.ts';
import { LabelLinker, type Label } from '../../../gateway/correlator/label-linker.ts';
import type { Pattern } from '../../../gateway/correlator/patterns/pattern.ts';
import { dayMs, patternsOf } from './pattern-text.ts';

const rulesInOrder = fc.constantFrom('[a, b]', '[a, b, c]', '[b, a]', '[c, twice-a]', '[twice-a, b]');
const bound = fc.constantFrom(
  '{ gte: 2 }',
  '{ gte: 3 }',
  '{ gt: 1, lt: 4 }',
  '{ eq: 2 }',
  '{ neq: 1 }',
  '{ lte: 1 }',
);
const agencies = fc.constantFrom('', '  agencies: 2\n');
const groupBy = fc.constantFrom('[subject]', '[subject, category]', '[agency]');
const span = fc.constantFrom('3d', '10d', '30d');

const correlation = fc.oneof(
  fc
    .tuple(bound, groupBy, agencies)
    .map(
      ([condition, by, need]) =>
        `  type: event_count\n  rules: [a, b]\n  group-by: ${by}\n  condition: ${condition}\n${need}`,
    ),
  fc
    .constantFrom('agency', 'category', '[agency, category]')
    .map(
      (field) =>
        `  type: value_count\n  rules: [sign]\n  group-by: [subject]\n  condition: { field: ${field}, gte: 3 }\n`,
    ),
  fc
    .tuple(rulesInOrder, agencies)
    .map(([rules, need]) => `  type: temporal\n  rules: ${rules}\n  group-by: [subject]\n${need}`),
  fc
    .tuple(fc.constantFrom('', '  condition: { gte: 2 }\n'), agencies)
    .map(
      ([condition, need]) =>
        `  type: temporal\n  rules: [a, b, c]\n  group-by: [subject]\n${condition}${need}`,
    ),
  fc
    .tuple(rulesInOrder, agencies)
    .map(([rules, need]) => `  type: temporal_ordered\n  rules: ${rules}\n  group-by: [subject]\n${need}`),
  fc
    .constantFrom('', '  source-cap: 1.5\n')
    .map(
      (cap) =>
        `  type: event_count\n  rules: [a, b]\n  group-by: [subject]\n  condition: { gte: 2.2 }\n${cap}  weights: { half-life: 7d, rules: { a: 1.5 } }\n`,
    ),
);
const extras = fc.constantFrom(
  '',
  'absent: { rules: [d], within: 2d }\nlateness: 1d\n',
  'absent: [{ rules: [d], within: 2d, from: first }, { rules: [c], within: 1d }]\nlateness: 2d\n',
  'absent: { rules: [d], within: 2d, from: first }\nlateness: 1d\nescalation: { level: suspect, events: 3 }\n',
  'lateness: 2d\n',
  'suppression: { new-evidence: [] }\n',
  'suppression: { new-evidence: [category] }\nescalation: { level: suspect, events: 4, agencies: 3 }\n',
  'escalation: { level: suspect, severity: urgent }\n',
  'effective: { from: 2026-01-10, until: 2026-01-25 }\n',
);

const twice =
  '---\ntitle: Twice\nname: twice-a\ncorrelation: { type: event_count, rules: [a], timespan: 5d, condition: { gte: 2 } }\n';

const pattern = fc.tuple(correlation, span, extras).map(([body, timespan, extra]): Pattern => {
  const text = `title: One\nname: one\ncorrelation:\n${body}  timespan: ${timespan}\n${extra}${body.includes('twice-a') ? twice : ''}`;
  return patternsOf({ 'one.yaml': text })[0]!;
});

/** Times are whole hours, so that some are equal; a few messages are told twice, and some arrive late. */
const history = fc
  .array(
    fc.record({
      hours: fc.nat(40 * 24),
      delay: fc.oneof(fc.constant(0), fc.nat(10 * 24)),
      category: fc.constantFrom('a', 'b', 'c', 'd', 'x'),
      source: fc.constantFrom('police/hub', 'police/duty', 'health/ward', 'school/one'),
      severity: fc.constantFrom('info', 'concern', 'urgent'),
      repeats: fc.boolean(),
    }),
    { maxLength: 11 },
  )
  .map((notices) =>
    notices.flatMap(({ hours, delay, category, source, severity, repeats }, index): CorrelatorEvent[] => {
      const time = Date.parse('2026-01-01T00:00:00.000Z') + hours * 3_600_000;
      const group = category === 'x' ? undefined : 'sign';
      const event = {
        id: `e${index}`,
        time,
        arrived: time + delay * 3_600_000,
        source,
        category,
        severity,
        group,
      };
      return repeats && index % 4 === 0 ? [event, { ...event, arrived: event.arrived + dayMs }] : [event];
    }),
  );

function correlate(
  patterns: readonly Pattern[],
  events: readonly CorrelatorEvent[],
  child = (_: number) => 'one',
): Alert[] {
  const correlator = new Correlator<Label>(patterns, new LabelLinker());
  const alerts = new Map<string, Alert>();
  events.forEach((event, index) => {
    const { raised, withdrawn } = correlator.add(event, { child: child(index), tier: 'same' });
    for (const alert of withdrawn) alerts.delete(alertKey(alert));
    for (const alert of raised) alerts.set(alertKey(alert), alert);
  });
  for (const alert of correlator.advance(Infinity).raised) alerts.set(alertKey(alert), alert);
  return [...alerts.values()];
}

const byArrival = (events: readonly CorrelatorEvent[]) =>
  events.toSorted((a, b) => a.arrived - b.arrived || (a.id < b.id ? -1 : 1));
const keysOf = (alerts: readonly Alert[]) => alerts.map(alertKey).sort();

describe('the correlator', () => {
  it('raises the alerts that reading the whole history again at every step would raise', () => {
    fc.assert(
      fc.property(pattern, history, (one, events) => {
        const found = correlate([one], byArrival(events)).map(({ events: evidence, level, firedAt }) => ({
          events: evidence.map(({ id }) => id),
          level,
          firedAt,
        }));
        const expected = referenceAlerts(one, events).map(({ events: ids, level, firedAt }) => ({
          events: ids,
          level,
          firedAt,
        }));
        const sorted = (list: readonly object[]) => list.map((alert) => JSON.stringify(alert)).sort();
        expect(sorted(found)).toEqual(sorted(expected));
      }),
      { numRuns: 1500 },
    );
  });

  it('ends with the same alerts in whatever order notices are added', () => {
    fc.assert(
      fc.property(
        fc.array(pattern, { minLength: 1, maxLength: 2 }),
        history.chain((events) =>
          fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })),
        ),
        (several, [events, shuffled]) => {
          const patterns = several.map((one, index) => ({ ...one, key: `${one.key}${index}` }));
          expect(keysOf(correlate(patterns, shuffled))).toEqual(
            keysOf(correlate(patterns, byArrival(events))),
          );
        },
      ),
      { numRuns: 600 },
    );
  });

  it('withdraws nothing while notices come in the order of their arrival', () => {
    fc.assert(
      fc.property(pattern, history, (one, events) => {
        const correlator = new Correlator<Label>([one], new LabelLinker());
        for (const event of byArrival(events)) {
          expect(correlator.add(event, { child: 'one', tier: 'same' }).withdrawn).toEqual([]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('says of each of two children what it would say without the other', () => {
    fc.assert(
      fc.property(pattern, history, (one, events) => {
        const sorted = byArrival(events);
        const childOf = (id: string): string => (Number(id.slice(1)) % 2 === 0 ? 'even' : 'odd');
        const both = correlate([one], sorted, (index) => childOf(sorted[index]!.id));
        const apart = ['even', 'odd'].flatMap((child) =>
          correlate(
            [one],
            sorted.filter(({ id }) => childOf(id) === child),
          ),
        );
        expect(keysOf(both)).toEqual(keysOf(apart));
      }),
      { numRuns: 300 },
    );
  });

  it('forgets what is beyond the horizon and says the same', () => {
    fc.assert(
      fc.property(pattern, history, (one, events) => {
        const correlator = new Correlator<Label>([one], new LabelLinker());
        const alerts = byArrival(events).flatMap((event) => {
          const { raised } = correlator.add(event, { child: 'one', tier: 'same' });
          correlator.sweep();
          return raised;
        });
        alerts.push(...correlator.advance(Infinity).raised);
        expect(keysOf(alerts)).toEqual(keysOf(correlate([one], byArrival(events))));
      }),
      { numRuns: 300 },
    );
  });
});
