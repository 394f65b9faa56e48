/** An envelope that the store has. */
import { CausewayError } from '../errors.ts';
import type { Envelope } from './envelope-schema.ts';

/**
 * Reads an envelope that was accepted before, and so went through `parseEnvelope` then: nothing of it is
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
