/**
 * What is kept of a final refusal beside its leaf, as JSON: its code, and sealed under the secret of its case the words that
 * the sender was told, which name recipient, category and purpose. So they go when the case is erased, and a message that
 * comes again is told them until then without a look into the log.
 */
import type { ErrorCode } from '../../protocol/errors.ts';
import type { Digest } from '../../protocol/ids.ts';
import type { CaseVault, SealedBody } from './case-vault.ts';
import type { CaseId } from './port.ts';
import { refusedDetailText } from './statements.ts';

/** Words under the secret of a case. */
type SealedWords = SealedBody & { readonly of: CaseId };

type Kept = {
  readonly code?: ErrorCode;
  /** In the clear, as versions before this one kept them. */
  readonly text?: string;
  readonly words?: { readonly of: CaseId; readonly commitment: Digest; readonly sealed: string };
};

/** @param words undefined where the sender was told the code alone */
export function keptRefusal(code: ErrorCode, words: SealedWords | undefined): string {
  if (words === undefined) return JSON.stringify({ code });
  const { of, commitment, sealed } = words;
  return JSON.stringify({ code, words: { of, commitment, sealed: sealed.toString('base64') } });
}

/** The code; undefined where somebody has made something else of what was kept. */
export function codeOfRefusal(kept: string): ErrorCode | undefined {
  return parse(kept).code;
}

/** The case whose secret opens the words; undefined where there are none. */
export function caseOfRefusal(kept: string): CaseId | undefined {
  return parse(kept).words?.of;
}

/** The words in the clear that versions before this one kept. */
export function clearWordsOf(kept: string): string | undefined {
  return parse(kept).text;
}

/** What is kept, without such words. */
export function withoutClearWords(kept: string): string {
  const { code, words } = parse(kept);
  return code === undefined ? kept : JSON.stringify({ code, words });
}

/**
 * What the sender was told, to be told again: the detail of the receipt, of the code alone once the case is erased.
 * @param secretOf undefined where the secret is gone
 */
export function toldInRefusal(
  kept: string,
  vault: CaseVault,
  secretOf: (id: CaseId) => Uint8Array | undefined,
): { readonly code: ErrorCode; readonly detail: string } {
  const { code, words } = parse(kept);
  if (code === undefined) throw new Error('the refusal of a message has no code');
  const secret = words === undefined ? undefined : secretOf(words.of);
  if (words === undefined || secret === undefined)
    return { code, detail: refusedDetailText(code, undefined) };
  const sealed = Buffer.from(words.sealed, 'base64');
  const text = vault.open(vault.keyOf(secret), sealed, words.commitment)?.body.toString('utf8');
  return { code, detail: refusedDetailText(code, text) };
}

function parse(kept: string): Kept {
  try {
    return (JSON.parse(kept) as Kept | null) ?? {};
  } catch {
    return {};
  }
}
