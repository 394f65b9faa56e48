import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createPermitSecret, isPermitSecret } from '../../../gateway/identity/permit-secret.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';

const key = randomBytes(32);
const permitted = {
  endpoint: 'police/hub' as EndpointAddress,
  roles: ['concern-hub'],
  expiresAt: 1_800_000_000_000,
};

it('is good for what it was made for, and for nothing else', () => {
  const secret = createPermitSecret(key, permitted);
  expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(isPermitSecret(key, secret, { ...permitted })).toBe(true);
  for (const other of [
    { endpoint: 'police/front-desk' as EndpointAddress },
    { roles: [] },
    { roles: ['concern-hub', 'duty'] },
    { expiresAt: permitted.expiresAt + 1 },
  ])
    expect(isPermitSecret(key, secret, { ...permitted, ...other })).toBe(false);
  expect(isPermitSecret(randomBytes(32), secret, permitted)).toBe(false);
});

it('cannot be guessed, whatever is tried', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.base64String(), fc.stringMatching(/^[A-Za-z0-9_-]{43}$/)),
      (guess) => {
        expect(isPermitSecret(key, guess, permitted)).toBe(false);
      },
    ),
  );
});
