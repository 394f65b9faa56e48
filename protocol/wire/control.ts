/**
 * Control frames: JSON in text frames, a discriminated union on `type` in each direction.
 *
 * ```
 * client → gateway   hello · credit · received · receipts-stored · goodbye
 * gateway → client   welcome · receipts-taken · directory-changed · draining · error
 * ```
 */
import { z } from 'zod';
import { CausewayError, type ErrorCode } from '../errors.ts';
import { digestSchema, endpointAddressSchema } from '../ids.ts';
import { describeIssues } from './describe-issues.ts';
import { limits, type Limits } from '../limits.ts';
import { hasRepeatedName } from './repeated-name.ts';

/** Of the catalogue, or of that of a later version. */
export const errorCodeSchema = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'must be a code such as rate-limited');

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

export const clientFrameSchema = z.discriminatedUnion('type', [
  /** First frame of a session. `receiptsAfter`: position of the last receipt group stored; null for no receipts. */
  z.strictObject({
    type: z.literal('hello'),
    client: z.string().min(1).max(100),
    receiptsAfter: count.nullable(),
  }),
  /** Allows this many more deliveries. */
  z.strictObject({ type: z.literal('credit'), messages: z.int().min(1).max(limits.maxCredit) }),
  /** How many delivered units have arrived in this session so far. */
  z.strictObject({ type: z.literal('received'), units: count }),
  /** All receipt groups up to this position are stored; the gateway may forget them. */
  z.strictObject({ type: z.literal('receipts-stored'), through: count }),
  /** The client sends no more; the gateway answers what is open and closes. */
  z.strictObject({ type: z.literal('goodbye') }),
]);
export type ClientFrame = z.infer<typeof clientFrameSchema>;

const limitsSchema = z.strictObject(
  Object.fromEntries(Object.keys(limits).map((name) => [name, z.int().min(1)])) as {
    [K in keyof Limits]: z.ZodInt;
  },
);

export const gatewayFrameSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('welcome'),
    endpoint: endpointAddressSchema,
    /** The gateway's clock, ms since 1970. */
    clock: count,
    limits: limitsSchema,
    /** Deliveries waiting for this endpoint. */
    pending: count,
    /** Grows with every change of the directory. */
    directoryVersion: count,
    policyDigest: digestSchema,
    /** Names the key that signs the gateway's receipts. */
    receiptKey: digestSchema,
    /** Last checkpoint of the audit log, where the gateway keeps one. */
    checkpoint: z.string().nullable(),
  }),
  /** How many receipt frames of this session have been dealt with durably so far. */
  z.strictObject({ type: z.literal('receipts-taken'), frames: count }),
  z.strictObject({ type: z.literal('directory-changed'), version: count }),
  /** The gateway is about to close; reconnect after `reconnectMs`. */
  z.strictObject({ type: z.literal('draining'), reconnectMs: count }),
  /** What went wrong. `closing` says whether the session ends. */
  z.strictObject({
    type: z.literal('error'),
    code: errorCodeSchema,
    text: z.string(),
    closing: z.boolean(),
  }),
]);
export type GatewayFrame = z.infer<typeof gatewayFrameSchema>;
export type Welcome = Extract<GatewayFrame, { type: 'welcome' }>;

/** Reads a client's control frame. @throws CausewayError `frame-malformed` or `frame-too-large` */
export function parseClientFrame(text: string): ClientFrame {
  return parseControl(text, clientFrameSchema);
}

/** Reads a gateway's control frame. @throws CausewayError `frame-malformed` or `frame-too-large` */
export function parseGatewayFrame(text: string): GatewayFrame {
  return parseControl(text, gatewayFrameSchema);
}

/** The control frame that reports an error; its text comes from the catalogue and the error's detail. */
export function errorFrame(error: CausewayError, closing: boolean): GatewayFrame {
  return { type: 'error', code: error.code satisfies ErrorCode, text: error.message, closing };
}

function parseControl<T>(text: string, schema: z.ZodType<T>): T {
  if (Buffer.byteLength(text) > limits.maxControlBytes) throw new CausewayError('frame-too-large');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Without a cause: the engine's own words quote the text.
    throw new CausewayError('frame-malformed', { detail: 'It is not JSON.' });
  }
  if (hasRepeatedName(text)) {
    throw new CausewayError('frame-malformed', { detail: 'A name stands twice in one object.' });
  }
  const result = schema.safeParse(value);
  if (!result.success) throw new CausewayError('frame-malformed', describeIssues(result.error));
  return result.data;
}
