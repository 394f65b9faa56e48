/**
 * The witness protocol (c2sp.org/tlog-witness): what is asked of a witness, how it judges, what it answers.
 *
 * ```
 * POST /add-checkpoint   old N, at most 63 hashes, a blank line, a checkpoint
 *   200 cosignature lines          400 not a request, or old is larger than the checkpoint
 *   403 no signature of the log    404 unknown log
 *   409 old is not the size that the witness has last cosigned; the body is that size, and its type says so
 *   409 without a size: the log has signed another root for the size that the witness has last cosigned
 *   422 the proof does not lead from the one to the other
 * GET /<hex SHA-256 of the origin>/checkpoint   the last cosigned checkpoint; 404 when there is none
 * ```
 */
import { hash } from 'node:crypto';
import { CausewayError, isCausewayError } from '../errors.ts';
import { parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import { emptyRoot } from './frontier.ts';
import {
  formatNote,
  maxNoteBytes,
  parseNote,
  parseSignatureLines,
  verifyNote,
  type VerifiedSignature,
} from './note.ts';
import { decodeHash, decodeNoteText, parseDecimal } from './note-text.ts';
import { verifyConsistency } from './tree-proof.ts';
import type { VerifierKey } from './verifier-key.ts';

export const addCheckpointPath = '/add-checkpoint';
/** The content type of a 409 whose body is a size: whoever asks goes on from there. A fork has another type. */
export const sizeContentType = 'text/x.tlog.size';
/** Hashes in one request. */
export const maxWitnessHashes = 63;
/** Bytes of one request. */
export const maxWitnessRequestBytes = maxNoteBytes + 64 * (maxWitnessHashes + 1);

/** A request for a cosignature. */
export type AddCheckpointRequest = {
  /** The size that the witness has last cosigned, as far as the asker knows. */
  readonly oldSize: number;
  /** The consistency proof from the old size to the checkpoint. */
  readonly path: readonly Buffer[];
  /** The checkpoint, a signed note. */
  readonly checkpoint: string;
};

/** What a witness has last cosigned of a log. */
export type CosignedState = { readonly size: number; readonly root: Uint8Array };

/** What a witness knows when it judges. */
export type WitnessKnowledge = {
  /** The keys of a log, or `undefined` when the witness does not follow it. */
  keysOf(origin: string): readonly VerifierKey[] | undefined;
  /** What was last cosigned of a log, or `undefined` when nothing was. */
  lastOf(origin: string): CosignedState | undefined;
};

/** How a witness judges: 200 asks for the checkpoint to be persisted and cosigned, in this order. */
export type WitnessVerdict =
  | {
      readonly status: 200;
      readonly checkpoint: Required<Checkpoint>;
      readonly text: string;
      /** The signature lines of the log that were checked. */
      readonly logLines: readonly string[];
    }
  | { readonly status: 409; readonly size: number; readonly evidence?: WitnessEvidence }
  | { readonly status: 409 | 422; readonly reason: string; readonly evidence: WitnessEvidence }
  | { readonly status: 400 | 403 | 404; readonly reason: string; readonly evidence?: WitnessEvidence };

/** What a log has signed that does not lead on from what was cosigned. */
export type WitnessEvidence = {
  /** The checkpoint with the log's own signatures alone: whoever sent it may have added others. */
  readonly note: string;
  /**
   * True where the log has signed another root for the size that was cosigned, which proves two histories, whatever the request
   * says of the old size. Otherwise the proof may be wrong, which is whoever's doing that sent it, and not the log's.
   */
  readonly contradicts: boolean;
};

/** Writes a request. @throws RangeError when the path is too long for one */
export function formatAddCheckpoint({ oldSize, path, checkpoint }: AddCheckpointRequest): string {
  if (path.length > maxWitnessHashes) throw new RangeError(`at most ${maxWitnessHashes} hashes`);
  const hashes = path.map((item) => `${item.toString('base64')}\n`).join('');
  return `old ${oldSize}\n${hashes}\n${checkpoint}`;
}

/** Reads a request. @throws CausewayError `log-proof-malformed`, `note-malformed` */
export function parseAddCheckpoint(body: Uint8Array | string): AddCheckpointRequest {
  if (body.length > maxWitnessRequestBytes) throw malformed('It is too long.');
  const text = decodeNoteText(body);
  const blank = text.indexOf('\n\n');
  if (blank < 0) throw malformed('It has no blank line.');
  const [first = '', ...lines] = text.slice(0, blank).split('\n');
  const oldSize = parseDecimal(/^old (\d+)$/.exec(first)?.[1] ?? '');
  if (oldSize === undefined) throw malformed('Its first line is not an old size.');
  if (lines.length > maxWitnessHashes) throw malformed(`It has more than ${maxWitnessHashes} hashes.`);
  const path = lines.map((line) => {
    const item = decodeHash(line);
    if (item === undefined) throw malformed('A line of its proof is not a hash.');
    return item;
  });
  return { oldSize, path, checkpoint: text.slice(blank + 2) };
}

/** Judges a request as a witness must. Nothing is signed or remembered here. */
export function judgeAddCheckpoint(request: AddCheckpointRequest, known: WitnessKnowledge): WitnessVerdict {
  const { oldSize, path } = request;
  try {
    const note = parseNote(request.checkpoint);
    const checkpoint = parseCheckpoint(note.text);
    const keys = known.keysOf(checkpoint.origin);
    if (keys === undefined) return { status: 404, reason: 'This witness does not follow the log.' };
    const logLines = verifyNote(note, keys).map(({ line }) => line);
    const last = known.lastOf(checkpoint.origin) ?? { size: 0, root: emptyRoot };
    const contradicts = checkpoint.size === last.size && !checkpoint.root.equals(last.root);
    const evidence = { note: formatNote(note.text, logLines), contradicts };
    const found = contradicts ? { evidence } : {};
    if (oldSize > checkpoint.size)
      return { status: 400, reason: 'The old size is larger than the checkpoint.', ...found };
    if (oldSize !== last.size) return { status: 409, size: last.size, ...found };
    if (contradicts) {
      const reason = 'The log has signed another root for the size that was cosigned.';
      return { status: 409, reason, evidence };
    }
    if (!leadsOn(last, checkpoint, path)) {
      const reason = 'The proof does not lead from the old size to the checkpoint.';
      return { status: 422, reason, evidence };
    }
    return { status: 200, checkpoint, text: note.text, logLines };
  } catch (error) {
    if (isCausewayError(error, 'note-untrusted')) return { status: 403, reason: error.message };
    if (isCausewayError(error, 'note-malformed')) return { status: 400, reason: error.message };
    throw error;
  }
}

function leadsOn(last: CosignedState, { size, root }: Checkpoint, path: readonly Buffer[]): boolean {
  // Every tree begins with the empty one, so there is nothing to prove.
  if (last.size === 0) return path.length === 0;
  return verifyConsistency({ fromSize: last.size, fromRoot: last.root, size, root, path });
}

/** Where a witness shows the last checkpoint that it has cosigned of a log. */
export function witnessCheckpointPath(origin: string): string {
  return `/${hash('sha256', origin, 'hex')}/checkpoint`;
}

/** The body of a 409 with a size. */
export function formatConflictSize(size: number): string {
  return `${size}\n`;
}

/** What came back from a witness. */
export type WitnessResponse = {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
};

/** What an answer means to the asker. */
export type WitnessAnswer =
  | { readonly outcome: 'cosigned'; readonly cosignatures: readonly VerifiedSignature[] }
  /** Ask again, from this size. */
  | { readonly outcome: 'conflict'; readonly size: number }
  | { readonly outcome: 'refused'; readonly status: number };

/**
 * Reads the answer of a witness about a checkpoint's text. Signatures of unknown keys are left out.
 * @throws CausewayError `note-malformed`, or `note-untrusted` when no known witness has cosigned in good form
 */
export function readWitnessAnswer(
  { status, contentType, body }: WitnessResponse,
  text: string,
  witnesses: readonly VerifierKey[],
): WitnessAnswer {
  if (status === 409 && /^text\/x\.tlog\.size(?:;|$)/.test(contentType)) {
    const size = body.endsWith('\n') ? parseDecimal(body.slice(0, -1)) : undefined;
    if (size === undefined) throw new CausewayError('note-malformed', { detail: 'A 409 holds a size.' });
    return { outcome: 'conflict', size };
  }
  if (status !== 200) return { outcome: 'refused', status };
  const signatures = parseSignatureLines(decodeNoteText(body));
  const cosignatures = verifyNote({ text, signatures }, witnesses);
  if (cosignatures.some(({ timeSeconds = 0 }) => timeSeconds === 0)) {
    throw new CausewayError('note-untrusted', { detail: 'A cosignature has no time.' });
  }
  return { outcome: 'cosigned', cosignatures };
}

function malformed(detail: string): CausewayError {
  return new CausewayError('log-proof-malformed', { detail });
}
