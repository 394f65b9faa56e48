/** What the correlator knows of a notice: its metadata, never its content and never a name. */
import { agencyOf } from '../../protocol/ids.ts';
import { severities } from '../../protocol/wire/envelope.ts';

/** One notice about one subject. Times are milliseconds since 1970. */
export type CorrelatorEvent = {
  /** The message's id, which its sender chose: another sender may have used it. */
  readonly id: string;
  /** When the sender says that it was made. Windows are measured on this clock. */
  readonly time: number;
  /** When the gateway accepted it. Alerts fire on this clock. */
  readonly arrived: number;
  /** `agency/endpoint`, or an agency alone. */
  readonly source: string;
  readonly category: string;
  readonly severity: string;
  /** The word by which policies speak of several categories together. */
  readonly group?: string | undefined;
  /** The kind of agency: police, health, … */
  readonly sector?: string | undefined;
  /** The public body that answers for the agency. */
  readonly authority?: string | undefined;
  /** How many subjects the notice names; 1 where it is not given. */
  readonly subjects?: number | undefined;
};

/** The fields of an event that a pattern may speak of. */
export const eventFields = [
  'id',
  'source',
  'agency',
  'endpoint',
  'sector',
  'authority',
  'category',
  'group',
  'severity',
  'subjects',
] as const;
export type EventField = (typeof eventFields)[number];

/** The value of a field as text; `undefined` where the event has none. */
export function fieldOf(event: CorrelatorEvent, field: EventField): string | undefined {
  switch (field) {
    case 'agency':
      return agencyOf(event.source);
    case 'endpoint': {
      const slash = event.source.indexOf('/');
      return slash < 0 ? undefined : event.source.slice(slash + 1);
    }
    case 'subjects':
      return String(event.subjects ?? 1);
    default:
      return event[field];
  }
}

/** The lower the graver: `immediate` is 0; a word that is no severity is the least of all. */
export function severityRank(severity: string): number {
  const rank = severities.findIndex((known) => known === severity);
  return rank < 0 ? severities.length : rank;
}

/** What tells messages apart. */
export type MessageName = Pick<CorrelatorEvent, 'id' | 'source'>;

/** A message that comes twice is one event. */
export function isSameMessage(a: MessageName, b: MessageName): boolean {
  return a.id === b.id && a.source === b.source;
}

/** The same for the same message, and no other; for sets. */
export function messageKey({ id, source }: MessageName): string {
  return `${id} ${source}`;
}

/** The order in which history is told: by time, then by message, so that no order of arrival shows. */
export function byTime(a: CorrelatorEvent, b: CorrelatorEvent): number {
  return a.time - b.time || byMessage(a, b);
}

/** The order in which events came, ties broken by message. */
export function byArrival(a: CorrelatorEvent, b: CorrelatorEvent): number {
  return a.arrived - b.arrived || byMessage(a, b);
}

/** An order that arrival has no part in. */
export function byMessage(a: MessageName, b: MessageName): number {
  return compare(a.id, b.id) || compare(a.source, b.source);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
