/** What two token sets have in common, recipe by recipe. */
import { findRecipe, recipes, type Code } from './recipes.ts';
import type { TokenSet } from './subject-tokens.ts';

/**
 * How a recipe agrees: `written` when the values as written are the same, `reading` when one side's written values
 * are another reading of the other's, `guess` when only other readings meet.
 */
export type Manner = 'written' | 'reading' | 'guess';

/** A recipe that both sides emitted and that agrees. */
export type Agreement = { readonly recipe: string; readonly manner: Manner };

/** Two records compared: what agrees, and which evidence both sides have, one lacks, or nobody has. */
export type Comparison = {
  readonly agreements: readonly Agreement[];
  /** Codes of the agreeing recipes, each with the best manner in which it agrees. */
  readonly agreeing: ReadonlyMap<Code, Manner>;
  /** Codes that both sides emitted, in whatever recipe. */
  readonly onBothSides: ReadonlySet<Code>;
};

const order: readonly Manner[] = ['written', 'reading', 'guess'];

/** Compares two sets of one epoch. Symmetric. Recipes that this version does not know are passed over. */
export function compareTokenSets(left: TokenSet, right: TokenSet): Comparison {
  const agreements = left.epoch === right.epoch ? findAgreements(left, right) : [];
  const agreeing = new Map<Code, Manner>();
  for (const { recipe, manner } of agreements) {
    for (const part of findRecipe(recipe)?.codes ?? []) {
      const known = agreeing.get(part);
      if (known === undefined || order.indexOf(manner) < order.indexOf(known)) agreeing.set(part, manner);
    }
  }
  const emittedLeft = emittedCodes(left);
  const onBothSides = new Set([...emittedCodes(right)].filter((part) => emittedLeft.has(part)));
  return { agreements, agreeing, onBothSides };
}

function findAgreements(left: TokenSet, right: TokenSet): Agreement[] {
  const agreements: Agreement[] = [];
  for (const { name } of recipes) {
    const manner = mannerOf(left.tokens[name] ?? [], right.tokens[name] ?? []);
    if (manner !== undefined) agreements.push({ recipe: name, manner });
  }
  return agreements;
}

const emittedBySet = new WeakMap<TokenSet, ReadonlySet<Code>>();

/** The codes that a record emitted, in whatever recipe. Remembered: a set is compared with many others. */
export function emittedCodes(set: TokenSet): ReadonlySet<Code> {
  const known = emittedBySet.get(set);
  if (known !== undefined) return known;
  const { tokens } = set;
  const emitted = Object.keys(tokens).filter((name) => (tokens[name]?.length ?? 0) > 0);
  const codes = new Set(emitted.flatMap((name) => findRecipe(name)?.codes ?? []));
  emittedBySet.set(set, codes);
  return codes;
}

function mannerOf(left: readonly string[], right: readonly string[]): Manner | undefined {
  const [writtenLeft, writtenRight] = [left[0], right[0]];
  if (writtenLeft === undefined || writtenRight === undefined) return undefined;
  if (writtenLeft === writtenRight) return 'written';
  if (left.includes(writtenRight) || right.includes(writtenLeft)) return 'reading';
  return left.some((token) => right.includes(token)) ? 'guess' : undefined;
}
