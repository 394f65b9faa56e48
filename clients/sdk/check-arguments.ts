/** What an application hands to `connect` and `send`, held against its form before anything is done with it. */
import { z } from 'zod';
import { CausewayError } from '../../protocol/errors.ts';
import { limits } from '../../protocol/limits.ts';
import { fileNameSchema, mediaTypeSchema } from '../../protocol/wire/content.ts';
import { describeIssues } from '../../protocol/wire/describe-issues.ts';
import { messageIdSchema, recipientAddressSchema } from '../../protocol/ids.ts';
import { envelopeSchema } from '../../protocol/wire/envelope.ts';
import { subjectListSchema } from './linkage/subject.ts';
import type { OutgoingNotice } from './outgoing-notice.ts';

/** For those that are bounds: none at all. */
const unbounded = z.literal(Infinity);
const count = z.int().min(1);
const span = z.number().min(0).or(unbounded);
/** A gateway has thousands of endpoints, and each look is a request or more. */
const leastEveryMs = 1_000;
const signal = z.instanceof(AbortSignal, { error: 'must be an AbortSignal' }).optional();
const callable = z.custom((value) => typeof value === 'function', 'must be a function').optional();

const connectSchema = z.strictObject({
  home: z.string().min(1),
  clientName: z.string().min(1).max(100).optional(),
  window: count.max(limits.maxCredit).optional(),
  maxBytesInHand: count.or(unbounded).optional(),
  maxWaiting: z.int().min(0).or(unbounded).optional(),
  maxHeldReceipts: z.int().min(0).or(unbounded).optional(),
  waitMs: span.optional(),
  signal,
  renewCertificate: z.boolean().optional(),
  toleratesForeignParts: z.boolean().optional(),
  follow: z
    .strictObject({
      everyMs: z.number().min(leastEveryMs).or(unbounded).optional(),
      bundlesPerSecond: z.number().min(1).or(unbounded).optional(),
      patienceMs: span.optional(),
      graceMs: span.optional(),
      staleMs: span.optional(),
    })
    .optional(),
  log: z.custom(isLog, 'must be a logger with debug, info, warn and error').optional(),
  now: callable,
  random: callable,
  pause: callable,
});

const drainSchema = z.strictObject({ timeoutMs: span.optional(), signal });

const { category, severity, purpose, basis } = envelopeSchema.shape;
const to = z.union([recipientAddressSchema, z.array(recipientAddressSchema).min(1)], {
  error: 'must be agency/endpoint or agency/@role, or a list of them',
});
const addressing = {
  ...{ to, category, severity, purpose, basis, signal, readyBy: signal },
  inReplyTo: messageIdSchema.optional(),
  thread: messageIdSchema.optional(),
  subjects: subjectListSchema.optional(),
  // How long it may be is for the gateway to say; see `compose.ts`.
  expiresInMs: z.custom((value) => typeof value === 'number', 'must be a number of milliseconds').optional(),
};

const documentSchema = z.strictObject({ ...addressing, dataschema: z.string(), content: z.unknown() });
const textSchema = z.strictObject({
  ...addressing,
  dataschema: z.undefined().optional(),
  // Half of a surrogate pair has no UTF-8, and another character would arrive.
  content: z.strictObject({
    text: z.string().refine((text) => text.isWellFormed(), 'must be whole Unicode characters'),
  }),
});
const fileSchema = z.strictObject({
  ...addressing,
  dataschema: z.undefined().optional(),
  content: z.strictObject({
    file: z.instanceof(Uint8Array, { error: 'must be a Uint8Array, such as a Buffer' }),
    name: fileNameSchema,
    mediaType: mediaTypeSchema,
  }),
});
const otherSchema = z.strictObject({
  ...addressing,
  dataschema: z.undefined().optional(),
  content: z.custom(
    () => false,
    "without a dataschema must be { text } or { file, name, mediaType }; with one it is the document itself: { dataschema: 'urn:causeway:dataset:concern-report:1.0', content: document }",
  ),
});

/** @throws CausewayError `request-malformed`, with the options that are wrong */
export function checkConnectOptions(options: unknown): void {
  check(connectSchema, options, "connect() takes one object: connect({ home: './my-endpoint' })");
}

/** @throws CausewayError `request-malformed`, with the options that are wrong */
export function checkDrainOptions(options: unknown): void {
  check(drainSchema, options, 'drain() takes one object: drain({ timeoutMs: 10_000 })');
}

/**
 * @returns the fields as they were checked, each an own one: what a notice inherits, as from a class with getters, is not
 * there for whoever copies it, and what a getter gives may be something else the next time
 * @throws CausewayError `request-malformed`, with the fields that are wrong
 */
export function checkNotice<T extends OutgoingNotice>(notice: T): T {
  const form = 'send() takes one object: send({ to, category, severity, purpose, basis, content })';
  return check(schemaFor(notice), notice, form) as T;
}

/** By what the content seems to be, so that what is said about it is about that. */
function schemaFor(notice: unknown): z.ZodType {
  const { dataschema, content } = Object(notice) as { dataschema?: unknown; content?: unknown };
  if (dataschema !== undefined) return documentSchema;
  const given = Object(content) as object;
  if ('file' in given) return fileSchema;
  return 'text' in given ? textSchema : otherSchema;
}

function check(schema: z.ZodType, value: unknown, form: string): unknown {
  if (typeof value !== 'object' || value === null)
    throw new CausewayError('request-malformed', { detail: `${form}.` });
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data;
  const issues = error.issues.map((issue) => (isUnknownName(issue) ? naming(issue) : issue));
  throw new CausewayError('request-malformed', describeIssues(new z.ZodError(issues)));
}

type UnknownName = z.core.$ZodIssueUnrecognizedKeys;

/** A name of the call itself was written by a programmer; deeper down it may be content. */
function isUnknownName(issue: z.core.$ZodIssue): issue is UnknownName {
  return issue.code === 'unrecognized_keys' && issue.path.length === 0;
}

function naming({ keys }: UnknownName): z.core.$ZodIssue {
  const names = keys.map((key) => `"${key}"`).join(', ');
  return { code: 'custom', path: [], message: `has a name that does not belong there: ${names}` };
}

function isLog(value: unknown): boolean {
  const log = Object(value) as Record<string, unknown>;
  return ['debug', 'info', 'warn', 'error'].every((level) => typeof log[level] === 'function');
}
