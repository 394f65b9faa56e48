import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import { expect, test } from 'vitest';
import { deriveHolderKey } from '../../../../clients/linkage-holder/holder-folder.ts';
import type { Holder } from '../../../../clients/sdk/linkage/linkage-file.ts';
import { ObliviousTokens, type AskHolder } from '../../../../clients/sdk/linkage/oblivious-tokens.ts';
import { CausewayError } from '../../../../protocol/errors.ts';
import { maxEvaluations } from '../../../../protocol/linkage/evaluation.ts';

const { voprf } = ristretto255_oprf;
const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const keys = new Map(
  ['one', 'two'].map((name, at) => [
    `https://${name}.example.org`,
    deriveHolderKey(encode(Buffer.alloc(32, at)), 1),
  ]),
);
const holders = [...keys].map(([url, { publicKey }]): Holder => {
  return { url, token: 'synthetic token of a test', publicKeys: { 1: encode(publicKey) } };
});

test('an import whose later portion a holder refuses goes on from there: nothing is asked for twice', async () => {
  let isUsedUp = true;
  const asked: string[] = [];
  const ask: AskHolder = ({ url }, { blinded }) => {
    const { secretKey, publicKey } = keys.get(url)!;
    if (isUsedUp && blinded.length < maxEvaluations)
      return Promise.reject(new CausewayError('linkage-holder-unavailable'));
    asked.push(`${new URL(url).hostname} ${blinded.length}`);
    const elements = blinded.map((text) => Buffer.from(text, 'base64url'));
    const { evaluated, proof } = voprf.blindEvaluateBatch(secretKey, publicKey, elements);
    return Promise.resolve({ evaluated: evaluated.map(encode), proof: encode(proof) });
  };
  const maker = new ObliviousTokens({
    epoch: 1,
    purpose: 'child-protection',
    holders: [holders[0]!, holders[1]!],
    ask,
  });
  const people = Array.from({ length: maxEvaluations + 2 }, (_, nth) => [
    { recipe: 'given', text: `child ${nth}` },
  ]);
  await expect(maker.tokensOfAll(people)).rejects.toMatchObject({ code: 'linkage-holder-unavailable' });
  isUsedUp = false;
  expect(await maker.tokensOfAll(people)).toHaveLength(people.length);
  expect(asked.sort()).toEqual([
    `one.example.org ${maxEvaluations}`,
    'one.example.org 2',
    `two.example.org ${maxEvaluations}`,
    'two.example.org 2',
  ]);
});
