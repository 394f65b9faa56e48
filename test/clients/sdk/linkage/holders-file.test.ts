import { expect, test } from 'vitest';
import {
  addLinkageKey,
  createLinkageKey,
  fingerprintOfHolders,
  fingerprintOfKey,
  holderSchema,
  holdersSchema,
} from '../../../../clients/sdk/linkage/linkage-file.ts';
import { isCausewayError } from '../../../../protocol/errors.ts';

const token = 'x'.repeat(24);
const publicKey = (letter: string): string => Buffer.alloc(32, letter).toString('base64url');
const holder = (name: string) => ({
  url: `https://${name}.example.org:8444`,
  token,
  publicKeys: { 1: publicKey(name) },
});
const file = {
  version: 1,
  mode: 'oblivious',
  purpose: 'child-protection',
  epochs: [1],
  holders: [holder('a'), holder('b')],
} as const;

test.each([
  ['https://holder-a.example.org:8444', true],
  ['http://127.0.0.1:8444', true],
  ['http://localhost:8444', true],
  ['http://holder-a.example.org:8444', false],
  ['http://127.0.0.1.example.org', false],
])('a holder at %s is taken: %s, for its token must not travel in the clear', (url, isTaken) => {
  expect(holderSchema.safeParse({ ...holder('a'), url }).success).toBe(isTaken);
});

test('two holders are two, and each has a key for every epoch', () => {
  const words = (changed: object): string | undefined =>
    holdersSchema.safeParse({ ...file, ...changed }).error?.issues[0]?.message;
  expect(words({})).toBeUndefined();
  expect(words({ holders: [holder('a'), holder('a')] })).toBe('must be at two addresses');
  expect(words({ holders: [holder('a'), { ...holder('a'), url: 'https://b.example.org' }] })).toBe(
    'must have keys of their own',
  );
  expect(words({ epochs: [2, 1] })).toBe('must each have a public key for epoch 2');
});

test('the newer of two epochs is the one in use, in whatever order they are given', () => {
  const both = (name: string) => ({
    ...holder(name),
    publicKeys: { 1: publicKey(name), 2: publicKey(`${name}2`) },
  });
  const holders = [both('a'), both('b')];
  expect(holdersSchema.parse({ ...file, epochs: [1, 2], holders }).epochs).toEqual([2, 1]);
  expect(holdersSchema.safeParse({ ...file, epochs: [2, 2], holders }).success).toBe(false);
});

test('a key takes neither the place of two holders nor that of another purpose', () => {
  const fails = (act: () => unknown): boolean => {
    try {
      act();
      return false;
    } catch (error) {
      return isCausewayError(error, 'request-malformed');
    }
  };
  const key = createLinkageKey(1);
  expect(fails(() => addLinkageKey(holdersSchema.parse(file), key, 'child-protection'))).toBe(true);
  const settings = addLinkageKey(undefined, key, 'child-protection');
  expect(addLinkageKey(settings, key, 'child-protection')).toEqual(settings);
  expect(fails(() => addLinkageKey(settings, createLinkageKey(2), 'adult-protection'))).toBe(true);
  expect(fingerprintOfKey(key, 'adult-protection')).not.toBe(fingerprintOfKey(key, 'child-protection'));
});

test('two agencies compare their holders by a fingerprint, in whatever order they list them', () => {
  const [one, other] = [holder('a'), holder('b')];
  const fingerprint = fingerprintOfHolders([one, other], 1, 'child-protection');
  expect(fingerprint).toMatch(/^[0-9a-f]{16}$/);
  expect(fingerprintOfHolders([other, one], 1, 'child-protection')).toBe(fingerprint);
  expect(fingerprintOfHolders([one, holder('c')], 1, 'child-protection')).not.toBe(fingerprint);
  expect(fingerprintOfHolders([one, other], 1, 'research')).not.toBe(fingerprint);
});
