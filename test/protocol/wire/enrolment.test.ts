import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../protocol/proof/merkle.ts';
import {
  decodeEnrolmentToken,
  encodeEnrolmentToken,
  enrolmentStatement,
  type EnrolmentToken,
} from '../../../protocol/wire/enrolment.ts';
import { refusalOf, sender } from '../samples.ts';

const token = {
  endpoint: sender,
  secret: 'S'.repeat(43),
  ca: 'A'.repeat(43),
  expires: '2026-11-24T09:30:00.000Z',
} as EnrolmentToken;

describe('Enrolment tokens', () => {
  it('are one word and come back as they were, also with white space around', () => {
    const text = encodeEnrolmentToken(token);
    expect(text).toMatch(/^causeway-token-1\.[A-Za-z0-9_-]+$/);
    expect(decodeEnrolmentToken(text)).toEqual(token);
    expect(decodeEnrolmentToken(`\n ${text} \n`)).toEqual(token);
  });

  it('are refused when cut, changed or of another kind, without a word of their content', () => {
    const text = encodeEnrolmentToken(token);
    const bad = [
      '',
      'causeway-token-1.',
      text.slice(0, -8),
      text.replace('-1.', '-2.'),
      `${text}${'A'.repeat(2000)}`,
    ];
    for (const text of bad) {
      const refusal = refusalOf(() => decodeEnrolmentToken(text));
      expect(refusal?.code).toBe('token-invalid');
      expect(refusal?.cause).toBeUndefined();
    }
  });

  it('never throw anything but token-invalid', () => {
    const inside = fc.oneof(fc.json(), fc.string()).map((text) => Buffer.from(text).toString('base64url'));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          inside.map((text) => `causeway-token-1.${text}`),
        ),
        (text) => {
          expect(refusalOf(() => decodeEnrolmentToken(text))?.code).toBe('token-invalid');
        },
      ),
    );
  });
});

describe('The enrolment statement', () => {
  it('is a domain and a digest of each thing registered, so that none can be exchanged', () => {
    const request = { endpoint: sender, secret: 's', certificateRequest: 'c', openpgpCertificate: 'o' };
    const statement = enrolmentStatement(request);
    const digests = [sender, 's', 'c', 'o'].map((part) => sha256(Buffer.from(part)));
    expect(statement).toEqual(Buffer.concat([Buffer.from('causeway/v1/enrolment\0'), ...digests]));
    for (const name of Object.keys(request)) {
      expect(enrolmentStatement({ ...request, [name]: 'x' })).not.toEqual(statement);
    }
  });
});
