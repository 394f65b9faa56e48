/** `categories.yaml` and `purposes.yaml`: what may be sent, why, and on which lawful basis. */
import { z } from 'zod';
import { slugSchema } from '../../protocol/ids.ts';
import { severitySchema } from '../../protocol/wire/envelope.ts';
import { slugListSchema } from './agencies.ts';
import { plainTextSchema } from './plain-text.ts';

const text = plainTextSchema(500);

/** Which queue a notice stands in: it never waits behind one of a slower lane. */
export const lanes = ['immediate', 'priority', 'routine'] as const;
export type CategoryLane = (typeof lanes)[number];

/** The wellbeing indicators of Getting It Right For Every Child. */
export const shanarriIndicators = [
  'safe',
  'healthy',
  'achieving',
  'nurtured',
  'active',
  'respected',
  'responsible',
  'included',
] as const;

const categoryEntrySchema = z
  .strictObject({
    title: text,
    description: text,
    /** The word by which policies speak of several categories together. */
    group: slugSchema,
    severities: z.array(severitySchema).min(1).max(4),
    /** The severity that a client proposes. */
    severity: severitySchema,
    /** The lane of severities below `immediate`, which always takes the lane of that name. */
    lane: z.enum(lanes),
    shanarri: z.array(z.enum(shanarriIndicators)).max(8),
    /** Names of the data sets that it may carry. */
    datasets: slugListSchema,
    /** Whether it may carry free text instead: the gateway cannot read either, but sees which of them it is. */
    'free-text': z.boolean().default(true),
  })
  .superRefine(({ severities, severity, datasets, 'free-text': mayBeText }, context) => {
    if (!mayBeText && datasets.length === 0) {
      const message = 'must not be false where `datasets` is empty: nothing could be sent';
      context.addIssue({ code: 'custom', path: ['free-text'], message });
    }
    if (!severities.includes(severity)) {
      context.addIssue({
        code: 'custom',
        path: ['severity'],
        message: 'must be one of its own `severities`',
      });
    }
  });

/** A kind of notice. */
export type Category = z.infer<typeof categoryEntrySchema> & { readonly id: string };

export const categoriesFileSchema = z
  .strictObject({
    groups: z.record(slugSchema, text),
    categories: z
      .record(slugSchema, categoryEntrySchema)
      .refine((map) => Object.keys(map).length > 0, 'must not be empty'),
  })
  .superRefine(({ groups, categories }, context) => {
    for (const [id, { group }] of Object.entries(categories)) {
      if (Object.hasOwn(groups, group)) continue;
      const message = `names \`${group}\`, which is not listed; it must be one of ${Object.keys(groups).join(', ')}`;
      context.addIssue({ code: 'custom', path: ['categories', id, 'group'], message });
    }
  });

const termSchema = z.strictObject({ title: text, description: text });
const termsSchema = z
  .record(slugSchema, termSchema)
  .refine((map) => Object.keys(map).length > 0, 'must not be empty');

/** A purpose or a lawful basis. */
export type Term = z.infer<typeof termSchema> & { readonly id: string };

export const purposesFileSchema = z.strictObject({ purposes: termsSchema, bases: termsSchema });

/** Entries of a file by their name, each carrying it as `id`. */
export function indexById<T extends object>(
  entries: Record<string, T>,
): ReadonlyMap<string, T & { id: string }> {
  return new Map(Object.entries(entries).map(([id, entry]) => [id, { id, ...entry }]));
}
