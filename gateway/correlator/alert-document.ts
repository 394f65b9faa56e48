/** An alert as people get it: the data set `correlator-alert`, and the id that the same evidence always has. */
import { createHash } from 'node:crypto';
import { agencyOf, type MessageId } from '../../protocol/ids.ts';
import { uuidFromBytes, uuidToBytes } from '../../protocol/uuid.ts';
import type { AlertRecord } from './alert-record.ts';
import { dispositionDeadline, toldLinks, type Alert } from './alert.ts';
import { messageKey } from './event.ts';

/** How often the same alert is encrypted again after its first try. */
const furtherTries = 3;

/**
 * The id of an alert's message: of the same evidence, told by the same version at the same level, always the same. So
 * a restart in the middle sends nothing twice.
 */
export function alertMessageId({ pattern, tier, level, firedAt, events }: Alert): MessageId {
  return idFrom(firedAt, 'causeway/v1/alert', pattern.key, tier, level, ...events.map(messageKey));
}

/** All ids under which the message with this first id may be sent, in order: a refusal for good uses one up. */
export function alertIds(first: MessageId): readonly MessageId[] {
  const further = Array.from({ length: furtherTries }, (_, nth) =>
    idFrom(raisedAtOf(first), 'causeway/v1/alert-again', first, String(nth + 1)),
  );
  return [first, ...further];
}

/** The first id of the message that reminds of an alert, which has one reminder. */
export function reminderIdOf(alert: MessageId): MessageId {
  return idFrom(raisedAtOf(alert), 'causeway/v1/alert-reminder', alert);
}

/** A UUIDv7 of this time, ms since 1970, whose random bits are a digest of the parts. */
function idFrom(time: number, ...parts: readonly string[]): MessageId {
  const bytes = createHash('sha256').update(parts.join('\0')).digest().subarray(0, 16);
  bytes.writeUIntBE(time, 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return uuidFromBytes(bytes);
}

/** When an alert was raised, ms since 1970: its id begins with it. */
export function raisedAtOf(id: MessageId): number {
  return uuidToBytes(id).readUIntBE(0, 6);
}

/** The body of the message. @param dispositionHours within which a person must have judged it */
export function alertDocument(alert: Alert, dispositionHours: number): object {
  const { pattern, level, tier, firedAt, events, missing } = alert;
  const { id, version, title, description, falsePositives } = pattern;
  return {
    pattern: { id, version, title, description, falsePositives },
    level,
    tier,
    raisedAt: new Date(firedAt).toISOString(),
    dispositionBy: new Date(dispositionDeadline(firedAt, dispositionHours)).toISOString(),
    events: events.map(({ id: event, source, category, severity, time }) => ({
      id: event,
      agency: agencyOf(source),
      category,
      severity,
      time: new Date(time).toISOString(),
    })),
    links: toldLinks(alert),
    missing,
  };
}

/** The body of a reminder: what the log says of the alert. @param sentTo who got it */
export function reminderDocument(record: AlertRecord, sentTo: readonly string[]): object {
  const { message, pattern, version, title, level, tier, firedAt, dispositionBy, events, sources } = record;
  return {
    alert: message,
    pattern: { id: pattern, version, title },
    level,
    tier,
    raisedAt: new Date(firedAt).toISOString(),
    dispositionBy: new Date(dispositionBy).toISOString(),
    sentTo,
    events: events.map((id, nth) => ({ id, agency: agencyOf(sources[nth] ?? '') })),
  };
}
