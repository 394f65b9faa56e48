/**
 * What is kept of a final refusal beside its leaf: its code. The words that the sender was told name recipient, category
 * and purpose, so they stand in the body of the leaf alone, and go when its case is erased.
 */
import type { ErrorCode } from '../../protocol/errors.ts';
import type { MessageId } from '../../protocol/ids.ts';
import type { StoredLeaf } from './port.ts';
import { digestText, refusedDetailText } from './statements.ts';
import { openLeaf } from './stored-leaf.ts';

/** JSON. */
export function keptRefusal(code: ErrorCode): string {
  return refusedDetailText(code, undefined);
}

/** The code; undefined where somebody has made something else of what was kept. */
export function codeOfRefusal(kept: string): ErrorCode | undefined {
  try {
    return (JSON.parse(kept) as { code?: ErrorCode } | null)?.code;
  } catch {
    return undefined;
  }
}

/** What is kept, out of what versions before this one kept: all that the sender was told. */
export function withoutWords(told: string): string {
  const code = codeOfRefusal(told);
  return code === undefined ? told : keptRefusal(code);
}

/**
 * What the sender was told, to be told again.
 * @param kept see {@link keptRefusal} @param digest of its envelope
 * @param leaf the one that the message names, as far as it can be read
 * @returns the code, and the detail of the receipt: of the code alone where the leaf has no words, or none any more
 */
export function toldInRefusal(
  kept: string,
  { message, digest }: { readonly message: MessageId; readonly digest: Buffer },
  leaf: StoredLeaf | undefined,
): { readonly code: ErrorCode; readonly detail: string } {
  const told = leaf && openLeaf(leaf);
  const isItsOwn = told?.message === message && told.envelope === digestText(digest);
  const code = codeOfRefusal(kept) ?? (isItsOwn ? told.code : undefined);
  if (code === undefined) throw new Error('the refusal of a message has no code');
  const text = isItsOwn && told.code === code ? leaf?.entry.text : undefined;
  return { code, detail: refusedDetailText(code, typeof text === 'string' ? text : undefined) };
}
