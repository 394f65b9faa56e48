import { expect, test } from 'vitest';
import { remedyOf } from '../../clients/cli/held-remedy.ts';
import type { HeldNotice } from '../../clients/sdk/events.ts';
import type { ErrorCode } from '../../protocol/errors.ts';

test.each([
  ['key-unknown', /^compare the fingerprint .* causeway directory trust agency\/desk --fingerprint …$/],
  ['key-changed', /^compare the fingerprint .* causeway directory trust agency\/desk --fingerprint …$/],
  ['signing-key-unknown', /once new keys of agency\/desk are trusted.*ask it to send it again/],
  ['home-invalid', /openpgp\.key.*backup/],
  ['dataset-unknown', /agreement has its data set/],
  ['dataset-unavailable', /data set cannot be read .* tried again by itself/],
  ['state-unavailable', /cannot be opened here at present.* tried again by itself/],
  ['key-unsuitable', /later session/],
] as [ErrorCode, RegExp][])('trust is advised for a held notice only where it helps: %s', (code, words) => {
  expect(remedyOf({ code, from: 'agency/desk' } as HeldNotice)).toMatch(words);
});
