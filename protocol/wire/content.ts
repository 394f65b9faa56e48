/**
 * The inside of a payload, after the sender's OpenPGP signature over it has been verified.
 *
 * ```
 * content   header length u32 | header, compact JSON in UTF-8 | body
 * ```
 *
 * The header repeats from the envelope what binds the content to its message, so that a payload cannot be moved
 * under another envelope.
 */
import { z } from 'zod';
import { CausewayError } from '../errors.ts';
import { endpointAddressSchema, messageIdSchema, recipientAddressSchema } from '../ids.ts';
import { parseCompactJson } from './compact-json.ts';
import { describeIssues } from './describe-issues.ts';
import { dataschemaSchema, type Envelope } from './envelope.ts';
import { limits } from '../limits.ts';

const lengthBytes = 4;

/** Bytes of a content header. */
export const maxContentHeaderBytes = 16 * 1024;

const token = '[A-Za-z0-9!#$&^_.+-]{1,127}';
const mediaTypePattern = new RegExp(`^${token}/${token}(?:; ?${token}=${token}){0,4}$`);

/** C0 and C1 controls, path separators, and the marks that turn the direction of text. */
const unsafeInFileName = /[\u0000-\u001f\u007f-\u009f/\\\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** What a body may be called. */
export const fileNameSchema = z
  .string()
  .min(1)
  .max(255)
  .refine((name) => !unsafeInFileName.test(name) && name.isWellFormed() && name !== '.' && name !== '..', {
    message: 'must be a file name without folders or control characters',
  });

/** Media type (RFC 6838), such as `application/json`. */
export const mediaTypeSchema = z
  .string()
  .regex(mediaTypePattern, 'must be a media type such as application/json');

export const contentHeaderSchema = z.strictObject({
  id: messageIdSchema,
  source: endpointAddressSchema,
  /** As in the envelope, in the same order. */
  to: z.array(recipientAddressSchema).min(1).max(limits.maxRecipients),
  /** Of the body. */
  mediaType: mediaTypeSchema,
  /** File name of the body, for people; without folders. */
  name: fileNameSchema.optional(),
  dataschema: dataschemaSchema.optional(),
});
export type ContentHeader = z.infer<typeof contentHeaderSchema>;

/** Content taken apart; `body` is a view of the bytes given. */
export type Content = { readonly header: ContentHeader; readonly body: Buffer };

/** The bytes to sign and encrypt. @throws CausewayError `content-malformed` when the header is not valid */
export function encodeContent(header: ContentHeader, body: Uint8Array): Buffer {
  const json = Buffer.from(JSON.stringify(checkHeader(header)), 'utf8');
  if (json.byteLength > maxContentHeaderBytes) throw malformed('Its header is too long.');
  const content = Buffer.allocUnsafe(lengthBytes + json.byteLength + body.byteLength);
  content.writeUInt32BE(json.byteLength, 0);
  content.set(json, lengthBytes);
  content.set(body, lengthBytes + json.byteLength);
  return content;
}

/** Takes decrypted and verified content apart strictly. @throws CausewayError `content-malformed` */
export function decodeContent(bytes: Uint8Array): Content {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (content.byteLength < lengthBytes) throw malformed('It is too short.');
  const headerBytes = content.readUInt32BE(0);
  if (headerBytes > maxContentHeaderBytes) throw malformed('Its header is too long.');
  const bodyAt = lengthBytes + headerBytes;
  if (bodyAt > content.byteLength) throw malformed('Its header is cut short.');
  const header = checkHeader(parseCompactJson(content.subarray(lengthBytes, bodyAt), 'content-malformed'));
  return { header, body: content.subarray(bodyAt) };
}

/**
 * Checks that content was made for this message and these recipients.
 * @throws CausewayError `payload-misdirected`, with JSON Pointers to the fields that differ
 */
export function checkContentMatches(
  header: ContentHeader,
  envelope: Pick<Envelope, 'id' | 'source' | 'to' | 'dataschema'>,
): void {
  const sameTo =
    header.to.length === envelope.to.length &&
    header.to.every((address, index) => address === envelope.to[index]);
  const fits = {
    '/id': header.id === envelope.id,
    '/source': header.source === envelope.source,
    '/to': sameTo,
    '/dataschema': header.dataschema === envelope.dataschema,
  };
  const problems = Object.entries(fits)
    .filter(([, same]) => !same)
    .map(([at]) => ({ at, message: 'differs from the envelope' }));
  if (problems.length === 0) return;
  throw new CausewayError('payload-misdirected', {
    detail: `${problems.map(({ at, message }) => `${at}: ${message}`).join('; ')}.`,
    problems,
  });
}

function checkHeader(value: unknown): ContentHeader {
  const result = contentHeaderSchema.safeParse(value);
  if (!result.success) throw new CausewayError('content-malformed', describeIssues(result.error));
  return result.data;
}

function malformed(detail: string): CausewayError {
  return new CausewayError('content-malformed', { detail });
}
