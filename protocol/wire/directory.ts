/**
 * The directory: which endpoints there are, the public keys of each, and its leaf. Served at `GET /v1/directory`, and with
 * `?since=VERSION` only what has changed.
 */
import { z } from 'zod';
import {
  agencyIdSchema,
  digestSchema,
  endpointAddressSchema,
  fingerprintSchema,
  slugSchema,
  type Fingerprint,
} from '../ids.ts';
import { maxNoteBytes } from '../proof/note.ts';
import { maxEntryBytes } from '../proof/tile.ts';
import { timestampSchema } from './envelope.ts';

/** A raw Ed25519 public key in base64url, 43 characters. */
export const rawKeySchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, 'must be an Ed25519 public key in base64url');

export const directoryEntrySchema = z.strictObject({
  endpoint: endpointAddressSchema,
  agency: agencyIdSchema,
  roles: z.array(slugSchema).max(16),
  status: z.enum(['active', 'revoked']),
  enrolledAt: timestampSchema,
  revokedAt: timestampSchema.nullable(),
  /** SHA-256 of the DER of the TLS certificate in force. */
  tlsThumbprint: digestSchema,
  /** The one before it, good as well until the endpoint has shown the new one. */
  previousTlsThumbprint: digestSchema.nullable(),
  /** The OpenPGP version 6 certificate, armored. */
  openpgpCertificate: z.string().max(32_768),
  /** Fingerprint of its primary key. */
  openpgpFingerprint: fingerprintSchema,
  /** Fingerprint of its encryption subkey, as recipient packets name it. */
  encryptionKey: fingerprintSchema,
  /** The one before it: messages that senders had encrypted to it before they read of the new one are still taken. */
  previousEncryptionKey: fingerprintSchema.nullable().default(null),
  /** The Ed25519 key that signs envelopes and receipts. */
  signingKey: rawKeySchema,
});
export type DirectoryEntry = z.infer<typeof directoryEntrySchema>;

/** The keys that a message to an endpoint may be encrypted to. */
export function encryptionKeysOf({ encryptionKey, previousEncryptionKey }: DirectoryEntry): Fingerprint[] {
  return previousEncryptionKey === null ? [encryptionKey] : [encryptionKey, previousEncryptionKey];
}

/** Where an entry stands in the audit log. */
export const directoryLeafSchema = z.strictObject({
  /** Its place in the log, from 0. */
  index: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
  /** The text of the leaf: its UTF-8 bytes are the entry of the log. */
  leaf: z.string().max(maxEntryBytes),
});
export type DirectoryLeaf = z.infer<typeof directoryLeafSchema>;

export const directoryResponseSchema = z
  .strictObject({
    version: z.int().min(0),
    /** The version that the entries have changed after; absent where these are all, as from a gateway that knows no such question. */
    since: z.int().min(0).optional(),
    /** Of the whole directory, see `directory-digest.ts`. */
    digest: digestSchema.optional(),
    entries: z.array(directoryEntrySchema),
    /** The newest leaf about each entry, in the order of the entries. */
    leaves: z.array(directoryLeafSchema),
    /** A checkpoint that covers every leaf, or the newest one that there is; null before the first. */
    checkpoint: z.string().max(maxNoteBytes).nullable(),
  })
  .refine(({ entries, leaves }) => entries.length === leaves.length, 'must have a leaf for each entry')
  .refine(
    ({ since, digest }) => (since === undefined) === (digest === undefined),
    'must have both since and digest, or none',
  );
export type DirectoryResponse = z.infer<typeof directoryResponseSchema>;
