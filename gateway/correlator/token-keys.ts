/** Tokens as numbers: sixty of their random bits, in two halves, are as good as the token for finding it again. */
import { tokenSetsOf, type SubjectTokens } from '../../protocol/linkage/subject-tokens.ts';

/** The keys of all tokens of a subject, in the order of its description. */
export type TokenKeys = { readonly high: Uint32Array; readonly low: Uint32Array; readonly count: number };

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const digits = new Uint8Array(128);
for (let value = 0; value < alphabet.length; value += 1) digits[alphabet.charCodeAt(value)] = value;

/** Reads the first ten base64url digits of each token, of every epoch. */
export function readTokenKeys(tokens: readonly string[]): TokenKeys {
  const high = new Uint32Array(tokens.length);
  const low = new Uint32Array(tokens.length);
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] ?? '';
    high[at] = thirtyBits(token, 0);
    low[at] = thirtyBits(token, 5);
  }
  return { high, low, count: tokens.length };
}

/** Every token of every epoch, in the order of the description. */
export function tokensIn(subject: SubjectTokens): string[] {
  const all: string[] = [];
  for (const { tokens } of tokenSetsOf(subject)) {
    for (const recipe in tokens) for (const token of tokens[recipe] ?? []) all.push(token);
  }
  return all;
}

/**
 * 60 bits folded from all keys: the same for the same tokens in the same order. Whoever relies on it compares the
 * tokens as well.
 */
export function foldTokenKeys({ high, low, count }: TokenKeys): number {
  let a = count;
  let b = 0x9e3779b1;
  for (let at = 0; at < count; at += 1) {
    a = Math.imul(a ^ (high[at] ?? 0), 0x85ebca6b);
    a ^= a >>> 13;
    b = Math.imul(b ^ (low[at] ?? 0), 0xc2b2ae35);
    b ^= b >>> 15;
  }
  return (a >>> 6) * 2 ** 26 + (b >>> 6);
}

function thirtyBits(token: string, from: number): number {
  return (
    ((digits[token.charCodeAt(from) & 127] ?? 0) << 24) |
    ((digits[token.charCodeAt(from + 1) & 127] ?? 0) << 18) |
    ((digits[token.charCodeAt(from + 2) & 127] ?? 0) << 12) |
    ((digits[token.charCodeAt(from + 3) & 127] ?? 0) << 6) |
    (digits[token.charCodeAt(from + 4) & 127] ?? 0)
  );
}
