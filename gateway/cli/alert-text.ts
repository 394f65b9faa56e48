/** Alerts as commands show them: ids, agencies, categories, times and kinds of token, never a name. */
import { alertMessageId } from '../correlator/alert-document.ts';
import type { Alert } from '../correlator/alert.ts';
import { agencyOf } from '../../protocol/ids.ts';
import type { CorrelatorEvent } from '../correlator/event.ts';
import type { NearlyRaised } from '../correlator/replay.ts';
import { nameOf } from './pattern-reading.ts';
import { minuteText } from '../../terminal/time-text.ts';

/** An alert of a replay, for scripts. */
export function alertObject(alert: Alert): object {
  const { pattern, level, tier, firedAt, events, links, missing } = alert;
  return {
    alert: alertMessageId(alert),
    pattern: nameOf(pattern.file),
    id: pattern.id,
    version: pattern.version,
    title: pattern.title,
    level,
    tier,
    raisedAt: timeOf(firedAt),
    agencies: agenciesOf(events),
    events: events.map(eventObject),
    links,
    missing,
  };
}

/** A near miss, for scripts. */
export function nearMissObject({ pattern, explanation, nearest }: NearlyRaised): object {
  return {
    pattern: nameOf(pattern.file),
    id: pattern.id,
    version: pattern.version,
    title: pattern.title,
    reasons: explanation.reasons,
    rulesMissing: nearest.rulesMissing,
    agencies: agenciesOf(nearest.events),
    events: nearest.events.map(eventObject),
  };
}

export function eventObject({ id, time, source, category, severity }: CorrelatorEvent): object {
  return { id, agency: agencyOf(source), category, severity, time: timeOf(time) };
}

/** A line about an alert of a replay, in cells. Its id is that of the alert that was sent, if it was. */
export function alertCells(alert: Alert): string[] {
  const { pattern, level, tier, firedAt, events } = alert;
  const sure = tier === 'same' ? '' : ', possibly one child';
  return [
    minuteText(firedAt),
    `${nameOf(pattern.file)} v${pattern.version}`,
    `${level}${sure}`,
    alertMessageId(alert),
    `${countOf(events.length, 'notice')} of ${agenciesOf(events).join(', ')}`,
  ];
}

/** A line about a near miss, in cells, with the id of its last notice: `why-not` tells more of it. */
export function nearMissCells({ pattern, explanation, nearest }: NearlyRaised): string[] {
  return [
    minuteText(nearest.until),
    `${nameOf(pattern.file)} v${pattern.version}`,
    nearest.events.at(-1)?.id ?? '',
    explanation.reasons.join('; '),
  ];
}

/** A notice, in cells. */
export function eventCells({ id, time, source, category, severity }: CorrelatorEvent): string[] {
  return [`  ${minuteText(time)}`, `${category} (${severity})`, agencyOf(source), id];
}

/** `1 notice`, `2 notices`. */
export function countOf(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

/** A part from 0 to 1, `97 %`. What is less than all is never shown as all, and what is more than none never as none. */
export function percentOf(part: number): string {
  const rounded = Math.round(part * 100);
  return `${part > 0 && part < 1 ? Math.min(99, Math.max(1, rounded)) : rounded} %`;
}

export function timeOf(at: number): string {
  return new Date(at).toISOString();
}

function agenciesOf(events: readonly CorrelatorEvent[]): string[] {
  return [...new Set(events.map(({ source }) => agencyOf(source)))].sort();
}
