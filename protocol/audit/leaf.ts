/**
 * What a leaf of the audit log says in the open: codes, times and opaque ids, as compact JSON in UTF-8 with its fields
 * in the order below. Who, why and in which case stands in a body outside the tree, which `commitment` binds:
 * SHA-256(salt ‖ body), the salt of 32 bytes known only with the body.
 *
 * ```
 * message.*            message, envelope; `code` where it was refused; `of` where it repeats an earlier one
 * delivery.*           of: the leaf of the acceptance; nth: which of its recipients, from 0; receipt: digest of the
 *                      group of receipts, signed by the recipient, that says so
 * endpoint.*           endpoint, entry: what its entry in the directory became
 * anything else        kind, time and commitment
 * ```
 */
import { z } from 'zod';
import { CausewayError, errorCodes, isCausewayError } from '../errors.ts';
import { digestSchema, endpointAddressSchema, messageIdSchema } from '../ids.ts';
import { parseCompactJson } from '../wire/compact-json.ts';
import type { Leaf } from './leaf-text.ts';

export { encodeLeaf, type Leaf } from './leaf-text.ts';

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Its fields in the order of the text. */
export const leafSchema = z.strictObject({
  kind: z.string().regex(/^[a-z]+(?:-[a-z]+)*(?:\.[a-z]+(?:-[a-z]+)*)+$/),
  at: count,
  message: messageIdSchema.optional(),
  envelope: digestSchema.optional(),
  of: count.optional(),
  nth: count.optional(),
  receipt: digestSchema.optional(),
  code: z.enum(errorCodes).optional(),
  endpoint: endpointAddressSchema.optional(),
  entry: digestSchema.optional(),
  policy: digestSchema.optional(),
  commitment: digestSchema.optional(),
}) satisfies z.ZodType<Leaf>;

const timeSchema = z.looseObject({ kind: z.string(), at: count });

/**
 * When a leaf was committed, ms since 1970, also of one that a later version has written with codes or fields that are not
 * known here; undefined where the entry is no leaf of a gateway.
 */
export function leafTime(bytes: Uint8Array): number | undefined {
  try {
    return timeSchema.safeParse(parseCompactJson(bytes, 'log-malformed')).data?.at;
  } catch (error) {
    if (!isCausewayError(error, 'log-malformed')) throw error;
    return undefined;
  }
}

/** Reads an entry of the log. @throws CausewayError `log-malformed` */
export function parseLeaf(bytes: Uint8Array): Leaf {
  const parsed = leafSchema.safeParse(parseCompactJson(bytes, 'log-malformed'));
  if (!parsed.success)
    throw new CausewayError('log-malformed', { detail: 'An entry is no leaf of this log.' });
  return parsed.data;
}
