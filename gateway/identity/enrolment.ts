/** Enrolment: a permit and three public keys in, a directory entry and a certificate out. Renewal of the latter. */
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import { agencyOf, type Digest, type EndpointAddress } from '../../protocol/ids.ts';
import { directoryEntrySchema, type DirectoryEntry } from '../../protocol/wire/directory.ts';
import type {
  EnrolmentRequest,
  EnrolmentResponse,
  RenewalRequest,
  RenewalResponse,
} from '../../protocol/wire/enrolment.ts';
import type { EnrolmentPermit, Store } from '../store/port.ts';
import type { Authority, IssuedCertificate } from './authority.ts';
import { changeEntry, keyTaken } from './change-entry.ts';
import { digestSecret } from './enrolment-token.ts';
import { isPermitSecret } from './permit-secret.ts';
import { inspectOpenpgpCertificate, type OpenpgpCertificate } from './openpgp-certificate.ts';
import { checkSigningKeyProof } from './signing-key-proof.ts';

export type EnrolmentDependencies = {
  readonly store: Pick<Store, 'readPermit' | 'enrol' | 'appendRecords' | 'readEntry'>;
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
};

/**
 * Enrols an endpoint, for the first time or again with new keys. Checks, in this order: permit, endpoint,
 * proof of the signing key, certificate request, OpenPGP certificate. Every outcome is recorded, but for a secret that
 * nobody issued.
 * @throws CausewayError `token-invalid`, `token-expired`, `token-used`, `rate-limited`, `request-signature-invalid`,
 * `request-malformed`, `key-unsuitable`
 */
export async function enrolEndpoint(
  request: EnrolmentRequest,
  deps: EnrolmentDependencies,
): Promise<EnrolmentResponse> {
  let permit: EnrolmentPermit | undefined;
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
    const entry = buildEntry({ request, permit, certificate, openpgp, now: deps.now() });
    await storeEntry(request, entry, deps);
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
function isWorthRecording({ code, meaning }: CausewayError, permit: EnrolmentPermit | undefined): boolean {
  return !meaning.retryable && (permit !== undefined || code !== 'token-invalid');
}

async function takePermit(
  request: EnrolmentRequest,
  { store, now, inTurn, attempted }: EnrolmentDependencies,
): Promise<EnrolmentPermit> {
  const digest = digestSecret(request.secret);
  const permit = await inTurn(() => store.readPermit(digest, now()));
  if (permit !== 'token-invalid') attempted(digest.toString('hex'));
  if (typeof permit === 'string') throw new CausewayError(permit);
  return permit;
}

function checkPermittedEndpoint(request: EnrolmentRequest, permit: EnrolmentPermit): void {
  if (request.endpoint !== permit.endpoint) {
    throw new CausewayError('token-invalid', { detail: 'It was issued for another endpoint.' });
  }
}

/** Somebody with the database could have put the permit there, or edited it. */
function checkPermit(
  { secret }: EnrolmentRequest,
  permit: EnrolmentPermit,
  { auditKey }: EnrolmentDependencies,
): void {
  if (isPermitSecret(auditKey, secret, permit)) return;
  throw new CausewayError('token-invalid', {
    detail: 'The gateway has not issued it for what its store permits. Ask for a new one.',
  });
}

function buildEntry(parts: {
  request: EnrolmentRequest;
  permit: EnrolmentPermit;
  certificate: IssuedCertificate;
  openpgp: OpenpgpCertificate;
  now: number;
}): DirectoryEntry {
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

async function storeEntry(
  request: EnrolmentRequest,
  entry: DirectoryEntry,
  { store, now }: EnrolmentDependencies,
): Promise<void> {
  const secretDigest = digestSecret(request.secret);
  const outcome = await store.enrol(secretDigest, entry, now(), {
    kind: 'endpoint.enrolled',
    ...describeKeys(entry),
    roles: entry.roles,
    tokenDigest: secretDigest.toString('base64url'),
  });
  if (outcome === 'enrolled') return;
  throw outcome === 'key-taken' ? keyTaken() : new CausewayError(outcome);
}

async function readLeafIndex(endpoint: EndpointAddress, store: Pick<Store, 'readEntry'>): Promise<number> {
  const row = await store.readEntry(endpoint);
  if (row === undefined) throw new CausewayError('internal-error');
  return row.leaf;
}

/** Names the endpoint only where the secret was right: what a stranger claims is not worth a record. */
async function recordRefusal(
  error: CausewayError,
  permit: EnrolmentPermit | undefined,
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
    const renewed = { tlsThumbprint: certificate.thumbprint, previousTlsThumbprint: thumbprint };
    const openpgp =
      openpgpCertificate === undefined
        ? undefined
        : await inspectOpenpgpCertificate(openpgpCertificate, deps.now());
    const renewedEntry = await changeEntry(deps.store, endpoint, (entry) => {
      if (entry.status !== 'active') throw new CausewayError('endpoint-revoked');
      if (thumbprint !== entry.tlsThumbprint && thumbprint !== entry.previousTlsThumbprint) {
        throw new CausewayError('certificate-unknown', { detail: 'It was superseded meanwhile.' });
      }
      const after = { ...entry, ...renewed, ...renewedKeys(entry, openpgp) };
      const { encryptionKey } = after;
      return { after, record: { kind: 'endpoint.renewed', endpoint, ...renewed, encryptionKey } };
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
