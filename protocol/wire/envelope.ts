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
  maxSubjects,
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

/**
 * Reads an envelope that was accepted before, and so went through {@link parseEnvelope} then: nothing of it is
 * checked again. Only for bytes from the store.
 * @throws CausewayError `envelope-malformed` when it is no JSON, as after damage to a disk
 */
export function readAcceptedEnvelope(bytes: Buffer): Envelope {
  try {
    return JSON.parse(bytes.toString('utf8')) as Envelope;
  } catch {
    // Without the cause: the engine's own words quote the text.
    throw new CausewayError('envelope-malformed', { detail: 'What the store has of it is no JSON.' });
  }
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
