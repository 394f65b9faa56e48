/** From an accepted message to what the correlator needs of it: the envelope says it all, the payload nothing. */
import type { SubjectTokens } from '../../protocol/linkage/subject-tokens.ts';
import { parseEnvelope, type Envelope } from '../../protocol/wire/envelope.ts';
import type { Agency } from '../policy/agencies.ts';
import type { Category } from '../policy/categories.ts';
import type { Acceptance } from '../store/port.ts';
import { describeEvent } from './describe-event.ts';
import { byArrival, type CorrelatorEvent } from './event.ts';

/** What the sharing agreement knows of senders and categories. */
export type Agreement = {
  readonly agencies: ReadonlyMap<string, Agency>;
  readonly categories: ReadonlyMap<string, Category>;
};

/** An accepted message with its place in the order of acceptance. */
export type StoredEvent = {
  readonly position: number;
  readonly event: CorrelatorEvent;
  readonly subjects: readonly SubjectTokens[];
  readonly envelope: Envelope;
};

/** Reads a portion of acceptances, in the order of arrival in which the correlator tells history. */
export function readStoredEvents(acceptances: readonly Acceptance[], agreement: Agreement): StoredEvent[] {
  return acceptances
    .map((acceptance) => readStoredEvent(acceptance, agreement))
    .sort((a, b) => byArrival(a.event, b.event));
}

function readStoredEvent({ position, at, envelope: bytes }: Acceptance, agreement: Agreement): StoredEvent {
  const envelope = parseEnvelope(bytes);
  const { id, source, category, severity, subjects } = envelope;
  const event = describeEvent(
    {
      id,
      time: Date.parse(envelope.time),
      arrived: at,
      source,
      category,
      severity,
      subjects: Math.max(1, subjects.length),
    },
    agreement,
  );
  return { position, event, subjects, envelope };
}
