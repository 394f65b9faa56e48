/** `alerts.yaml`: when the correlator looks, who gets what it raises, and by when a person must have judged it. */
import cron from 'node-cron';
import { z } from 'zod';
import { severitySchema } from '../../protocol/wire/envelope.ts';
import { slugListSchema } from './agencies.ts';

/** Minute, hour, day of month, month, day of week; seconds before them where there are six. */
const cronSchema = z
  .string()
  .refine((text) => cron.validate(text), 'must be a schedule of cron, such as `*/5 * * * *`');

const levelSchema = z.strictObject({
  /** Endpoints with any of these roles get the alert, in each agency that sent or received a notice of its evidence. */
  roles: slugListSchema.min(1),
  severity: severitySchema,
  /** Hours within which somebody must have said what became of it. */
  'disposition-hours': z.int().min(1).max(8_760),
});

const overdueSchema = z.strictObject({
  /** Endpoints with any of these roles are reminded, in each agency that got the alert. */
  roles: slugListSchema.min(1),
  severity: severitySchema,
});

export const alertsFileSchema = z.strictObject({
  schedule: cronSchema,
  levels: z.strictObject({ consider: levelSchema, suspect: levelSchema }),
  /** Who is reminded of an alert that was not answered in time; without it nobody is. */
  overdue: overdueSchema.optional(),
});

/** How alerts are handled. */
export type AlertRules = z.infer<typeof alertsFileSchema>;

/** Where an alert may go at all, and what a person may say to it. */
export const alertCategory = 'correlator-alert';
export const alertDataset = 'urn:causeway:dataset:correlator-alert:1.0';

/** The same of the reminder of an alert that was not answered. */
export const reminderCategory = 'alert-reminder';
export const reminderDataset = 'urn:causeway:dataset:alert-reminder:1.0';

/** Category of a disposition → what it says. The word stands in the open, so that the gateway need not read anything. */
export const dispositionCategories: ReadonlyMap<string, string> = new Map([
  ['alert-acted', 'acted'],
  ['alert-known', 'known'],
  ['alert-not-this-child', 'not-this-child'],
  ['alert-no-concern', 'no-concern'],
]);
