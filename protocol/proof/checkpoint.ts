/** Checkpoints: signed notes about the size and the root of a log (c2sp.org/tlog-checkpoint). */
import { CausewayError } from '../errors.ts';
import { hashBytes } from './merkle.ts';
import { parseNote, verifySignatures, type VerifiedSignature } from './note.ts';
import { decodeHash, decodeNoteText, malformedNote, parseDecimal } from './note-text.ts';
import { signNote, type NoteSigner } from './note-signer.ts';
import { isTreeSize } from './tree-proof.ts';
import type { VerifierKey } from './verifier-key.ts';

/**
 * Beside the file `checkpoint` of a log, and at this path below its address: the newest checkpoint that a witness has
 * cosigned. Witnesses take their time, and the newest checkpoint of all does not wait for them. An addition of ours to
 * the layout of c2sp.org/tlog-tiles.
 */
export const witnessedCheckpointFile = 'checkpoint.witnessed';

/** What a checkpoint says. */
export type Checkpoint = {
  /** The name of the log. */
  readonly origin: string;
  /** How many leaves it has. */
  readonly size: number;
  readonly root: Buffer;
  /** Further lines; their use is not recommended. */
  readonly extensions?: readonly string[];
};

/** Whom a reader of checkpoints trusts. */
export type CheckpointTrust = {
  /** The log's name; by default that of its first key. */
  readonly origin?: string;
  /** The keys of the log, of which one must have signed. */
  readonly keys: readonly VerifierKey[];
  /** The witnesses that are known. */
  readonly witnesses?: readonly VerifierKey[];
  /** How many of the known witnesses must have cosigned; 0 by default. */
  readonly witnessesNeeded?: number;
};

/** A checkpoint that its log has signed. */
export type TrustedCheckpoint = Required<Checkpoint> & {
  /** The signed text. */
  readonly text: string;
  /** One for each known witness that has cosigned. */
  readonly cosignatures: readonly VerifiedSignature[];
};

/** The text of a checkpoint, to be signed. @throws CausewayError `note-malformed` when a part of it cannot stand in one */
export function formatCheckpoint({ origin, size, root, extensions = [] }: Checkpoint): string {
  const lines = [origin, String(size), Buffer.from(root).toString('base64'), ...extensions];
  const areLines = [origin, ...extensions].every((line) => line !== '' && !line.includes('\n'));
  if (!areLines || !isTreeSize(size) || root.byteLength !== hashBytes)
    throw malformedNote('No such checkpoint.');
  return decodeNoteText(`${lines.join('\n')}\n`);
}

/** Reads the text of a checkpoint. @throws CausewayError `note-malformed` */
export function parseCheckpoint(text: string): Required<Checkpoint> {
  const lines = decodeNoteText(text).split('\n');
  const [origin = '', sizeLine = '', rootLine = '', ...extensions] = lines.slice(0, -1);
  if (lines.at(-1) !== '' || lines.length < 4) throw malformedNote('A checkpoint has three lines.');
  const size = parseDecimal(sizeLine);
  const root = decodeHash(rootLine);
  if (origin === '' || extensions.includes('')) throw malformedNote('A line of the checkpoint is empty.');
  if (size === undefined) throw malformedNote('The second line of the checkpoint is not a size.');
  if (root === undefined) throw malformedNote('The third line of the checkpoint is not a hash.');
  return { origin, size, root, extensions };
}

/** A checkpoint as a signed note. */
export function signCheckpoint(checkpoint: Checkpoint, ...signers: readonly NoteSigner[]): string {
  return signNote(formatCheckpoint(checkpoint), ...signers);
}

/**
 * Reads a checkpoint and checks who has signed it.
 * @throws CausewayError `note-malformed`; `log-foreign` when it is that of another log; `note-untrusted` when the log
 * has not signed it, or a signature of a known key is wrong; `note-uncosigned` when too few witnesses have cosigned it
 */
export function openCheckpoint(source: Uint8Array | string, trust: CheckpointTrust): TrustedCheckpoint {
  const note = parseNote(source);
  const checkpoint = parseCheckpoint(note.text);
  const { keys, witnesses = [], witnessesNeeded = 0, origin = keys[0]?.name } = trust;
  if (checkpoint.origin !== origin) {
    throw new CausewayError('log-foreign', {
      detail: `It says ${checkpoint.origin}, and not ${origin ?? 'anything'}.`,
    });
  }
  const verified = verifySignatures(note, [...keys, ...witnesses]);
  if (!verified.some(({ key }) => keys.includes(key))) {
    throw new CausewayError('note-untrusted', { detail: 'It has no signature of the log.' });
  }
  const cosignatures = witnesses.flatMap((witness) => verified.find(({ key }) => key === witness) ?? []);
  if (cosignatures.length < witnessesNeeded) {
    const detail = `${cosignatures.length} of the known witnesses have cosigned it; ${witnessesNeeded} are needed.`;
    throw new CausewayError('note-uncosigned', { detail });
  }
  return { ...checkpoint, text: note.text, cosignatures };
}
