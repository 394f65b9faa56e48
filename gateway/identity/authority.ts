/**
 * The issuing CA: one P-256 key that signs the gateway's own certificate and those of the endpoints.
 * The three certificate profiles are described in `certs/`.
 */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { CausewayError } from '../../protocol/errors.ts';
import type { Digest } from '../../protocol/ids.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import type { AuthorityFiles, Issuer } from './certificate-issuer.ts';

export type { AuthorityFiles, IssuedCertificate } from './certificate-issuer.ts';

/** The issuing CA at work. */
export type Authority = Issuer & {
  readonly certificatePem: string;
  /** SHA-256 of the CA certificate's DER: enrolment tokens carry it. */
  readonly fingerprint: Digest;
};

/** Makes a new CA: key and self-signed certificate. `now` in ms since 1970, as everywhere. */
export async function createAuthority(options: { name: string; now: number }): Promise<AuthorityFiles> {
  const { signAuthority } = await import('./certificate-issuer.ts');
  const privateKeyPem = createP256Key();
  return { privateKeyPem, certificatePem: await signAuthority(privateKeyPem, options.name, options.now) };
}

/**
 * Puts a CA to work.
 * @throws CausewayError `home-invalid` when key and certificate do not belong together
 */
export function openAuthority(files: AuthorityFiles, now: () => number): Authority {
  const certificate = readAuthorityCertificate(files);
  let issuer: Promise<Issuer> | undefined;
  const issuing = (): Promise<Issuer> => {
    issuer ??= import('./certificate-issuer.ts').then(async ({ openIssuer }) => openIssuer(files, now));
    return issuer;
  };
  return {
    certificatePem: files.certificatePem,
    fingerprint: digestOf(certificate.raw),
    issueServerCertificate: async (publicKeyPem, hosts) =>
      (await issuing()).issueServerCertificate(publicKeyPem, hosts),
    issueEndpointCertificate: async (requestPem, endpoint) =>
      (await issuing()).issueEndpointCertificate(requestPem, endpoint),
  };
}

/** A new P-256 private key, PKCS#8 PEM. */
export function createP256Key(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

function readAuthorityCertificate({ privateKeyPem, certificatePem }: AuthorityFiles): X509Certificate {
  try {
    const certificate = new X509Certificate(certificatePem);
    if (certificate.ca && certificate.checkPrivateKey(createPrivateKey(privateKeyPem))) return certificate;
  } catch (cause) {
    throw new CausewayError('home-invalid', { detail: 'The issuing CA cannot be read.', cause });
  }
  throw new CausewayError('home-invalid', {
    detail: 'The certificate of the issuing CA does not belong to its private key.',
  });
}
