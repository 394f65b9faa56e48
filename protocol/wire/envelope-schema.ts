/** What an envelope consists of. This schema is the authority: whatever else reads envelopes is held to it. */
import { z } from 'zod';
import {
  digestSchema,
  endpointAddressSchema,
  fingerprintSchema,
  messageIdSchema,
  recipientAddressSchema,
  slugSchema,
} from '../ids.ts';
import { subjectTokensSchema } from '../linkage/subject-tokens.ts';
import { limits, maxSubjects } from '../limits.ts';

/** RFC 3339 in UTC with milliseconds: `2026-11-23T09:30:00.000Z`. */
export const timestampSchema = z.iso.datetime({ precision: 3 });

/** How grave: danger now, likely significant harm, wellbeing, or for information. */
export const severities = ['immediate', 'urgent', 'concern', 'info'] as const;
export const severitySchema = z.enum(severities);
export type Severity = z.infer<typeof severitySchema>;

/** `urn:causeway:dataset:NAME:VERSION`, naming `policies/datasets/NAME/VERSION.json`. */
export const dataschemaSchema = z
  .string()
  .regex(
    /^urn:causeway:dataset:[a-z0-9-]{1,63}:\d{1,4}(?:\.\d{1,4}){0,2}$/,
    'must be urn:causeway:dataset:NAME:VERSION',
  );

export const envelopeSchema = z
  .strictObject({
    id: messageIdSchema,
    source: endpointAddressSchema,
    type: z.enum(['notice']),
    time: timestampSchema,
    expires: timestampSchema,
    to: z.array(recipientAddressSchema).min(1).max(limits.maxRecipients),
    /** One number for each entry of `to`: the sender's gap-free count of messages to it, from 1. */
    sequence: z.array(z.int().min(1)).min(1).max(limits.maxRecipients),
    category: slugSchema,
    severity: severitySchema,
    purpose: slugSchema,
    basis: slugSchema,
    dataschema: dataschemaSchema.optional(),
    subjects: z.array(subjectTokensSchema).max(maxSubjects),
    thread: messageIdSchema,
    inReplyTo: messageIdSchema.optional(),
    payloadDigest: digestSchema,
    payloadBytes: z.int().min(1),
    /** Fingerprints of the encryption keys in the payload's recipient packets. */
    recipientKeys: z.array(fingerprintSchema).min(1).max(limits.maxRecipients),
    attachments: z.array(z.unknown()).max(32),
    /** SHA-256 of the sender's Ed25519 public key: the key that verifies this envelope. */
    signingKey: digestSchema,
  })
  .refine((envelope) => envelope.sequence.length === envelope.to.length, {
    path: ['sequence'],
    message: 'must have one number for each recipient',
  })
  .refine((envelope) => new Set(envelope.to).size === envelope.to.length, {
    path: ['to'],
    message: 'must not name a recipient twice',
  });

export type Envelope = z.infer<typeof envelopeSchema>;
