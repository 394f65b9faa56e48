/** What the audit log says of an alert and of what people made of it: the bodies of leaves, written and read here. */
import { z } from 'zod';
import { agencyOf, messageIdSchema, type MessageId } from '../../protocol/ids.ts';
import type { RecordEntry } from '../store/port.ts';
import { dispositionDeadline, toldLinks, type Alert } from './alert.ts';
import { levels, tiers } from './patterns/pattern.ts';

const linkSchema = z.object({
  event: z.string(),
  to: z.string(),
  tier: z.enum(tiers),
  types: z.array(z.string()),
});

/** The body of an `alert.raised`, and of an `alert.unsent`. Times are ms since 1970. */
const alertRecordSchema = z.object({
  kind: z.enum(['alert.raised', 'alert.unsent']),
  /** The alert's id, which is that of its message. */
  message: messageIdSchema,
  pattern: z.string(),
  version: z.int(),
  title: z.string(),
  level: z.enum(levels),
  tier: z.enum(tiers),
  firedAt: z.int(),
  dispositionBy: z.int(),
  events: z.array(messageIdSchema),
  /** The sender of each event, in order. */
  sources: z.array(z.string()),
  agencies: z.array(z.string()),
  links: z.array(linkSchema),
  missing: z.array(z.string()),
  /** Of an `alert.unsent`: the last refusal, and how often it was submitted. */
  code: z.string().optional(),
  tries: z.int().optional(),
});
export type AlertRecord = z.infer<typeof alertRecordSchema>;

/** What a person may say to an alert. */
export const dispositions = ['acted', 'known', 'not-this-child', 'no-concern'] as const;
export type Disposition = (typeof dispositions)[number];

const dispositionRecordSchema = z.object({
  kind: z.literal('alert.disposed'),
  /** The answer. */
  message: messageIdSchema,
  alert: messageIdSchema,
  disposition: z.enum(dispositions),
  source: z.string(),
  acceptedAt: z.int(),
});
export type DispositionRecord = z.infer<typeof dispositionRecordSchema>;

/**
 * The body about an alert: ids, codes, times and kinds of token, never a name.
 * @param id under which it was sent
 * @param thread its case, which is its first id
 */
export function alertRecord(
  alert: Alert,
  { id, thread }: { readonly id: MessageId; readonly thread: MessageId },
  rules: { readonly 'disposition-hours': number },
): object {
  const { pattern, level, tier, firedAt, events, missing } = alert;
  return {
    message: id,
    thread,
    pattern: pattern.id,
    version: pattern.version,
    title: pattern.title,
    level,
    tier,
    firedAt,
    dispositionBy: dispositionDeadline(firedAt, rules['disposition-hours']),
    events: events.map(({ id: event }) => event),
    sources: events.map(({ source }) => source),
    agencies: [...new Set(events.map(({ source }) => agencyOf(source)))].sort(),
    links: toldLinks(alert),
    missing,
  };
}

/** `undefined` for any other record, and for one that was erased. */
export function readAlertRecord(entry: RecordEntry): AlertRecord | undefined {
  return alertRecordSchema.safeParse(entry).data;
}

/** `undefined` for any other record, and for one that was erased. */
export function readDispositionRecord(entry: RecordEntry): DispositionRecord | undefined {
  return dispositionRecordSchema.safeParse(entry).data;
}
