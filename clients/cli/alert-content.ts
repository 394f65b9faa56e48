/** What the correlator writes, as far as it is told in words: the client has checked the whole against its data set. */
import { z } from 'zod';
import { correlatorAddress, messageIdSchema } from '../../protocol/ids.ts';
import type { Notice } from '../sdk/notice.ts';

const patternSchema = z.object({ title: z.string(), version: z.int() });

const alertSchema = z.object({
  pattern: patternSchema.extend({ description: z.string(), falsePositives: z.array(z.string()) }),
  level: z.string(),
  tier: z.string(),
  dispositionBy: z.iso.datetime(),
  events: z.array(
    z.object({
      id: messageIdSchema,
      agency: z.string(),
      category: z.string(),
      severity: z.string(),
      time: z.iso.datetime(),
    }),
  ),
  links: z.array(
    z.object({ event: z.string(), to: z.string(), tier: z.string(), types: z.array(z.string()) }),
  ),
  missing: z.array(z.string()),
});
export type AlertContent = z.infer<typeof alertSchema>;

const reminderSchema = z.object({
  alert: z.string(),
  pattern: patternSchema,
  level: z.string(),
  tier: z.string(),
  dispositionBy: z.iso.datetime(),
  sentTo: z.array(z.string()),
  events: z.array(z.object({ id: messageIdSchema, agency: z.string() })),
});
export type ReminderContent = z.infer<typeof reminderSchema>;

type Written = Pick<Notice, 'from' | 'dataschema' | 'json'>;

/** The alert in a notice; `undefined` where it is none, or of a form that this version cannot tell. */
export function readAlert(notice: Written): AlertContent | undefined {
  return read(notice, 'correlator-alert', alertSchema);
}

/** The reminder of an alert in a notice; `undefined` as in {@link readAlert}. */
export function readReminder(notice: Written): ReminderContent | undefined {
  return read(notice, 'alert-reminder', reminderSchema);
}

function read<T>(notice: Written, dataset: string, schema: z.ZodType<T>): T | undefined {
  const isOfKind = notice.dataschema?.startsWith(`urn:causeway:dataset:${dataset}:`) === true;
  if (notice.from !== correlatorAddress || !isOfKind) return undefined;
  return schema.safeParse(notice.json()).data;
}
