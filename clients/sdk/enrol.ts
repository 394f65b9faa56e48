/** Enrolment and renewal, from the endpoint's side. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { CausewayError } from '../../protocol/errors.ts';
import { endpointUri, type EndpointAddress, type Fingerprint } from '../../protocol/ids.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import { parseVerifierKey } from '../../protocol/proof/verifier-key.ts';
import { directoryEntryDigest } from '../../protocol/wire/directory-entry-digest.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import {
  decodeEnrolmentToken,
  enrolmentResponseSchema,
  renewalResponseSchema,
  type EnrolmentResponse,
} from '../../protocol/wire/enrolment.ts';
import { fetchPinnedAuthority } from './first-contact.ts';
import { gatewayOrigin, requestGateway } from './gateway-request.ts';
import { checkWitnesses } from './log/witness-trust.ts';
import { createHome } from './home-draft.ts';
import {
  refuseExistingHome,
  replaceOpenpgpKey,
  replaceTlsIdentity,
  type Home,
  type HomeKeys,
} from './home.ts';
import {
  buildEnrolmentRequest,
  createEndpointKeys,
  createTlsKey,
  readEndpointKeys,
  type EndpointKeys,
} from './keys.ts';
import { readOpenpgpIdentity, renewEncryptionKey } from './openpgp.ts';

export type EnrolOptions = {
  /** `https://host:port`. */
  readonly gatewayUrl: string;
  /** As the operator handed it over. */
  readonly token: string;
  /** The folder to make. */
  readonly home: string;
  /** Verifier keys of witnesses of the audit log that you trust, as you heard from their owners. */
  readonly witnesses?: readonly string[];
  /** How many of them must have cosigned a checkpoint before it is believed. Default 0. */
  readonly witnessesNeeded?: number;
  readonly signal?: AbortSignal | undefined;
  /** ms since 1970. For tests. */
  readonly now?: () => number;
};

/** A fresh identity and its public entry. */
export type Enrolment = { readonly home: Home; readonly entry: DirectoryEntry };

/**
 * Makes the endpoint's keys, writes them down, registers their public parts and completes the home. Private keys never
 * leave, and a token is not spent for a home that cannot be written. Should the answer be lost, the keys are kept beside
 * the home: enrol again, with the same token while it lasts, and they are taken up.
 * The first contact is tied to the CA that the token names: nothing is sent to anybody else.
 * @throws CausewayError `home-exists`, `file-unavailable`, `token-invalid`, `token-expired`, `request-malformed`,
 * `gateway-untrusted`, `gateway-unreachable`, `peer-silent`, `aborted`, `home-in-use`, `home-invalid` where kept keys cannot be used, or
 * what the gateway refuses with
 */
export async function enrol(options: EnrolOptions): Promise<Enrolment> {
  const gatewayUrl = gatewayOrigin(options.gatewayUrl);
  const token = decodeEnrolmentToken(options.token);
  const trusted = checkWitnesses(options.witnesses ?? [], options.witnessesNeeded ?? 0);
  await refuseExistingHome(options.home);
  const authorityPem = await fetchPinnedAuthority(gatewayUrl, token.ca, options.signal);
  const { endpoint } = token;
  const makeKeys = async (): Promise<HomeKeys> => {
    const { tlsKeyPem, signingKeyPem, openpgp } = await createEndpointKeys(
      endpoint,
      (options.now ?? Date.now)(),
    );
    return { tlsKeyPem, signingKeyPem, openpgpPrivateKey: openpgp.privateKeyArmored };
  };
  const { entry, ...home } = await createHome({ dir: options.home, endpoint, makeKeys }, async (own) => {
    const keys = await readEndpointKeys(endpoint, own);
    const response = await requestGateway({
      gatewayUrl,
      path: '/v1/enrol',
      tls: { ca: authorityPem },
      body: buildEnrolmentRequest(keys, token.secret),
      schema: enrolmentResponseSchema,
      signal: options.signal,
    });
    checkResponse(response, keys, authorityPem);
    const { certificate: tlsCertificatePem, receiptKey, entry } = response;
    const log = {
      key: response.logKey,
      from: response.leaf,
      entry: directoryEntryDigest(entry),
      ...trusted,
    };
    return {
      endpoint,
      gatewayUrl,
      tlsCertificatePem,
      authorityPem,
      receiptKey,
      log,
      entry,
    };
  });
  return { home, entry };
}

/**
 * Gets a certificate for a fresh TLS key, over the present one, publishes a fresh encryption subkey with it, and puts
 * all of them into the home. The subkey is there first: nobody must encrypt to a key that could get lost.
 * The gateway takes the present one until it has seen the new one: should the answer be lost, renew again.
 * A client does this by itself; do not call it while one has the home open.
 * @throws CausewayError as {@link enrol} does
 */
export async function renew(home: Home, options: { readonly signal?: AbortSignal } = {}): Promise<Home> {
  return (await renewIdentity(home, options)).home;
}

export type RenewalOptions = {
  readonly signal?: AbortSignal;
  /** The encryption keys that the own directory entry names. Where they are not known, every former one is kept. */
  readonly namedKeys?: readonly Fingerprint[] | undefined;
  /** ms since 1970. */
  readonly now?: number;
};

/** As {@link renew}, with what the endpoint's entry in the directory became. */
export async function renewIdentity(home: Home, options: RenewalOptions): Promise<Enrolment> {
  const { now = Date.now() } = options;
  const { tlsKeyPem, certificateRequestPem } = createTlsKey();
  const openpgpPrivateKey = await renewEncryptionKey(home.openpgpPrivateKey, now, options.namedKeys);
  const prepared =
    openpgpPrivateKey === home.openpgpPrivateKey ? home : await replaceOpenpgpKey(home, openpgpPrivateKey);
  const { certificateArmored } = await readOpenpgpIdentity(openpgpPrivateKey, now);
  const { certificate, entry } = await requestGateway({
    gatewayUrl: home.gatewayUrl,
    path: '/v1/renew',
    tls: { ca: home.authorityPem, key: home.tlsKeyPem, cert: home.tlsCertificatePem },
    body: { certificateRequest: certificateRequestPem, openpgpCertificate: certificateArmored },
    schema: renewalResponseSchema,
    signal: options.signal,
  });
  const { raw } = checkCertificate(certificate, tlsKeyPem, home.endpoint, home.authorityPem);
  if (entry.endpoint !== home.endpoint || entry.tlsThumbprint !== digestOf(raw)) {
    throw untrusted('It registered another certificate than the one it gave.');
  }
  return { home: await replaceTlsIdentity(prepared, { tlsKeyPem, tlsCertificatePem: certificate }), entry };
}

/** When a certificate should be renewed, ms since 1970: at two thirds of its time. */
export function renewalDueAt(certificatePem: string): number {
  const { validFromDate, validToDate } = new X509Certificate(certificatePem);
  const startsAt = validFromDate.getTime();
  return startsAt + ((validToDate.getTime() - startsAt) * 2) / 3;
}

/** What the gateway registered must be what was asked for. */
function checkResponse(response: EnrolmentResponse, keys: EndpointKeys, authorityPem: string): void {
  const { entry } = response;
  const certificate = checkCertificate(response.certificate, keys.tlsKeyPem, keys.endpoint, authorityPem);
  const matches =
    entry.endpoint === keys.endpoint &&
    entry.status === 'active' &&
    entry.tlsThumbprint === digestOf(certificate.raw) &&
    entry.openpgpFingerprint === keys.openpgp.fingerprint &&
    entry.encryptionKey === keys.openpgp.encryptionKey &&
    entry.signingKey === keys.signingKey;
  if (!matches) throw untrusted('It registered other keys than the ones sent.');
  try {
    parseVerifierKey(response.logKey);
  } catch (cause) {
    throw untrusted('The verifier key of its log cannot be read.', cause);
  }
}

function checkCertificate(
  pem: string,
  keyPem: string,
  endpoint: EndpointAddress,
  authorityPem: string,
): X509Certificate {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
    const authority = new X509Certificate(authorityPem);
    if (
      certificate.checkPrivateKey(createPrivateKey(keyPem)) &&
      certificate.verify(authority.publicKey) &&
      certificate.subjectAltName === `URI:${endpointUri(endpoint)}`
    ) {
      return certificate;
    }
  } catch (cause) {
    throw untrusted('Its certificate for this endpoint cannot be read.', cause);
  }
  throw untrusted('Its certificate for this endpoint is not the one asked for.');
}

function untrusted(detail: string, cause?: unknown): CausewayError {
  return new CausewayError('gateway-untrusted', { detail, cause });
}
