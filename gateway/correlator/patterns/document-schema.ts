/**
 * The form of a pattern document: Sigma's correlation rule 2.1 and, for what it correlates, Sigma's detection rule.
 * What Causeway adds is told in docs/patterns.md. Everything unknown is refused.
 */
import { z } from 'zod';
import { severitySchema } from '../../../protocol/wire/envelope.ts';
import { correlationTypes, levels, tiers } from './pattern.ts';
import { parseTimespan, timespanForm } from './timespan.ts';

const text = z.string().trim().min(1).max(65_535);
/** It stands in lines and tables that people read. */
const title = z
  .string()
  .trim()
  .min(1)
  .max(256)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'must be one line without control characters');
/** A time counted from the beginning, which `0d` is itself. */
const offset = z.string().refine((value) => parseTimespan(value) !== undefined, timespanForm);
const timespan = z.string().refine((value) => (parseTimespan(value) ?? 0) > 0, timespanForm);
const day = z
  .string()
  .refine((text) => /^\d{4}([-/])\d\d\1\d\d$/.test(text) && isDay(text), 'must be a date such as 2026-11-24');
const count = z.int().min(1, 'must be at least 1').max(1000, 'must be at most 1000');

/** True for a day that the calendar has. */
function isDay(text: string): boolean {
  const plain = plainDay(text);
  const time = Date.parse(`${plain}T00:00:00.000Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(plain);
}

function plainDay(text: string): string {
  return text.replaceAll('/', '-');
}

/** A list, or its only entry. */
function listOf<T extends z.ZodType>(entry: T) {
  return z.preprocess(
    (value) => (Array.isArray(value) || value === undefined ? value : [value]),
    z
      .array(entry)
      .min(1)
      .max(200)
      .refine((list) => new Set(list).size === list.length, 'must not name anything twice'),
  );
}

const names = listOf(title);
/** Sigma's levels are accepted as well: medium and below mean `consider`, high and above `suspect`. */
const sigmaLevels = ['informational', 'low', 'medium', 'high', 'critical'] as const;
/** What is said of any other level. */
export const levelForm = `must be one of ${levels.join(', ')}; where only Sigma's form is asked for (--sigma), also ${sigmaLevels.join(', ')}`;
const statuses = ['stable', 'test', 'experimental', 'deprecated', 'unsupported'] as const;

/** Keys that every document may have. */
const commonKeys = {
  title,
  id: text.optional(),
  name: title.optional(),
  status: z.enum(statuses).optional(),
  description: text.optional(),
  author: text.optional(),
  references: listOf(text).optional(),
  date: day.optional(),
  modified: day.optional(),
  falsepositives: listOf(text).optional(),
  level: z.enum([...levels, ...sigmaLevels], levelForm).optional(),
  taxonomy: text.optional(),
  tags: z.array(text).optional(),
  license: text.optional(),
  related: z.array(z.strictObject({ id: text, type: text })).optional(),
};

const baseRuleSchema = z.strictObject({
  ...commonKeys,
  title: title.optional(),
  logsource: z.record(z.string(), z.unknown()).optional(),
  fields: z.array(text).optional(),
  scope: z.array(text).optional(),
  detection: z.record(z.string(), z.unknown()),
});

const conditionSchema = z.strictObject({
  field: listOf(title).optional(),
  gt: z.number().optional(),
  gte: z.number().optional(),
  lt: z.number().optional(),
  lte: z.number().optional(),
  eq: z.number().optional(),
  neq: z.number().optional(),
});

const correlationSchema = z.strictObject({
  type: z.enum(correlationTypes, {
    error: `must be one of ${correlationTypes.join(', ')}; a notice's metadata holds no numbers to add up or average`,
  }),
  rules: names,
  'group-by': names.optional(),
  timespan,
  condition: conditionSchema.optional(),
  aliases: z.record(z.string(), z.record(z.string(), title)).optional(),
  generate: z.boolean().optional(),
  agencies: count.optional(),
  'source-cap': z.number().positive('must be more than 0').optional(),
  weights: z
    .strictObject({
      'half-life': timespan,
      rules: z.record(title, z.number().positive('must be more than 0')),
    })
    .optional(),
});

const fixtureEventSchema = z.strictObject({
  /** When, from the fixture's beginning: `0d`, `12h`. */
  at: offset,
  /** When it reaches the gateway, from the beginning; at once where it is not given. */
  arrives: offset.optional(),
  source: text,
  category: text,
  severity: severitySchema.optional(),
  subjects: z.int().min(1).max(16).optional(),
  /** Any word for the child; events with the same word speak of the same child. */
  child: text.optional(),
  /** How surely it is that child. */
  link: z.enum(tiers).optional(),
  /** The number of an earlier event of this fixture that this one repeats. */
  repeats: z.int().min(1).optional(),
});

const fixtureSchema = z.strictObject({
  title,
  events: z.array(fixtureEventSchema).min(1).max(200),
  /** The alerts that must come, in order; none when the list is empty. */
  alerts: z.array(
    z.strictObject({
      /** Numbers of the events in it, from 1. */
      events: z.array(z.int().min(1)).min(1),
      level: z.enum(levels).optional(),
      tier: z.enum(tiers).optional(),
      /** When it fires, from the beginning. */
      at: offset.optional(),
    }),
  ),
});

/** What must not stay away: counted from the evidence's first event, from the one that completed it, or the last of a rule. */
const absenceSchema = z.strictObject({
  rules: names,
  within: timespan,
  /** `first`, `last`, or one of the correlation's `rules`. */
  from: title.optional(),
});

const correlationDocumentSchema = z.strictObject({
  ...commonKeys,
  correlation: correlationSchema,
  generate: z.boolean().optional(),
  version: z.int().min(1, 'must be 1 or more').optional(),
  effective: z
    .strictObject({ from: day.optional(), until: day.optional() })
    .refine(
      ({ from = '', until = '9999' }) => plainDay(from) <= plainDay(until),
      'must not end before it begins',
    )
    .optional(),
  absent: z
    .preprocess(
      (value) => (Array.isArray(value) || value === undefined ? value : [value]),
      z.array(absenceSchema).min(1).max(8),
    )
    .optional(),
  lateness: timespan.optional(),
  link: z.enum(tiers).optional(),
  'single-agency': text.optional(),
  suppression: z.strictObject({ 'new-evidence': z.array(z.enum(['agency', 'category'])).max(2) }).optional(),
  escalation: z
    .strictObject({
      level: z.enum(levels),
      agencies: count.optional(),
      events: count.optional(),
      severity: severitySchema.optional(),
    })
    .optional(),
  fixtures: z.array(fixtureSchema).max(100).optional(),
});

export type BaseRuleDocument = z.infer<typeof baseRuleSchema>;
export type CorrelationDocument = z.infer<typeof correlationDocumentSchema>;
export type Fixture = z.infer<typeof fixtureSchema>;

const ruleKeys = new Set(
  [correlationDocumentSchema, baseRuleSchema].flatMap(({ shape }) => Object.keys(shape)),
);

/** Of the keys of a document those that neither kind of rule may have. */
export function foreignKeys(keys: readonly string[]): string[] {
  return keys.filter((key) => !ruleKeys.has(key));
}

/** The schema that fits a document by its keys; `undefined` when it is neither of the two. */
export function schemaFor(
  keys: readonly string[],
):
  | { readonly kind: 'correlation'; readonly schema: typeof correlationDocumentSchema }
  | { readonly kind: 'base'; readonly schema: typeof baseRuleSchema }
  | undefined {
  if (keys.includes('correlation')) return { kind: 'correlation', schema: correlationDocumentSchema };
  if (keys.includes('detection')) return { kind: 'base', schema: baseRuleSchema };
  return undefined;
}
