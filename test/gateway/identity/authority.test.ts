import { createPublicKey, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { createTlsKey } from '../../../clients/sdk/keys.ts';
import {
  createAuthority,
  createP256Key,
  openAuthority,
  type Authority,
  type AuthorityFiles,
} from '../../../gateway/identity/authority.ts';
import { isCausewayError } from '../../../protocol/errors.ts';
import { sha256 } from '../../../protocol/proof/merkle.ts';
import { makeGreedyRequest, makeRequestWith } from './odd-certificates.ts';
import { council } from './registry.ts';

const dayMs = 24 * 3600_000;
let files: AuthorityFiles;
let authority: Authority;

beforeAll(async () => {
  files = await createAuthority({ name: 'Lanarkshire, "test" = CA + 1', now: Date.now() });
  authority = openAuthority(files, Date.now);
});

function daysOf(certificate: X509Certificate): number {
  return (certificate.validToDate.getTime() - certificate.validFromDate.getTime()) / dayMs;
}

test('the CA signs itself for ten years, may sign only leaves, and keeps its name as given', () => {
  const certificate = new X509Certificate(files.certificatePem);
  expect(certificate.ca).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.subject).toBe('CN=Lanarkshire\\, \\"test\\" = CA \\+ 1');
  expect(daysOf(certificate)).toBeCloseTo(3653, 0);
  expect(authority.fingerprint).toBe(sha256(certificate.raw).toString('base64url'));
});

test('an endpoint certificate names the endpoint, is for clients only and lasts 90 days', async () => {
  const { certificateRequestPem, tlsKeyPem } = createTlsKey();
  const issued = await authority.issueEndpointCertificate(certificateRequestPem, council);
  const certificate = new X509Certificate(issued.pem);
  const ca = new X509Certificate(files.certificatePem);
  expect(certificate.subjectAltName).toBe('URI:urn:causeway:council:social-work');
  expect(certificate.subject).toBeUndefined();
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  expect(certificate.ca).toBe(false);
  expect(certificate.checkIssued(ca) && certificate.verify(ca.publicKey)).toBe(true);
  expect(certificate.publicKey.equals(createPublicKey(tlsKeyPem))).toBe(true);
  expect(daysOf(certificate)).toBeCloseTo(90, 0);
  expect(issued.thumbprint).toBe(sha256(certificate.raw).toString('base64url'));
});

test('a server certificate holds every name and address and is for servers only', async () => {
  const publicKeyPem = createPublicKey(createP256Key()).export({ type: 'spki', format: 'pem' }) as string;
  const { pem } = await authority.issueServerCertificate(publicKeyPem, [
    'gateway.example',
    '127.0.0.1',
    '::1',
  ]);
  const certificate = new X509Certificate(pem);
  expect(certificate.checkHost('gateway.example')).toBe('gateway.example');
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(certificate.checkIP('::1')).toBe('::1');
  expect(certificate.checkHost('other.example')).toBeUndefined();
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(daysOf(certificate)).toBeCloseTo(365, 0);
});

test('serial numbers never repeat', async () => {
  const { certificateRequestPem } = createTlsKey();
  const serials = new Set<string>();
  for (let index = 0; index < 20; index++) {
    const { pem } = await authority.issueEndpointCertificate(certificateRequestPem, council);
    serials.add(new X509Certificate(pem).serialNumber);
  }
  expect(serials.size).toBe(20);
  expect([...serials].every((serial) => serial.length >= 24)).toBe(true);
});

test('names and rights that a request asks for are ignored; its key is all that counts', async () => {
  const { pem, publicKeyPem } = await makeGreedyRequest();
  const certificate = new X509Certificate((await authority.issueEndpointCertificate(pem, council)).pem);
  expect(certificate.subjectAltName).toBe('URI:urn:causeway:council:social-work');
  expect(certificate.ca).toBe(false);
  expect(certificate.publicKey.equals(createPublicKey(publicKeyPem))).toBe(true);
});

test.each(['P-384', 'Ed25519', 'RSA'] as const)('a request for a key of kind %s is refused', async (kind) => {
  await expect(
    authority.issueEndpointCertificate(await makeRequestWith(kind), council),
  ).rejects.toMatchObject({ code: 'request-malformed', detail: expect.stringContaining('P-256') as unknown });
});

test('a request signed by another key is refused', async () => {
  const bytes = Buffer.from(pemBody(createTlsKey().certificateRequestPem), 'base64');
  const other = Buffer.from(pemBody(createTlsKey().certificateRequestPem), 'base64');
  // The key's point is at the same offset in both; the signature stays the first one's.
  other.copy(bytes, 34, 34, 98);
  await expect(authority.issueEndpointCertificate(toPem(bytes), council)).rejects.toMatchObject({
    code: expect.stringMatching(/^request-(?:signature-invalid|malformed)$/) as unknown,
  });
});

test.each([
  ['nothing', ''],
  ['plain text', 'hello'],
  ['a certificate', () => files.certificatePem],
  ['two requests', () => createTlsKey().certificateRequestPem + createTlsKey().certificateRequestPem],
  ['too much', () => createTlsKey().certificateRequestPem + ' '.repeat(9_000)],
])('%s instead of a request is refused', async (_name, text) => {
  const pem = typeof text === 'string' ? text : text();
  await expect(authority.issueEndpointCertificate(pem, council)).rejects.toMatchObject({
    code: 'request-malformed',
  });
});

test('a request with any byte changed is refused in words, or its signed part was left alone', async () => {
  const { certificateRequestPem, tlsKeyPem } = createTlsKey();
  const bytes = Buffer.from(pemBody(certificateRequestPem), 'base64');
  const publicKey = createPublicKey(tlsKeyPem);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: bytes.byteLength - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, difference) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ difference;
        try {
          const { pem } = await authority.issueEndpointCertificate(toPem(changed), council);
          expect(new X509Certificate(pem).publicKey.equals(publicKey)).toBe(true);
        } catch (error) {
          if (!isCausewayError(error)) throw error;
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a CA whose certificate belongs to another key is not opened', async () => {
  const other = await createAuthority({ name: 'Other', now: Date.now() });
  expect(() => openAuthority({ ...files, privateKeyPem: other.privateKeyPem }, Date.now)).toThrow(
    expect.objectContaining({ code: 'home-invalid' }) as Error,
  );
});

function pemBody(pem: string): string {
  return pem.replace(/-----[A-Z ]+-----|\s/g, '');
}

function toPem(bytes: Buffer): string {
  return `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
}
