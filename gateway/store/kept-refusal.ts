/**
 * What is kept of a final refusal in the row of its message: its code, as JSON. What else the sender was told names
 * recipient, category and purpose. It stands in the body of the leaf alone, which the log binds and the secret of the case
 * seals: nobody can put other words there, and they go when the case is erased.
 */
import type { ErrorCode } from '../../protocol/errors.ts';
import type { Digest, MessageId } from '../../protocol/ids.ts';
import type { CaseVault } from './case-vault.ts';
import type { CaseId } from './port.ts';
import { refusedDetailText } from './statements.ts';
import { openBody, type BlockRow } from './stored-leaf.ts';

type Kept = {
  readonly code?: ErrorCode;
  /** The words, as versions before this one kept them. */
  readonly text?: string;
};

export function keptRefusal(code: ErrorCode): string {
  return JSON.stringify({ code });
}

/** @returns undefined where somebody has made something else of what was kept */
export function codeOfRefusal(kept: string): ErrorCode | undefined {
  return parse(kept).code;
}

/** The words that a version before this one kept in the clear. */
export function clearWordsOf(kept: string): string | undefined {
  return parse(kept).text;
}

/** What is kept, without anything that versions before this one kept besides. */
export function withoutWords(kept: string): string {
  const { code } = parse(kept);
  return code === undefined ? kept : keptRefusal(code);
}

/**
 * What is told where the message comes again.
 * @param readWords those of its leaf, see {@link wordsInLeaf}
 * @returns the code, and the detail of the receipt
 */
export function toldAgain(
  kept: string,
  readWords: () => string | undefined,
): { readonly code: ErrorCode; readonly detail: string } {
  const code = codeOfRefusal(kept);
  if (code === undefined) throw new Error('the refusal of a message has no code');
  return { code, detail: refusedDetailText(code, readWords()) };
}

/** What the leaf of a refusal must be about, so that nobody is told what another one says. */
export type RefusedMessage = { readonly message: MessageId; readonly envelope: Digest };

/**
 * What the sender was told besides the code.
 * @param row the block that holds the leaf
 * @param record the index of the leaf
 * @returns undefined where it was the code alone, or the case is erased, or the body is not that of this refusal
 */
export function wordsInLeaf(
  row: BlockRow,
  record: number,
  about: RefusedMessage,
  vault: CaseVault,
  secretOf: (id: CaseId) => Uint8Array | undefined,
): string | undefined {
  const entry = openBody(row, record, vault, secretOf);
  const isOfIt =
    entry?.kind === 'message.refused' && entry.message === about.message && entry.envelope === about.envelope;
  return isOfIt && typeof entry.text === 'string' ? entry.text : undefined;
}

function parse(kept: string): Kept {
  try {
    return (JSON.parse(kept) as Kept | null) ?? {};
  } catch {
    return {};
  }
}
