/** An alert as people get it: the data set `correlator-alert`, and the id that the same evidence always has. */
import { createHash } from 'node:crypto';
import type { MessageId } from '../../protocol/ids.ts';
import { uuidFromBytes, uuidToBytes } from '../../protocol/uuid.ts';
import { dispositionDeadline, toldLinks, type Alert } from './alert.ts';
import { agencyOf } from './event.ts';

/**
 * The id of an alert's message: of the same evidence, told by the same version at the same level, always the same. So
 * a restart in the middle sends nothing twice.
 */
export function alertMessageId({ pattern, tier, level, firedAt, events }: Alert): MessageId {
  const text = ['causeway/v1/alert', pattern.key, tier, level, ...events.map(({ id }) => id)].join('\0');
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes.writeUIntBE(firedAt, 0, 6);
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
