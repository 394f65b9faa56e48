/** Proofs in one file: that an entry stands in a log, to be checked offline (c2sp.org/tlog-proof). */
import { CausewayError } from '../errors.ts';
import { maxNoteBytes } from './note.ts';
import { decodeBase64, decodeHash, decodeNoteText, parseDecimal } from './note-text.ts';

/** The first line of such a file. */
export const logProofHeader = 'c2sp.org/tlog-proof@v1';

/** Bytes of a whole proof. */
export const maxLogProofBytes = 2 * maxNoteBytes;

export type LogProof = {
  /** Where the entry stands in the log, from 0. */
  readonly index: number;
  /** The inclusion path, from the leaf's sibling to below the root. */
  readonly path: readonly Buffer[];
  /** The checkpoint, a signed note, verbatim. */
  readonly checkpoint: string;
  /** Opaque bytes that nothing vouches for. */
  readonly extra?: Buffer;
};

/** The proof as a file. */
export function formatLogProof({ index, path, checkpoint, extra }: LogProof): string {
  const extraLine = extra === undefined ? '' : `extra ${extra.toString('base64')}\n`;
  const hashes = path.map((hash) => `${hash.toString('base64')}\n`).join('');
  return `${logProofHeader}\n${extraLine}index ${index}\n${hashes}\n${checkpoint}`;
}

/**
 * Takes a proof apart; nothing of it is checked yet.
 * @throws CausewayError `log-proof-malformed`, with the line; `note-malformed` when it is not text
 */
export function parseLogProof(source: Uint8Array | string): LogProof {
  if (source.length > maxLogProofBytes) throw malformed(1, 'the proof is too long');
  const text = decodeNoteText(source);
  const blank = text.indexOf('\n\n');
  if (blank < 0) throw malformed(1, 'there is no blank line before a checkpoint');
  const lines = text.slice(0, blank).split('\n');
  if (lines[0] !== logProofHeader) throw malformed(1, `it is not ${logProofHeader}`);
  const extra = readExtra(lines[1]);
  const at = extra === undefined ? 1 : 2;
  const index = parseDecimal(/^index (\d+)$/.exec(lines[at] ?? '')?.[1] ?? '');
  if (index === undefined) throw malformed(at + 1, 'it is not an index');
  const path = lines.slice(at + 1).map((line, offset) => {
    const hash = decodeHash(line);
    if (hash === undefined) throw malformed(at + 2 + offset, 'it is not a hash');
    return hash;
  });
  const checkpoint = text.slice(blank + 2);
  return { index, path, checkpoint, ...(extra === undefined ? {} : { extra }) };
}

function readExtra(line = ''): Buffer | undefined {
  if (!line.startsWith('extra ')) return undefined;
  const extra = decodeBase64(line.slice('extra '.length));
  if (extra === undefined) throw malformed(2, 'the extra data is not base64');
  return extra;
}

function malformed(line: number, what: string): CausewayError {
  return new CausewayError('log-proof-malformed', { detail: `Line ${line}: ${what}.` });
}
