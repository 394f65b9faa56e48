/** A checkpoint of the gateway's own log, wherever it is kept. */
import { openCheckpoint } from '../../protocol/proof/checkpoint.ts';
import { addSignatures, parseNote } from '../../protocol/proof/note.ts';
import type { VerifierKey } from '../../protocol/proof/verifier-key.ts';

/** A checkpoint as it was published. */
export type PublishedCheckpoint = { readonly size: number; readonly root: Buffer; readonly text: string };

/**
 * Opens one that the key has signed, for the log that has the key's name.
 * @throws CausewayError `note-malformed`, `log-foreign`, `note-untrusted`
 */
export function openPublished(text: string, verifierKey: VerifierKey): PublishedCheckpoint {
  const { size, root } = openCheckpoint(text, { keys: [verifierKey] });
  return { size, root, text };
}

/** The note of a checkpoint with those signatures of another note of it that are of keys which have not signed it yet. */
export function joinSignatures(note: string, other: string): string {
  const present = parseNote(note).signatures;
  const lines = parseNote(other)
    .signatures.filter(({ name, keyId }) => !present.some((one) => one.name === name && one.keyId === keyId))
    .map(({ line }) => line);
  return addSignatures(note, lines);
}
