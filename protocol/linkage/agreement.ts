/** What two token sets have in common, recipe by recipe. */
import { carries, codes, findRecipe, type Code, type EvidenceType, type Recipe } from './recipes.ts';
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
  /** Codes that agree, guesses left out. */
  readonly agreeing: ReadonlySet<Code>;
  /** Codes that agree when guesses are counted as well. */
  readonly agreeingWithGuesses: ReadonlySet<Code>;
  /** Evidence that both sides emitted tokens for. */
  readonly onBothSides: ReadonlySet<EvidenceType>;
  /** Codes that both sides emitted, in whatever recipe. */
  readonly codesOnBothSides: ReadonlySet<Code>;
};

/** Compares two sets of one epoch. Symmetric. Recipes that this version does not know are passed over. */
export function compareTokenSets(left: TokenSet, right: TokenSet): Comparison {
  const agreements: Agreement[] = [];
  const agreeing = new Set<Code>();
  const agreeingWithGuesses = new Set<Code>();
  if (left.epoch === right.epoch) {
    for (const [name, tokens] of Object.entries(left.tokens)) {
      const recipe = findRecipe(name);
      const manner = recipe && mannerOf(tokens, right.tokens[name] ?? []);
      if (recipe === undefined || manner === undefined) continue;
      agreements.push({ recipe: name, manner });
      for (const part of recipe.codes) {
        agreeingWithGuesses.add(part);
        if (manner !== 'guess') agreeing.add(part);
      }
    }
  }
  const codesLeft = emittedCodes(left);
  const codesOnBothSides = new Set([...emittedCodes(right)].filter((part) => codesLeft.has(part)));
  const onBothSides = new Set([...codesOnBothSides].map((part) => codes[part].type));
  agreements.sort((one, other) => (one.recipe < other.recipe ? -1 : 1));
  return { agreements, agreeing, agreeingWithGuesses, onBothSides, codesOnBothSides };
}

/** The codes that a record emitted, in whatever recipe. */
export function emittedCodes({ tokens }: TokenSet): Set<Code> {
  const emitted = Object.keys(tokens).filter((name) => (tokens[name]?.length ?? 0) > 0);
  return new Set(emitted.flatMap((name) => findRecipe(name)?.codes ?? []));
}

/** True when a record emitted a recipe with this evidence. */
export function emits(set: TokenSet, type: EvidenceType): boolean {
  return knownRecipes(set).some((recipe) => carries(recipe, type));
}

function knownRecipes({ tokens }: TokenSet): Recipe[] {
  return Object.keys(tokens).flatMap((name) => findRecipe(name) ?? []);
}

function mannerOf(left: readonly string[], right: readonly string[]): Manner | undefined {
  const [writtenLeft, writtenRight] = [left[0], right[0]];
  if (writtenLeft === undefined || writtenRight === undefined) return undefined;
  if (writtenLeft === writtenRight) return 'written';
  if (left.includes(writtenRight) || right.includes(writtenLeft)) return 'reading';
  return left.some((token) => right.includes(token)) ? 'guess' : undefined;
}
