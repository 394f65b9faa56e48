/**
 * Enrolment: a one-time token in, three public keys registered, a certificate out.
 *
 * The token carries the fingerprint of the issuing CA, so that the very first contact cannot be impersonated.
 */
import { z } from 'zod';
import { CausewayError } from '../errors.ts';
import { digestSchema, endpointAddressSchema } from '../ids.ts';
import { sha256 } from '../proof/merkle.ts';
import { directoryEntrySchema, rawKeySchema } from './directory.ts';
import { timestampSchema } from './envelope.ts';

const enrolmentTokenSchema = z.strictObject({
  endpoint: endpointAddressSchema,
  /** 32 random bytes, base64url. The gateway keeps only its SHA-256. */
  secret: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  /** SHA-256 of the issuing CA's certificate in DER, base64url. */
  ca: digestSchema,
  expires: timestampSchema,
});
export type EnrolmentToken = z.infer<typeof enrolmentTokenSchema>;

const tokenPrefix = 'causeway-token-1.';

/** The token as an operator hands it over: one word without spaces. */
export function encodeEnrolmentToken(token: EnrolmentToken): string {
  return tokenPrefix + Buffer.from(JSON.stringify(token)).toString('base64url');
}

/** Reads a token. @throws CausewayError `token-invalid` */
export function decodeEnrolmentToken(text: string): EnrolmentToken {
  const trimmed = text.trim();
  if (!trimmed.startsWith(tokenPrefix) || trimmed.length > 2_000) {
    throw new CausewayError('token-invalid', { detail: `A token starts with ${tokenPrefix}` });
  }
  try {
    return enrolmentTokenSchema.parse(
      JSON.parse(Buffer.from(trimmed.slice(tokenPrefix.length), 'base64url').toString('utf8')),
    );
  } catch {
    // Without a cause: the engine's own words quote the text, and the token is a secret.
    throw new CausewayError('token-invalid', { detail: 'It was cut or changed on its way.' });
  }
}

/** Body of `POST /v1/enrol`: public parts only. */
export const enrolmentRequestSchema = z.strictObject({
  endpoint: endpointAddressSchema,
  secret: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  /** PKCS#10 request for the TLS key (P-256), PEM. */
  certificateRequest: z.string().max(8_192),
  /** OpenPGP version 6 certificate, armored. */
  openpgpCertificate: z.string().max(32_768),
  signingKey: rawKeySchema,
  /** Ed25519 signature of the signing key over {@link enrolmentStatement}, base64url. */
  signingKeyProof: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});
export type EnrolmentRequest = z.infer<typeof enrolmentRequestSchema>;

/** What the gateway answers to a good enrolment. */
export const enrolmentResponseSchema = z.strictObject({
  entry: directoryEntrySchema,
  /** The endpoint's TLS certificate, PEM. */
  certificate: z.string(),
  /** The issuing CA, PEM. */
  authority: z.string(),
  /** Raw Ed25519 key that signs the gateway's receipts. */
  receiptKey: rawKeySchema,
  /** The audit log's verifier key, `origin+hash+key`: from now on the endpoint trusts this log and no other. */
  logKey: z.string().max(1_000),
  /** Index of the entry's leaf in that log: from there on the endpoint can follow what is said of it. */
  leaf: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
});
export type EnrolmentResponse = z.infer<typeof enrolmentResponseSchema>;

/** The longest time that an encryption subkey may be valid from when it is registered: as long as a TLS certificate. */
export const encryptionKeyLifetimeMs = 90 * 24 * 3_600_000;

/**
 * Body of `POST /v1/renew`, over mutual TLS: a new TLS certificate for the endpoint that asks, and, where it sends
 * one, its OpenPGP certificate with a new encryption subkey under the same primary key.
 */
export const renewalRequestSchema = z.strictObject({
  certificateRequest: z.string().max(8_192),
  openpgpCertificate: z.string().max(32_768).optional(),
});
export type RenewalRequest = z.infer<typeof renewalRequestSchema>;

export const renewalResponseSchema = z.strictObject({
  certificate: z.string(),
  authority: z.string(),
  /** What the endpoint's entry in the directory became. */
  entry: directoryEntrySchema,
});
export type RenewalResponse = z.infer<typeof renewalResponseSchema>;

/** The bytes that prove possession of the signing key: a domain, then digests of everything registered. */
export function enrolmentStatement(
  request: Pick<EnrolmentRequest, 'endpoint' | 'secret' | 'certificateRequest' | 'openpgpCertificate'>,
): Buffer {
  return Buffer.concat([
    Buffer.from('causeway/v1/enrolment\0', 'latin1'),
    ...[request.endpoint, request.secret, request.certificateRequest, request.openpgpCertificate].map(
      (part) => sha256(Buffer.from(part, 'utf8')),
    ),
  ]);
}
