/** `retention.yaml`: how long the gateway keeps the encrypted payloads of messages that have come to their end. */
import { z } from 'zod';
import { slugSchema } from '../../protocol/ids.ts';

const dayMs = 24 * 3_600_000;
const maxDays = 36_500;

/** A period of ISO 8601 in days or weeks, such as `P30D` or `P12W`; in milliseconds. */
const periodSchema = z
  .string()
  .regex(/^P[1-9]\d{0,4}[DW]$/, 'must be a period of whole days or weeks, such as `P30D` or `P12W`')
  .transform((text) => Number(text.slice(1, -1)) * (text.endsWith('W') ? 7 : 1))
  .refine((days) => days <= maxDays, `must not be longer than ${maxDays} days`)
  .transform((days) => days * dayMs);

const periodsSchema = z.strictObject({
  /** After every recipient has stored the message. */
  stored: periodSchema,
  /** After the last delivery came to its end, where some recipient refused it or never stored it. */
  undelivered: periodSchema,
});

export const retentionFileSchema = z
  .strictObject({
    payloads: periodsSchema,
    /** Longer periods of single categories. */
    categories: z.record(slugSchema, periodsSchema.partial()).default({}),
  })
  .superRefine(({ payloads, categories }, context) => {
    for (const [id, own] of Object.entries(categories)) {
      for (const outcome of ['stored', 'undelivered'] as const) {
        const period = own[outcome];
        if (period === undefined || period >= payloads[outcome]) continue;
        const message = 'must not be shorter than the one under `payloads`';
        context.addIssue({ code: 'custom', path: ['categories', id, outcome], message });
      }
    }
  });

/** In milliseconds from the end of the last delivery. */
export type RetentionPeriods = z.infer<typeof periodsSchema>;

/** How long payloads are kept. */
export type RetentionRules = {
  readonly payloads: RetentionPeriods;
  /** The categories that have periods of their own. */
  readonly categories: ReadonlyMap<string, RetentionPeriods>;
};

export function readRetention({ payloads, categories }: z.infer<typeof retentionFileSchema>): RetentionRules {
  const own = Object.entries(categories).map(([id, { stored, undelivered }]) => {
    const periods = {
      stored: stored ?? payloads.stored,
      undelivered: undelivered ?? payloads.undelivered,
    };
    return [id, periods] as const;
  });
  return { payloads, categories: new Map(own) };
}

/** The periods that hold for a category, also for one that the agreement no longer knows. */
export function periodsFor({ payloads, categories }: RetentionRules, category: string): RetentionPeriods {
  return categories.get(category) ?? payloads;
}

/** Every period that holds for something, each once, the shortest first; ms. */
export function distinctPeriods({ payloads, categories }: RetentionRules): number[] {
  const all = [payloads, ...categories.values()].flatMap(({ stored, undelivered }) => [stored, undelivered]);
  return [...new Set(all)].sort((a, b) => a - b);
}

/** In words, for operators. */
export function describeRetention({ payloads, categories }: RetentionRules): string {
  const words = ({ stored, undelivered }: RetentionPeriods): string =>
    `${stored / dayMs} days once stored, ${undelivered / dayMs} days where somebody did not store it`;
  const own = [...categories].map(([id, periods]) => `; ${id}: ${words(periods)}`);
  return `payloads are kept ${words(payloads)}${own.join('')}`;
}
