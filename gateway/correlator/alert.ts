/** What a pattern has to say about one child, with all that a person needs to judge it. */
import { messageKey, severityRank, type CorrelatorEvent } from './event.ts';
import { agenciesOf, countCapped } from './evaluate/window.ts';
import type { Level, Pattern, Tier } from './patterns/pattern.ts';

const hourMs = 3_600_000;

/** Why an event is taken to speak of the child of the event in the middle. */
export type EvidenceLink = {
  readonly event: string;
  /** The event that all evidence is directly linked to. */
  readonly to: string;
  readonly tier: Tier;
  /** Types of the recipes that agree. */
  readonly types: readonly string[];
};

export type Alert = {
  readonly pattern: Pattern;
  /** The weakest link that it rests on. */
  readonly tier: Tier;
  readonly level: Level;
  /** When it was raised, on the gateway's clock: when the evidence was complete, or a deadline had passed. */
  readonly firedAt: number;
  /** When the evidence was complete, on the senders' clocks. */
  readonly completedAt: number;
  /** Sorted by time. */
  readonly events: readonly CorrelatorEvent[];
  readonly links: readonly EvidenceLink[];
  /** What would raise the level; empty at the highest. */
  readonly missing: readonly string[];
};

/** The links of an alert as they are told: each type once. */
export function toldLinks({ links }: Pick<Alert, 'links'>): EvidenceLink[] {
  return links.map(({ event, to, tier, types }) => ({ event, to, tier, types: [...new Set(types)] }));
}

/** By when a person must have judged an alert, ms since 1970. */
export function dispositionDeadline(raisedAt: number, dispositionHours: number): number {
  return raisedAt + dispositionHours * hourMs;
}

/** The level that evidence reaches. */
export function levelOf({ level, escalation }: Pattern, events: readonly CorrelatorEvent[]): Level {
  if (escalation === undefined) return level;
  const { agencies = Infinity, events: count = Infinity, severity, sourceCap } = escalation;
  const isRaised =
    agenciesOf(events).size >= agencies ||
    countCapped(events, sourceCap) >= count ||
    (severity !== undefined && gravest(events) <= severityRank(severity));
  return isRaised ? escalation.level : level;
}

/** What evidence lacks for the escalated level: any one of these would do. */
export function missingForNextLevel(pattern: Pattern, events: readonly CorrelatorEvent[]): string[] {
  const { escalation } = pattern;
  if (escalation === undefined || levelOf(pattern, events) === escalation.level) return [];
  const { agencies, events: count, severity, sourceCap } = escalation;
  const missing: string[] = [];
  if (agencies !== undefined) missing.push(more(agencies - agenciesOf(events).size, 'agency', 'agencies'));
  if (count !== undefined)
    missing.push(
      more(count - countCapped(events, sourceCap), 'notice', 'notices') + cappedAt(events, sourceCap),
    );
  if (severity !== undefined)
    missing.push(`a notice of severity ${severity}${severityRank(severity) === 0 ? '' : ' or graver'}`);
  return missing;
}

/**
 * Tells alerts apart: the same evidence, at the same time, by the same version. An alert names notices and no child: where
 * the same notices speak of several children, such as siblings, one alert stands for all of them, under one id.
 */
export function alertKey({ pattern, tier, level, firedAt, events }: Alert): string {
  return [pattern.key, tier, level, firedAt, ...events.map(messageKey)].join('\n');
}

/** Said where somebody might take more of the same for enough. */
function cappedAt(events: readonly CorrelatorEvent[], cap = Infinity): string {
  return countCapped(events, cap) < events.length ? `, none counting beyond ${cap} of one agency` : '';
}

function gravest(events: readonly CorrelatorEvent[]): number {
  return Math.min(...events.map(({ severity }) => severityRank(severity)));
}

function more(count: number, one: string, several: string): string {
  return count === 1 ? `1 more ${one}` : `${count} more ${several}`;
}
