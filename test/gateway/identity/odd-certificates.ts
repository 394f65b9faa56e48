/** Certificates that no gateway issues, for tests: signed by a given CA, wrong in a chosen way. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
  type webcrypto,
} from 'node:crypto';
import type { AuthorityFiles } from '../../../gateway/identity/authority.ts';
import * as x509 from '../../../gateway/identity/x509.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const hourMs = 3600_000;

export type OddCertificate = {
  readonly names?: x509.JsonGeneralNames;
  readonly usages?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly ca?: boolean;
};

export const clientAuthentication = x509.ExtendedKeyUsage.clientAuth;
export const serverAuthentication = x509.ExtendedKeyUsage.serverAuth;

/** Key and certificate, PEM. */
export async function makeCertificate(
  authority: AuthorityFiles,
  options: OddCertificate,
): Promise<{ key: string; cert: string; der: Buffer }> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const { names, usages = [clientAuthentication], ca = false } = options;
  const certificate = await x509.X509CertificateGenerator.create({
    issuer: new x509.X509Certificate(authority.certificatePem).subjectName,
    notBefore: options.notBefore ?? new Date(Date.now() - hourMs),
    notAfter: options.notAfter ?? new Date(Date.now() + hourMs),
    publicKey: publicKey.toCryptoKey(algorithm, true, ['verify']),
    signingKey: createPrivateKey(authority.privateKeyPem).toCryptoKey(algorithm, false, ['sign']),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(ca, undefined, true),
      ...(usages.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension([...usages])]),
      ...(names === undefined ? [] : [new x509.SubjectAlternativeNameExtension(names, true)]),
    ],
  });
  const cert = certificate.toString('pem');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert,
    der: Buffer.from(new X509Certificate(cert).raw),
  };
}

/** A PKCS#10 request that asks for more than it gets, made by another library than the SDK's. */
export async function makeGreedyRequest(): Promise<{ pem: string; publicKeyPem: string }> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=police/hub',
    keys: {
      privateKey: privateKey.toCryptoKey(algorithm, false, ['sign']),
      publicKey: publicKey.toCryptoKey(algorithm, true, ['verify']),
    },
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 9, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: 'urn:causeway:police:hub' }]),
    ],
  });
  return {
    pem: request.toString('pem'),
    publicKeyPem: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }) as string,
  };
}

/** A request signed by a key of another kind. */
export async function makeRequestWith(kind: 'P-384' | 'Ed25519' | 'RSA'): Promise<string> {
  const signing = {
    'P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
    Ed25519: { name: 'Ed25519' },
    RSA: {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 2048,
      publicExponent: Uint8Array.of(1, 0, 1),
    },
  }[kind];
  const keys = (await crypto.subtle.generateKey(signing, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: signing,
  });
  return request.toString('pem');
}
