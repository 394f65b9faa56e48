/**
 * The evidence about one message in one file, so that it stands without the gateway: what its sender signed, what its
 * recipients signed, what the gateway recorded and decided, the directory entries that name the keys, and the proof that
 * all of it stands in the log under one signed checkpoint. The payload is not in it: the envelope binds its digest.
 *
 * What the gateway itself states (accepted, delivered, expired, refused) are leaves, under the log's signature.
 */
import { z } from 'zod';
import { CausewayError } from '../errors.ts';
import { endpointAddressSchema, messageIdSchema } from '../ids.ts';
import { decodeBase64, decodeHash } from '../proof/note-text.ts';
import { describeIssues } from '../wire/describe-issues.ts';
import { parseLaidOutJson } from '../wire/laid-out-json.ts';
import { decodeSalt } from './commitment.ts';

export const evidenceFormat = 'causeway-evidence/v1';

// One form only: whoever changes a character of what is proven must not be told that it verifies.
const base64Schema = z
  .base64()
  .max(2 * 1024 * 1024)
  .refine((text) => decodeBase64(text) !== undefined, 'it is not in the one form that these bytes have');
const hashSchema = z.string().refine((text) => decodeHash(text) !== undefined, 'it is not a hash');
const saltSchema = z.string().refine((text) => decodeSalt(text) !== undefined, 'it is not a salt');
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

const provenLeafSchema = z.strictObject({
  index: count,
  /** The entry of the log, as text. */
  leaf: z.string().max(65_535),
  /** Inclusion path under the checkpoint, from the leaf's sibling to below the root. */
  path: z.array(hashSchema).max(63),
  /** What the leaf's commitment binds; absent where there is none, or its case was erased. */
  opening: z.strictObject({ salt: saltSchema, body: z.string().max(1024 * 1024) }).optional(),
  /**
   * In its place where somebody had made it unreadable in the store, and not by an erasure: `changed` where the store
   * held something else, `secret-gone` where it held nothing that opens it.
   */
  altered: z.enum(['changed', 'secret-gone']).optional(),
});
export type ProvenLeaf = z.infer<typeof provenLeafSchema>;

export const evidenceSchema = z.strictObject({
  format: z.literal(evidenceFormat),
  message: messageIdSchema,
  source: endpointAddressSchema,
  /** Index of the leaf that says what became of the submission. */
  record: count,
  /** The envelope's bytes and the sender's batch proof; absent for a refused message and after erasure. */
  envelope: base64Schema.optional(),
  proof: base64Schema.optional(),
  /** Groups of receipts that recipients signed, as they arrived. */
  receipts: z.array(base64Schema).max(64),
  /**
   * Every leaf about the message, those of the directory that were in force, and the one by which its case was erased
   * where it was.
   */
  leaves: z.array(provenLeafSchema).min(1).max(512),
  /** Signed checkpoint of the log, with what cosignatures it had. */
  checkpoint: z.string().max(64 * 1024),
});
export type Evidence = z.infer<typeof evidenceSchema>;

/** The file, readable by people as well. */
export function formatEvidence(evidence: Evidence): string {
  return `${JSON.stringify(evidence, undefined, 2)}\n`;
}

/** Reads a file; nothing in it is checked yet. Its leaves come in the order of the log. @throws CausewayError `evidence-malformed` */
export function parseEvidence(source: Uint8Array): Evidence {
  // Of a name that stands twice, other eyes may take the other value for what was verified.
  const value = parseLaidOutJson(source, 'evidence-malformed');
  const parsed = evidenceSchema.safeParse(value);
  if (parsed.success) {
    const { receipts } = parsed.data;
    const leaves = parsed.data.leaves.toSorted((one, other) => one.index - other.index);
    const isOnce = new Set(leaves.map(({ index }) => index)).size === leaves.length;
    // It would read as if something had happened again.
    if (!isOnce || new Set(receipts).size < receipts.length)
      throw new CausewayError('evidence-malformed', { detail: 'A leaf or a receipt stands in it twice.' });
    return { ...parsed.data, leaves };
  }
  const { detail } = describeIssues(new z.ZodError(parsed.error.issues.slice(0, 1)));
  throw new CausewayError('evidence-malformed', { detail });
}
