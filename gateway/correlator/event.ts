/** What the correlator knows of a notice: its metadata, never its content and never a name. */
import { agencyOf } from '../../protocol/ids.ts';
import { severities } from '../../protocol/wire/envelope.ts';

/** One notice about one subject. Times are milliseconds since 1970. */
export type CorrelatorEvent = {
  /** The message's id: a message that comes twice is one event. */
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

/** The order in which history is told: by time, then by id, so that no order of arrival shows. */
export function byTime(a: CorrelatorEvent, b: CorrelatorEvent): number {
  return a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** The order in which events came, ties broken by id. */
export function byArrival(a: CorrelatorEvent, b: CorrelatorEvent): number {
  return a.arrived - b.arrived || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
