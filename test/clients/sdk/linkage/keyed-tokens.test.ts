import { createHmac, hkdfSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { deriveRecipeKey, KeyedTokens } from '../../../../clients/sdk/linkage/keyed-tokens.ts';
import { recipes } from '../../../../protocol/linkage/recipes.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const key = { epoch: 7, secret: Buffer.alloc(32, 1) };

test('HKDF-SHA-256 gives test case 1 of RFC 5869', () => {
  const okm = hkdfSync(
    'sha256',
    Buffer.alloc(22, 0x0b),
    hex('000102030405060708090a0b0c'),
    hex('f0f1f2f3f4f5f6f7f8f9'),
    42,
  );
  expect(Buffer.from(okm).toString('hex')).toBe(
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  );
});

test('HMAC-SHA-256 gives test case 2 of RFC 4231', () => {
  expect(createHmac('sha256', 'Jefe').update('what do ya want for nothing?').digest('hex')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

test('a token is the first 16 bytes of HMAC-SHA-256 under HKDF(purpose, recipe, epoch)', () => {
  const info = Buffer.concat([Buffer.from('child-protection\0name-birth\0'), hex('00000007')]);
  const expected = Buffer.from(hkdfSync('sha256', key.secret, 'causeway/v1/linkage', info, 32));
  expect(deriveRecipeKey(key, 'child-protection', 'name-birth')).toEqual(expected);
  const { epoch, tokens } = new KeyedTokens(key, 'child-protection').tokensOf([
    { recipe: 'name-birth', text: 'x' },
  ]);
  const mac = createHmac('sha256', expected).update('x').digest();
  expect({ epoch, tokens }).toEqual({
    epoch: 7,
    tokens: { 'name-birth': [mac.subarray(0, 16).toString('base64url')] },
  });
});

test('every recipe, epoch and purpose has a key of its own', () => {
  const keys = ['child-protection', 'audit'].flatMap((purpose) =>
    [7, 8].flatMap((epoch) =>
      recipes.map(({ name }) => deriveRecipeKey({ ...key, epoch }, purpose, name).toString('hex')),
    ),
  );
  expect(new Set(keys).size).toBe(keys.length);
});
