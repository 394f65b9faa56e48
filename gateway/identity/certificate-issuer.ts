/**
 * Makes certificates with the key of the issuing CA. The library that writes them is large, and most commands make
 * none: `authority.ts` loads this when the first one is asked for.
 */
import { createPrivateKey, createPublicKey, type webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { endpointUri, type Digest, type EndpointAddress } from '../../protocol/ids.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import { readCertificateRequest } from './certificate-request.ts';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  type Extension,
  type JsonGeneralNames,
} from './x509.ts';

const dayMs = 24 * 3600_000;
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;
const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** How long each kind of certificate is good for. */
const certificateLifetimesMs = {
  authority: 3653 * dayMs,
  server: 365 * dayMs,
  endpoint: 90 * dayMs,
} as const;

/** Certificates start this much earlier than now, for peers whose clocks are slow. */
const backdatingMs = 5 * 60_000;

/** The CA's private key (PKCS#8) and its certificate, PEM. */
export type AuthorityFiles = { readonly privateKeyPem: string; readonly certificatePem: string };

/** A certificate just made. */
export type IssuedCertificate = {
  readonly pem: string;
  /** SHA-256 of its DER. */
  readonly thumbprint: Digest;
};

/** The part of an authority that makes certificates. */
export type Issuer = {
  /** A server certificate for a P-256 key (SPKI, PEM) and the names under which clients reach the gateway. */
  issueServerCertificate(publicKeyPem: string, hosts: readonly string[]): Promise<IssuedCertificate>;
  /**
   * A client certificate for the key of a PKCS#10 request; nothing else of the request is used.
   * @throws CausewayError `request-malformed`, `request-signature-invalid`
   */
  issueEndpointCertificate(requestPem: string, endpoint: EndpointAddress): Promise<IssuedCertificate>;
};

/** The certificate of a new CA, signed by its own key, PEM. */
export async function signAuthority(privateKeyPem: string, name: string, now: number): Promise<string> {
  const keys = await importSigner(privateKeyPem);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: new Name([{ CN: [{ utf8String: name }] }]),
    ...validity(now, certificateLifetimesMs.authority),
    keys,
    signingAlgorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pemText(certificate.toString('pem'));
}

/** @param files a key and a certificate that belong together */
export async function openIssuer(files: AuthorityFiles, now: () => number): Promise<Issuer> {
  const signer = await importSigner(files.privateKeyPem);
  const issuer = new X509Certificate(files.certificatePem).subjectName;
  const authorityKeyIdentifier = await AuthorityKeyIdentifierExtension.create(signer.publicKey);

  async function issue(profile: CertificateProfile): Promise<IssuedCertificate> {
    const publicKey = await importPublicKey(profile.publicKeyPem);
    const issued = await X509CertificateGenerator.create({
      issuer,
      subject: profile.subject,
      ...validity(now(), profile.lifetimeMs),
      publicKey,
      signingKey: signer.privateKey,
      signingAlgorithm,
      extensions: [
        ...leafExtensions(profile),
        authorityKeyIdentifier,
        await SubjectKeyIdentifierExtension.create(publicKey),
      ],
    });
    return {
      pem: pemText(issued.toString('pem')),
      thumbprint: digestOf(Buffer.from(issued.rawData)),
    };
  }

  return {
    issueServerCertificate: (publicKeyPem, hosts) => issue(serverProfile(publicKeyPem, hosts)),
    issueEndpointCertificate: async (requestPem, endpoint) =>
      issue(endpointProfile(await readCertificateRequest(requestPem), endpoint)),
  };
}

type CertificateProfile = {
  readonly publicKeyPem: string;
  readonly subject: string;
  readonly names: JsonGeneralNames;
  readonly usage: ExtendedKeyUsage;
  readonly lifetimeMs: number;
};

function serverProfile(publicKeyPem: string, hosts: readonly string[]): CertificateProfile {
  return {
    publicKeyPem,
    subject: 'CN=Causeway gateway',
    names: hosts.map((host) => ({ type: isIP(host) === 0 ? 'dns' : 'ip', value: host })),
    usage: ExtendedKeyUsage.serverAuth,
    lifetimeMs: certificateLifetimesMs.server,
  };
}

/** The subject stays empty, so the alternative name is critical (RFC 5280, section 4.2.1.6). */
function endpointProfile(publicKeyPem: string, endpoint: EndpointAddress): CertificateProfile {
  return {
    publicKeyPem,
    subject: '',
    names: [{ type: 'url', value: endpointUri(endpoint) }],
    usage: ExtendedKeyUsage.clientAuth,
    lifetimeMs: certificateLifetimesMs.endpoint,
  };
}

function leafExtensions({ subject, names, usage }: CertificateProfile): Extension[] {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([usage]),
    new SubjectAlternativeNameExtension(names, subject === ''),
  ];
}

function validity(now: number, lifetimeMs: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now - backdatingMs), notAfter: new Date(now + lifetimeMs) };
}

async function importSigner(privateKeyPem: string): Promise<webcrypto.CryptoKeyPair> {
  const privateKey = createPrivateKey(privateKeyPem);
  return {
    privateKey: privateKey.toCryptoKey(keyAlgorithm, false, ['sign']),
    publicKey: await importPublicKey(
      createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }) as string,
    ),
  };
}

function importPublicKey(publicKeyPem: string): Promise<webcrypto.CryptoKey> {
  return Promise.resolve(createPublicKey(publicKeyPem).toCryptoKey(keyAlgorithm, true, ['verify']));
}

function pemText(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`;
}
