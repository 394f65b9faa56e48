/** Runs a pattern's own examples through the correlator, and tells what came out otherwise than they say. */
import type { Alert } from './alert.ts';
import { Correlator } from './correlator.ts';
import { describeEvent } from './describe-event.ts';
import { byArrival, type CorrelatorEvent } from './event.ts';
import { LabelLinker, type Label } from './label-linker.ts';
import type { Fixture } from './patterns/document-schema.ts';
import { alwaysInForce, type Pattern, type Tier } from './patterns/pattern.ts';
import { formatTimespan, parseTimespan } from './patterns/timespan.ts';
import type { Agreement } from './stored-event.ts';

/** A quiet day, on which every fixture begins. */
const startMs = Date.parse('2026-01-05T00:00:00.000Z');

/**
 * A fixture shows what the pattern looks for, whenever it is in force: one that reached beyond its last day would show
 * nothing, and one without alerts could not fail.
 * @returns what differs, in words; empty when the fixture comes out as it says
 */
export function runFixture(pattern: Pattern, fixture: Fixture, agreement: Agreement): string[] {
  const unknown = unknownWords(fixture, agreement);
  if (unknown.length > 0) return unknown;
  const events = fixture.events.map((event, index) => toEvent(event, index, agreement));
  const correlator = new Correlator<Label>([alwaysInForce(pattern)], new LabelLinker());
  const alerts: Alert[] = [];
  for (const [event, label] of events.toSorted(([a], [b]) => byArrival(a, b))) {
    alerts.push(...correlator.add(event, label).raised);
  }
  alerts.push(...correlator.advance(Infinity).raised);
  return compareAlerts(fixture, alerts);
}

function toEvent(
  {
    at,
    arrives,
    source,
    category,
    severity,
    subjects,
    child = 'the child',
    link = 'same',
    repeats,
  }: Fixture['events'][number],
  index: number,
  agreement: Agreement,
): readonly [CorrelatorEvent, Label] {
  const time = startMs + (parseTimespan(at) ?? 0);
  const event = describeEvent(
    {
      id: String(repeats ?? index + 1),
      time,
      arrived: arrives === undefined ? time : startMs + (parseTimespan(arrives) ?? 0),
      source,
      category,
      severity: severity ?? agreement.categories.get(category)?.severity ?? 'concern',
      subjects,
    },
    agreement,
  );
  return [event, { child, tier: link }];
}

function unknownWords({ events }: Fixture, { agencies, categories }: Agreement): string[] {
  return events.flatMap(({ source, category }, index) => [
    ...(agencies.has(source.split('/')[0] ?? '')
      ? []
      : [`event ${index + 1}: there is no agency of ${source}`]),
    ...(categories.has(category) ? [] : [`event ${index + 1}: there is no category ${category}`]),
  ]);
}

type Expected = Fixture['alerts'][number];

function compareAlerts({ alerts: expected }: Fixture, raised: readonly Alert[]): string[] {
  const problems: string[] = [];
  expected.forEach((alert, index) => {
    const found = raised[index];
    if (found === undefined) {
      problems.push(`alert ${index + 1} of events ${alert.events.join(', ')} was not raised`);
    } else problems.push(...differences(alert, found).map((one) => `alert ${index + 1} ${one}`));
  });
  for (const { events } of raised.slice(expected.length)) {
    problems.push(`an alert was raised that is not expected, of events ${idsOf(events)}`);
  }
  return problems;
}

function differences(expected: Expected, found: Alert): string[] {
  const wanted: { level?: string | undefined; tier?: Tier | undefined; at?: string | undefined } = expected;
  const problems: string[] = [];
  const ids = idsOf(found.events);
  if (ids !== expected.events.toSorted((a, b) => a - b).join(', ')) {
    problems.push(`has events ${ids} instead of ${expected.events.join(', ')}`);
  }
  for (const key of ['level', 'tier'] as const) {
    if (wanted[key] !== undefined && wanted[key] !== found[key]) {
      problems.push(`has ${key} ${found[key]} instead of ${wanted[key]}`);
    }
  }
  const fired = found.firedAt - startMs;
  if (wanted.at !== undefined && parseTimespan(wanted.at) !== fired) {
    problems.push(`fires at ${formatTimespan(fired)} instead of ${wanted.at}`);
  }
  return problems;
}

function idsOf(events: readonly CorrelatorEvent[]): string {
  return events
    .map(({ id }) => Number(id))
    .sort((a, b) => a - b)
    .join(', ');
}
