/**
 * Plants what patterns are about: their own examples that alert, and near-misses of every kind. A near-miss is planted
 * only when the reference says that it does not alert.
 */
import { describeEvent } from '../../gateway/correlator/describe-event.ts';
import type { CorrelatorEvent } from '../../gateway/correlator/event.ts';
import type { PatternSet } from '../../gateway/correlator/patterns/load.ts';
import type { Fixture } from '../../gateway/correlator/patterns/document-schema.ts';
import type { Pattern } from '../../gateway/correlator/patterns/pattern.ts';
import { parseTimespan } from '../../gateway/correlator/patterns/timespan.ts';
import type { PolicySet } from '../../gateway/policy/policy-set.ts';
import type { Severity } from '../../protocol/wire/envelope.ts';
import type { Seeded } from '../seeded.ts';
import { referenceAlerts } from './reference.ts';

/** A notice to be planted: when, measured from the beginning, and about whom. */
export type Planted = {
  readonly atMs: number;
  readonly arrivesMs: number;
  readonly source: string;
  readonly category: string;
  readonly severity: Severity;
  readonly subjects: number | undefined;
  /** 0 for the child itself, 1 for its twin. */
  readonly child: 0 | 1;
  /** The place of an earlier notice that this one repeats. */
  readonly repeats: number | undefined;
};

export type Story = {
  readonly pattern: Pattern;
  readonly kind: string;
  readonly notices: readonly Planted[];
};

const dayMs = 86_400_000;

/** Every fixture as a story, and every near-miss that can be made of those that alert. */
export function storiesOf(
  { patterns, fixtures }: PatternSet,
  policy: PolicySet,
): { alerting: Story[]; nearMisses: Story[] } {
  const alerting: Story[] = [];
  const nearMisses: Story[] = [];
  for (const pattern of patterns) {
    for (const fixture of fixtures.get(pattern) ?? []) {
      const notices = noticesOf(fixture, policy);
      if (notices === undefined) continue;
      const story = { pattern, notices };
      const isQuiet = isSilent(notices, patterns, policy);
      if (isQuiet) nearMisses.push({ ...story, kind: fixture.title });
      else if (fixture.alerts.length > 0) {
        alerting.push({ ...story, kind: fixture.title });
        for (const [kind, changed] of mutations(pattern, notices)) {
          if (isSilent(changed, patterns, policy)) nearMisses.push({ pattern, kind, notices: changed });
        }
      }
    }
  }
  return { alerting, nearMisses };
}

function noticesOf(fixture: Fixture, policy: PolicySet): Planted[] | undefined {
  const children = [...new Set(fixture.events.map(({ child = 'the child' }) => child))].sort((a, b) =>
    a === 'the child' ? -1 : b === 'the child' ? 1 : 0,
  );
  if (children.length > 2 || fixture.events.some(({ link }) => link === 'possible')) return undefined;
  return fixture.events.map(
    ({ at, arrives, source, category, severity, subjects, child = 'the child', repeats }) => {
      const atMs = parseTimespan(at) ?? 0;
      return {
        atMs,
        arrivesMs: arrives === undefined ? atMs : (parseTimespan(arrives) ?? 0),
        source,
        category,
        severity: severity ?? policy.categories.get(category)?.severity ?? 'concern',
        subjects,
        child: children.indexOf(child) === 0 ? 0 : 1,
        repeats: repeats === undefined ? undefined : repeats - 1,
      };
    },
  );
}

function mutations(pattern: Pattern, notices: readonly Planted[]): [string, Planted[]][] {
  const last = notices.length - 1;
  const { spanMs } = pattern.correlation;
  const first = notices[0]!;
  const end = Math.max(...notices.map(({ atMs }) => atMs));
  const late = Math.max(spanMs + dayMs + first.atMs - notices[last]!.atMs, dayMs);
  return [
    ['a day too late', notices.map((one, index) => (index === last ? move(one, late) : one))],
    ['one agency alone', notices.map((one) => ({ ...one, source: first.source }))],
    ['one notice missing', notices.slice(0, last)],
    [
      'in the wrong order',
      notices.map((one) => ({ ...one, atMs: end - one.atMs, arrivesMs: end - one.atMs })),
    ],
    ["the twin's notice", notices.map((one, index) => (index === last ? { ...one, child: 1 } : one))],
    [
      'a message sent again',
      notices.map((one, index) =>
        index === last && last > 0
          ? { ...notices[last - 1]!, arrivesMs: one.arrivesMs, repeats: last - 1 }
          : one,
      ),
    ],
  ];
}

function move(notice: Planted, byMs: number): Planted {
  return { ...notice, atMs: notice.atMs + byMs, arrivesMs: notice.arrivesMs + byMs };
}

/** Whether no pattern at all says anything about either child. */
function isSilent(notices: readonly Planted[], patterns: readonly Pattern[], policy: PolicySet): boolean {
  return [0, 1].every((child) => {
    const events = notices.flatMap((one, index) =>
      one.child === child ? [toEvent(one, String(one.repeats ?? index), 0, policy)] : [],
    );
    return patterns.every((pattern) => referenceAlerts(pattern, events).length === 0);
  });
}

export function toEvent(
  { atMs, arrivesMs, source, category, severity, subjects }: Planted,
  id: string,
  startMs: number,
  policy: PolicySet,
): CorrelatorEvent {
  return describeEvent(
    { id, time: startMs + atMs, arrived: startMs + arrivesMs, source, category, severity, subjects },
    policy,
  );
}

/** The same story a little faster: what fits into a window still does. Where time must pass, nothing is changed. */
export function vary({ pattern, kind, notices }: Story, chance: Seeded): Story {
  const factor = pattern.absences.length === 0 ? chance.between(0.5, 1) : 1;
  return {
    pattern,
    kind,
    notices: notices.map((one) => ({ ...one, atMs: one.atMs * factor, arrivesMs: one.arrivesMs * factor })),
  };
}
