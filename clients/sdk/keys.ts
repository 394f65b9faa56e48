/** An endpoint's three keys, made where they stay. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { EndpointAddress } from '../../protocol/ids.ts';
import { enrolmentStatement, type EnrolmentRequest } from '../../protocol/wire/enrolment.ts';
import { createCertificateRequest } from './certificate-request.ts';
import type { HomeKeys } from './home.ts';
import { generateOpenpgpKey, readOpenpgpIdentity, type OpenpgpKeyFiles } from './openpgp.ts';

/** A TLS key with the request for its certificate. */
type TlsKey = {
  /** P-256 private key, PKCS#8 PEM. */
  readonly tlsKeyPem: string;
  /** PKCS#10, PEM. */
  readonly certificateRequestPem: string;
};

/** All that an endpoint needs to enrol. */
export type EndpointKeys = TlsKey & {
  readonly endpoint: EndpointAddress;
  readonly openpgp: OpenpgpKeyFiles;
  /** Ed25519 private key that signs envelopes and receipts, PKCS#8 PEM. */
  readonly signingKeyPem: string;
  /** Its public key, raw, base64url. */
  readonly signingKey: string;
};

/** Makes fresh keys for an endpoint. Nothing is written or sent. @param now ms since 1970 */
export async function createEndpointKeys(
  endpoint: EndpointAddress,
  now: number = Date.now(),
): Promise<EndpointKeys> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    endpoint,
    ...createTlsKey(),
    openpgp: await generateOpenpgpKey(endpoint, now),
    signingKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    signingKey: publicKey.export({ format: 'jwk' }).x ?? '',
  };
}

/** Finds the public parts of keys that a home holds. @throws CausewayError `home-invalid` */
export async function readEndpointKeys(
  endpoint: EndpointAddress,
  { tlsKeyPem, openpgpPrivateKey, signingKeyPem }: HomeKeys,
): Promise<EndpointKeys> {
  const openpgp = await readOpenpgpIdentity(openpgpPrivateKey);
  return {
    endpoint,
    tlsKeyPem,
    certificateRequestPem: createCertificateRequest(createPrivateKey(tlsKeyPem)),
    openpgp: { ...openpgp, privateKeyArmored: openpgpPrivateKey },
    signingKeyPem,
    signingKey: createPublicKey(signingKeyPem).export({ format: 'jwk' }).x ?? '',
  };
}

/** Makes a fresh TLS key, for enrolment or renewal. */
export function createTlsKey(): TlsKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return {
    tlsKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    certificateRequestPem: createCertificateRequest(privateKey),
  };
}

/** The public parts of an endpoint's keys, signed by the envelope key, with the token's secret. */
export function buildEnrolmentRequest(keys: EndpointKeys, secret: string): EnrolmentRequest {
  const parts = {
    endpoint: keys.endpoint,
    secret,
    certificateRequest: keys.certificateRequestPem,
    openpgpCertificate: keys.openpgp.certificateArmored,
  };
  const proof = sign(null, enrolmentStatement(parts), createPrivateKey(keys.signingKeyPem));
  return { ...parts, signingKey: keys.signingKey, signingKeyProof: proof.toString('base64url') };
}
