import { expect, test } from 'vitest';
import { commitmentOf } from '../../protocol/audit/commitment.ts';
import {
  formatErasureCertificate,
  parseErasureCertificate,
} from '../../protocol/audit/erasure-certificate.ts';
import { encodeLeaf } from '../../protocol/audit/leaf.ts';
import { formatLogProof } from '../../protocol/proof/log-proof.ts';

const salt = Buffer.alloc(32, 7);
const order = { case: '01900000-0000-7000-8000-000000000001', authority: 'Records Manager', by: 'registrar' };
const body = JSON.stringify({ kind: 'case.erased', ...order });
const at = Date.UTC(2026, 4, 1);
const commitment = commitmentOf(Buffer.concat([salt, Buffer.from(body)]));
const extra = Buffer.from(encodeLeaf({ kind: 'case.erased', at, commitment }));
const certificate = formatErasureCertificate({
  ...{ ...order, at, leaf: 3 },
  opening: { salt: salt.toString('base64url'), body },
  proof: formatLogProof({ index: 3, path: [], checkpoint: 'log.test\n4\n\n', extra }),
});

test('a certificate of an erasure says what its leaf is bound to', () => {
  expect(parseErasureCertificate(Buffer.from(certificate))).toMatchObject({ ...order, at, leaf: 3 });
});

test('a salt in another spelling of the same bytes is refused, as any change of the file is', () => {
  const text = salt.toString('base64url');
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(text.at(-1)!);
  for (const spare of [1, 2, 3]) {
    const other = text.slice(0, -1) + alphabet[last ^ spare]!;
    expect(Buffer.from(other, 'base64url')).toEqual(salt);
    expect(() => parseErasureCertificate(Buffer.from(certificate.replace(text, other)))).toThrow(
      /the one form/,
    );
  }
});

test('what is wrong with the proof is said by its lines, and where it begins', () => {
  const line = certificate.split('\n').indexOf('c2sp.org/tlog-proof@v1') + 1;
  const damaged = Buffer.from(certificate.replace('\nindex 3\n', '\nindex x\n'));
  expect(() => parseErasureCertificate(damaged)).toThrow(
    `the proof that begins in line ${line} is none (Line 3: it is not an index)`,
  );
});
