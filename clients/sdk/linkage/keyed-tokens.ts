/** Tokens under a linkage key: HMAC-SHA-256 with a key of its own for every recipe and epoch. */
import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { recipes } from '../../../protocol/linkage/recipes.ts';
import type { TokenSet } from '../../../protocol/linkage/subject-tokens.ts';
import type { TokenInput } from './readings.ts';

/** A linkage key: 32 bytes that every agency of the agreement holds, for one epoch, and the gateway never. */
export type LinkageKey = { readonly epoch: number; readonly secret: Uint8Array };

const tokenBytes = 16;
const salt = Buffer.from('causeway/v1/linkage', 'utf8');

/**
 * The key of one recipe in one epoch: HKDF-SHA-256 (RFC 5869), info `purpose ‖ 0 ‖ recipe ‖ 0 ‖ epoch u32`.
 * @returns 32 bytes
 */
export function deriveRecipeKey(key: LinkageKey, purpose: string, recipe: string): Buffer {
  const epoch = Buffer.alloc(4);
  epoch.writeUInt32BE(key.epoch);
  const info = Buffer.concat([Buffer.from(`${purpose}\0${recipe}\0`, 'utf8'), epoch]);
  return Buffer.from(hkdfSync('sha256', key.secret, salt, info, 32));
}

/** Makes tokens with one linkage key. */
export class KeyedTokens {
  readonly epoch: number;
  /** Handed over to OpenSSL once: from bytes, every token would cost several times as much. */
  readonly #keys: ReadonlyMap<string, KeyObject>;

  constructor(key: LinkageKey, purpose: string) {
    this.epoch = key.epoch;
    this.#keys = new Map(
      recipes.map(({ name }) => [name, createSecretKey(deriveRecipeKey(key, purpose, name))]),
    );
  }

  tokensOf(inputs: readonly TokenInput[]): TokenSet {
    const tokens: Record<string, string[]> = {};
    for (const { recipe, text } of inputs) (tokens[recipe] ??= []).push(this.#token(recipe, text));
    return { epoch: this.epoch, tokens };
  }

  tokensOfAll(people: readonly (readonly TokenInput[])[]): TokenSet[] {
    return people.map((inputs) => this.tokensOf(inputs));
  }

  #token(recipe: string, text: string): string {
    const key = this.#keys.get(recipe);
    if (key === undefined) throw new Error(`there is no recipe ${recipe}`);
    return createHmac('sha256', key).update(text, 'utf8').digest().toString('base64url', 0, tokenBytes);
  }
}
