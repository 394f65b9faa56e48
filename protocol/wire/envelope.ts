/**
 * The envelope: a message's signed, readable metadata.
 *
 * Its bytes are signed, stored and delivered verbatim. They are compact JSON (`compact-json.ts`), so no two
 * parsers can read them differently.
 * Attribute names follow CloudEvents 1.0 where it has one.
 */
import { CausewayError } from '../errors.ts';
import { limits } from '../limits.ts';
import { decodeText, parseCompactText } from './compact-json.ts';
import { describeIssues } from './describe-issues.ts';
import { envelopeSchema, type Envelope } from './envelope-schema.ts';
import { readPlainEnvelope } from './plain-envelope.ts';

export {
  dataschemaSchema,
  envelopeSchema,
  severities,
  severitySchema,
  timestampSchema,
  type Envelope,
  type Severity,
} from './envelope-schema.ts';

/**
 * Parses an envelope strictly.
 * @throws CausewayError `envelope-too-large` or `envelope-malformed`, the latter with JSON Pointers
 */
export function parseEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.byteLength > limits.maxEnvelopeBytes) throw new CausewayError('envelope-too-large');
  const text = decodeText(bytes, 'envelope-malformed');
  return readPlainEnvelope(text) ?? readAnyEnvelope(text);
}

function readAnyEnvelope(text: string): Envelope {
  const result = envelopeSchema.safeParse(parseCompactText(text, 'envelope-malformed'));
  if (!result.success) {
    throw new CausewayError('envelope-malformed', describeIssues(result.error));
  }
  return result.data;
}

/** The bytes that are signed, stored and delivered. Called once in a message's life, by its sender. */
export function encodeEnvelope(envelope: Envelope): Buffer {
  return Buffer.from(JSON.stringify(envelope), 'utf8');
}
