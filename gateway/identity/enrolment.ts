/** Enrolment: a permit and three public keys in, a directory entry and a certificate out. Renewal of the latter. */
import { X509Certificate } from 'node:crypto';
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import { agencyOf, type Digest, type EndpointAddress } from '../../protocol/ids.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import { directoryEntrySchema, type DirectoryEntry } from '../../protocol/wire/directory.ts';
import type {
  EnrolmentRequest,
  EnrolmentResponse,
  RenewalRequest,
  RenewalResponse,
} from '../../protocol/wire/enrolment.ts';
import type { ReadPermit, Store } from '../store/port.ts';
import type { Authority, IssuedCertificate } from './authority.ts';
import { changeEntry, keyTaken, type EntryChange } from './change-entry.ts';
import { digestSecret } from './enrolment-token.ts';
import { isPermitSecret } from './permit-secret.ts';
import { inspectOpenpgpCertificate, type OpenpgpCertificate } from './openpgp-certificate.ts';
import { checkSigningKeyProof } from './signing-key-proof.ts';

export type EnrolmentDependencies = {
  readonly store: Pick<
    Store,
    'readPermit' | 'enrol' | 'appendRecords' | 'readEntry' | 'replaceEntry' | 'readLeaves'
  >;
  readonly authority: Authority;
  /** What the secrets of tokens are bound to their permits with. */
  readonly auditKey: Uint8Array;
  /** The raw Ed25519 key that signs the gateway's receipts, base64url. */
  readonly receiptKey: string;
  /** The audit log's verifier key. */
  readonly logKey: string;
  readonly now: () => number;
  /** Has secrets looked up one at a time, since anybody may guess any number. @throws CausewayError `rate-limited` */
  readonly inTurn: <T>(lookUp: () => Promise<T>) => Promise<T>;
  /** Told of each attempt with a secret that was issued, be it used up by now. @throws CausewayError `rate-limited` */
  readonly attempted: (secretDigest: string) => void;
  /** Told where an endpoint enrols once more with what it has enrolled with. @throws CausewayError `rate-limited` */
  readonly repeated: (endpoint: EndpointAddress) => void;
};

/**
 * Enrols an endpoint, for the first time or again with new keys. An answer may be lost: until the token ends, who asks
 * once more with it and the same keys gets another certificate, as by a renewal. Checks, in this order: permit, endpoint,
 * proof of the signing key, certificate request, OpenPGP certificate. Every outcome is recorded, but for a secret that
 * nobody issued.
 * @throws CausewayError `token-invalid`, `token-expired`, `token-used`, `rate-limited`, `request-signature-invalid`,
 * `request-malformed`, `key-unsuitable`
 */
export async function enrolEndpoint(
  request: EnrolmentRequest,
  deps: EnrolmentDependencies,
): Promise<EnrolmentResponse> {
  let permit: ReadPermit | undefined;
  try {
    permit = await takePermit(request, deps);
    checkPermittedEndpoint(request, permit);
    checkPermit(request, permit, deps);
    checkSigningKeyProof(request);
    // The request is checked, and the certificate made, before OpenPGP; it is worth nothing until it is stored.
    const certificate = await deps.authority.issueEndpointCertificate(
      request.certificateRequest,
      permit.endpoint,
    );
    const openpgp = await inspectOpenpgpCertificate(request.openpgpCertificate, deps.now());
    const parts = { request, permit, certificate, openpgp, now: deps.now() };
    const entry = permit.isUsed ? await repeatEnrolment(parts, deps) : await storeEntry(parts, deps);
    return {
      entry,
      certificate: certificate.pem,
      authority: deps.authority.certificatePem,
      receiptKey: deps.receiptKey,
      logKey: deps.logKey,
      leaf: await readLeafIndex(entry.endpoint, deps.store),
    };
  } catch (error) {
    if (isCausewayError(error) && isWorthRecording(error, permit)) await recordRefusal(error, permit, deps);
    throw error;
  }
}

/**
 * Anybody can send a secret that nobody issued, and the log is for ever: such requests are only counted, with all that
 * are refused. One that was issued says something even when it comes too late or for the second time.
 */
function isWorthRecording({ code, meaning }: CausewayError, permit: ReadPermit | undefined): boolean {
  return !meaning.retryable && (permit !== undefined || code !== 'token-invalid');
}

async function takePermit(
  request: EnrolmentRequest,
  { store, now, inTurn, attempted }: EnrolmentDependencies,
): Promise<ReadPermit> {
  const digest = digestSecret(request.secret);
  const permit = await inTurn(() => store.readPermit(digest, now()));
  if (permit !== 'token-invalid') attempted(digest.toString('hex'));
  if (typeof permit === 'string') throw new CausewayError(permit);
  return permit;
}

function checkPermittedEndpoint(request: EnrolmentRequest, permit: ReadPermit): void {
  if (request.endpoint !== permit.endpoint) {
    throw new CausewayError('token-invalid', { detail: 'It was issued for another endpoint.' });
  }
}

/** Somebody with the database could have put the permit there, or edited it. */
function checkPermit(
  { secret }: EnrolmentRequest,
  permit: ReadPermit,
  { auditKey }: EnrolmentDependencies,
): void {
  if (isPermitSecret(auditKey, secret, permit)) return;
  throw new CausewayError('token-invalid', {
    detail: 'The gateway has not issued it for what its store permits. Ask for a new one.',
  });
}

/** A request with what was found good of it. */
type EnrolmentParts = {
  readonly request: EnrolmentRequest;
  readonly permit: ReadPermit;
  readonly certificate: IssuedCertificate;
  readonly openpgp: OpenpgpCertificate;
  readonly now: number;
};

function buildEntry(parts: EnrolmentParts): DirectoryEntry {
  const { request, permit, certificate, openpgp, now } = parts;
  return directoryEntrySchema.parse({
    endpoint: permit.endpoint,
    agency: agencyOf(permit.endpoint),
    roles: [...permit.roles],
    status: 'active',
    enrolledAt: new Date(now).toISOString(),
    revokedAt: null,
    tlsThumbprint: certificate.thumbprint,
    previousTlsThumbprint: null,
    openpgpCertificate: openpgp.armored,
    openpgpFingerprint: openpgp.fingerprint,
    encryptionKey: openpgp.encryptionKey,
    previousEncryptionKey: null,
    signingKey: request.signingKey,
  } satisfies Record<keyof DirectoryEntry, unknown>);
}

async function storeEntry(parts: EnrolmentParts, deps: EnrolmentDependencies): Promise<DirectoryEntry> {
  const entry = buildEntry(parts);
  const { secretDigest } = parts.permit;
  const outcome = await deps.store.enrol(secretDigest, entry, deps.now(), {
    kind: 'endpoint.enrolled',
    ...describeKeys(entry),
    certificateKey: certificateKeyOf(parts.certificate),
    roles: entry.roles,
    tokenDigest: secretDigest.toString('base64url'),
  });
  if (outcome === 'enrolled') return entry;
  // Used since it was read: the same request may have been asked twice, with the first one still under way.
  if (outcome === 'token-used') return await repeatEnrolment(parts, deps);
  throw outcome === 'key-taken' ? keyTaken() : new CausewayError(outcome);
}

/**
 * The certificate whose answer was lost was never seen, or is in use: it stays good as before a renewal. The TLS key is the
 * same too, and only such repetitions have changed the entry since: otherwise a token used long ago would let in whoever
 * holds a signing key, or a certificate that a renewal has ended.
 */
function repeatEnrolment(
  { request, permit, certificate, openpgp }: EnrolmentParts,
  { store, repeated }: EnrolmentDependencies,
): Promise<DirectoryEntry> {
  const certificateKey = certificateKeyOf(certificate);
  let isCounted = false;
  return changeEntry(store, permit.endpoint, async (entry, leaf) => {
    const isSame =
      entry.status === 'active' &&
      entry.signingKey === request.signingKey &&
      entry.openpgpFingerprint === openpgp.fingerprint &&
      entry.encryptionKey === openpgp.encryptionKey &&
      (await store.readLeaves(leaf, 1))[0]?.entry.certificateKey === certificateKey;
    if (!isSame) throw new CausewayError('token-used');
    if (!isCounted) repeated(entry.endpoint);
    isCounted = true;
    const { after, record } = withCertificate(entry, certificate.thumbprint, entry.tlsThumbprint);
    return { after, record: { ...record, certificateKey } };
  });
}

/** SHA-256 of the public key in a certificate. The record says it, so that a repetition can be held against it. */
function certificateKeyOf({ pem }: IssuedCertificate): Digest {
  return digestOf(new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' }));
}

async function readLeafIndex(endpoint: EndpointAddress, store: Pick<Store, 'readEntry'>): Promise<number> {
  const row = await store.readEntry(endpoint);
  if (row === undefined) throw new CausewayError('internal-error');
  return row.leaf;
}

/** Names the endpoint only where the secret was right: what a stranger claims is not worth a record. */
async function recordRefusal(
  error: CausewayError,
  permit: ReadPermit | undefined,
  { store }: EnrolmentDependencies,
): Promise<void> {
  await store.appendRecords([
    { kind: 'enrolment.refused', code: error.code, endpoint: permit?.endpoint ?? null },
  ]);
}

/** Who asks for a new certificate, and the SHA-256 of the one that showed who it is. */
type RenewingPeer = { readonly endpoint: EndpointAddress; readonly thumbprint: Digest };

/**
 * Issues a new TLS certificate to an endpoint that is connected with a present one, and registers its new encryption
 * subkey where it sends one. The certificate before stays good until the endpoint shows the new one: an answer may be
 * lost, and a renewal asked for again then replaces the one never seen.
 * @throws CausewayError `request-malformed`, `request-signature-invalid`, `key-unsuitable`, `endpoint-unknown`,
 * `endpoint-revoked`, `certificate-unknown`
 */
export async function renewCertificate(
  { endpoint, thumbprint }: RenewingPeer,
  { certificateRequest, openpgpCertificate }: RenewalRequest,
  deps: {
    readonly store: Pick<Store, 'readEntry' | 'replaceEntry' | 'appendRecords'>;
    readonly authority: Authority;
    readonly now: () => number;
  },
): Promise<RenewalResponse> {
  try {
    const certificate = await deps.authority.issueEndpointCertificate(certificateRequest, endpoint);
    const openpgp =
      openpgpCertificate === undefined
        ? undefined
        : await inspectOpenpgpCertificate(openpgpCertificate, deps.now());
    const renewedEntry = await changeEntry(deps.store, endpoint, (entry) => {
      if (entry.status !== 'active') throw new CausewayError('endpoint-revoked');
      if (thumbprint !== entry.tlsThumbprint && thumbprint !== entry.previousTlsThumbprint) {
        throw new CausewayError('certificate-unknown', { detail: 'It was superseded meanwhile.' });
      }
      const withKeys = { ...entry, ...renewedKeys(entry, openpgp) };
      return withCertificate(withKeys, certificate.thumbprint, thumbprint);
    });
    return {
      certificate: certificate.pem,
      authority: deps.authority.certificatePem,
      entry: renewedEntry,
    };
  } catch (error) {
    if (isCausewayError(error) && !error.meaning.retryable) {
      await deps.store.appendRecords([{ kind: 'renewal.refused', code: error.code, endpoint }]);
    }
    throw error;
  }
}

/** An entry with a new certificate, and what the record says of it. The one before stays good until the new one is seen. */
function withCertificate(
  entry: DirectoryEntry,
  tlsThumbprint: Digest,
  previousTlsThumbprint: Digest,
): EntryChange {
  const { endpoint, encryptionKey } = entry;
  const renewed = { tlsThumbprint, previousTlsThumbprint };
  return {
    after: { ...entry, ...renewed },
    record: { kind: 'endpoint.renewed', endpoint, ...renewed, encryptionKey },
  };
}

/** What a renewal changes of an endpoint's OpenPGP keys. Who pinned the primary key need not hear of it. */
function renewedKeys(
  entry: DirectoryEntry,
  openpgp: OpenpgpCertificate | undefined,
): Partial<DirectoryEntry> {
  if (openpgp === undefined) return {};
  if (openpgp.fingerprint !== entry.openpgpFingerprint) {
    throw new CausewayError('key-unsuitable', {
      detail: 'Its primary key is another than the one on record: only enrolling again changes that.',
    });
  }
  const openpgpCertificate = openpgp.armored;
  if (openpgp.encryptionKey === entry.encryptionKey) return { openpgpCertificate };
  const { encryptionKey } = openpgp;
  return { openpgpCertificate, encryptionKey, previousEncryptionKey: entry.encryptionKey };
}

function describeKeys(entry: DirectoryEntry): Record<string, string> {
  const { endpoint, tlsThumbprint, openpgpFingerprint, encryptionKey, signingKey } = entry;
  return { endpoint, tlsThumbprint, openpgpFingerprint, encryptionKey, signingKey };
}
