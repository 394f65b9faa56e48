/**
 * What an envelope says about a person: keyed tokens, and never who it is.
 *
 * ```
 * {"epoch": 7, "tokens": {"name-birth": ["written…", "other reading…"], "given-birth-postcode": ["…"]}, "previous": {…}}
 * ```
 *
 * A recipe that is not a key of `tokens` was not emitted, because a component was missing: absence is evidence. The
 * first token of a recipe stands for the values as they were written, the others for other readings of them: the long
 * form of a short name, day and month swapped, a part of a double name.
 */
import { z } from 'zod';
import { maxTokens } from './recipes.ts';

/** A token: 16 bytes, base64url. Longer ones are for recipes to come. */
const tokenSchema = z.string().regex(/^[A-Za-z0-9_-]{22,43}$/);
const epochSchema = z.int().min(0).max(1_000_000);

const tokenMapSchema = z
  .record(z.string().regex(/^[a-z][a-z0-9-]{0,31}$/), z.array(tokenSchema).max(maxTokens))
  .refine((tokens) => Object.values(tokens).reduce((sum, { length }) => sum + length, 0) <= maxTokens, {
    message: `must hold at most ${maxTokens} tokens`,
  });

/** Keyed tokens by recipe, made with the keys of one epoch. */
export const tokenSetSchema = z.strictObject({ epoch: epochSchema, tokens: tokenMapSchema });
export type TokenSet = z.infer<typeof tokenSetSchema>;

/** A child or adult that a message is about. `previous` has the same person under the epoch that is being left. */
export const subjectTokensSchema = tokenSetSchema.extend({ previous: tokenSetSchema.optional() });
export type SubjectTokens = z.infer<typeof subjectTokensSchema>;

/** Every set of a subject, the newest epoch first. */
export function tokenSetsOf({ previous, ...current }: SubjectTokens): TokenSet[] {
  return previous === undefined ? [current] : [current, previous];
}
