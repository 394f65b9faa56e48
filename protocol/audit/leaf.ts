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
import { errorCodes } from '../errors.ts';
import { digestSchema, endpointAddressSchema, messageIdSchema, type Digest, type MessageId } from '../ids.ts';
import { parseCompactJson } from '../wire/compact-json.ts';
import { CausewayError } from '../errors.ts';

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

export const leafSchema = z.strictObject({
  kind: z.string().regex(/^[a-z]+(?:-[a-z]+)*(?:\.[a-z]+(?:-[a-z]+)*)+$/),
  /** When it was committed, ms since 1970. */
  at: count,
  message: messageIdSchema.optional(),
  /** SHA-256 of the envelope's bytes. */
  envelope: digestSchema.optional(),
  of: count.optional(),
  nth: count.optional(),
  receipt: digestSchema.optional(),
  code: z.enum(errorCodes).optional(),
  endpoint: endpointAddressSchema.optional(),
  /** See `directoryEntryDigest`. */
  entry: digestSchema.optional(),
  /** Digest of the sharing agreement. */
  policy: digestSchema.optional(),
  commitment: digestSchema.optional(),
});
export type Leaf = z.infer<typeof leafSchema>;

/** The fields that may stand in the open, in their order, behind `kind` and `at`. */
const openFields = Object.keys(leafSchema.shape).filter(
  (name) => name !== 'kind' && name !== 'at' && name !== 'commitment',
) as readonly Exclude<keyof Leaf, 'kind' | 'at' | 'commitment'>[];

/**
 * The text of a leaf; its UTF-8 bytes are the entry of the log.
 * The two that are most of all leaves, acceptances and steps of deliveries, are written by {@link encodeAcceptance} and
 * {@link encodeDelivery} with the same outcome.
 */
export function encodeLeaf(leaf: Leaf): string {
  const ordered: Record<string, unknown> = { kind: leaf.kind, at: leaf.at };
  for (const name of openFields) if (leaf[name] !== undefined) ordered[name] = leaf[name];
  if (leaf.commitment !== undefined) ordered.commitment = leaf.commitment;
  return JSON.stringify(ordered);
}

/** As {@link encodeLeaf} for an acceptance. */
export function encodeAcceptance(
  at: number,
  message: MessageId,
  envelope: Digest,
  commitment: Digest,
): string {
  return `{"kind":"message.accepted","at":${at},"message":"${message}","envelope":"${envelope}","commitment":"${commitment}"}`;
}

/** As {@link encodeLeaf} for a step of a delivery. */
export function encodeDelivery(state: string, at: number, of: number, nth: number, receipt?: Digest): string {
  const end = receipt === undefined ? '}' : `,"receipt":"${receipt}"}`;
  return `{"kind":"delivery.${state}","at":${at},"of":${of},"nth":${nth}${end}`;
}

/** Reads an entry of the log. @throws CausewayError `log-malformed` */
export function parseLeaf(bytes: Uint8Array): Leaf {
  const parsed = leafSchema.safeParse(parseCompactJson(bytes, 'log-malformed'));
  if (!parsed.success)
    throw new CausewayError('log-malformed', { detail: 'An entry is no leaf of this log.' });
  return parsed.data;
}
