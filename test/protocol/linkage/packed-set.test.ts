import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  headerWords,
  maxWordsOfSet,
  packTokenSet,
  wordsOfSet,
} from '../../../protocol/linkage/packed-set.ts';
import { codes, maxTokens, recipes } from '../../../protocol/linkage/recipes.ts';
import type { TokenSet } from '../../../protocol/linkage/subject-tokens.ts';

const token = fc.stringMatching(/^[A-Za-z0-9_-]{22}$/);
const name = fc.constantFrom(...recipes.map((recipe) => recipe.name), 'of-a-later-version');
const tokens = fc.dictionary(name, fc.array(token, { maxLength: 6 }));

function pack(set: TokenSet): Int32Array {
  const words = new Int32Array(maxWordsOfSet);
  return words.slice(0, packTokenSet(set, words, 0));
}

test('every code and every recipe has a bit of its own', () => {
  expect(Object.keys(codes).length).toBeLessThan(32);
  expect(recipes.length).toBeLessThanOrEqual(52);
});

test('a packed set has the tokens of all recipes that are known, and says how long it is', () => {
  fc.assert(
    fc.property(tokens, (all) => {
      const lists = recipes.map((recipe) => all[recipe.name] ?? []).filter(({ length }) => length > 0);
      const tokenCount = lists.reduce((sum, { length }) => sum + length, 0);
      const readings = Math.min(tokenCount, maxTokens) - lists.length;
      const words = pack({ epoch: 9, tokens: all });
      expect(words.length).toBe(headerWords + 2 * lists.length + 3 * readings);
      expect(wordsOfSet(words, 0)).toBe(words.length);
    }),
  );
});

test('the order of the recipes does not show, and a token that differs anywhere in its beginning does', () => {
  fc.assert(
    fc.property(tokens, (all) => {
      const reversed = Object.fromEntries(Object.entries(all).reverse());
      expect(pack({ epoch: 1, tokens: reversed })).toEqual(pack({ epoch: 1, tokens: all }));
    }),
  );
  fc.assert(
    fc.property(
      token,
      fc.nat(9),
      fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '_', '-'),
      (one, place, letter) => {
        fc.pre(one[place] !== letter);
        const other = one.slice(0, place) + letter + one.slice(place + 1);
        const [left, right] = [one, other].map((text) =>
          pack({ epoch: 1, tokens: { 'name-birth': [text] } }),
        );
        expect(left).not.toEqual(right);
      },
    ),
  );
});
