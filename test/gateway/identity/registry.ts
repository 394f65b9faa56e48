/** A gateway's identity side for tests: a real store, a real CA, and endpoints enrolled with real keys. */
import { mkdtemp, rm } from 'node:fs/promises';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEndpointKeys, buildEnrolmentRequest, type EndpointKeys } from '../../../clients/sdk/keys.ts';
import {
  createAuthority,
  openAuthority,
  type Authority,
  type AuthorityFiles,
} from '../../../gateway/identity/authority.ts';
import { enrolEndpoint, type EnrolmentDependencies } from '../../../gateway/identity/enrolment.ts';
import { issueEnrolmentToken } from '../../../gateway/identity/enrolment-token.ts';
import { openSqliteStore } from '../../../gateway/store/sqlite/sqlite-store.ts';
import type { RecordEntry, Store } from '../../../gateway/store/port.ts';
import { noteSigner } from '../../../protocol/proof/note-signer.ts';
import { batchSigner } from '../../../protocol/proof/signing.ts';
import { formatVerifierKey } from '../../../protocol/proof/verifier-key.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import {
  decodeEnrolmentToken,
  type EnrolmentRequest,
  type EnrolmentResponse,
} from '../../../protocol/wire/enrolment.ts';

const rolesByAgency: Record<string, readonly string[]> = {
  council: ['social-work', 'education'],
  police: ['concern-hub'],
};
export const agencies = { rolesOf: (agency: string) => rolesByAgency[agency] };

export const council = 'council/social-work' as EndpointAddress;
export const police = 'police/hub' as EndpointAddress;

export type Registry = EnrolmentDependencies & {
  readonly store: Store;
  readonly authorityFiles: AuthorityFiles;
  readonly dir: string;
  /** What stands between the real clock and `now`. */
  readonly clock: { offsetMs: number };
  issueToken(endpoint: EndpointAddress, roles?: readonly string[], lifetimeMs?: number): Promise<string>;
  /** Fresh keys and their request under a fresh token. */
  prepare(endpoint: EndpointAddress): Promise<{ keys: EndpointKeys; request: EnrolmentRequest }>;
  enrolNew(endpoint: EndpointAddress): Promise<{ keys: EndpointKeys; response: EnrolmentResponse }>;
  records(kind: string): Promise<RecordEntry[]>;
  close(): Promise<void>;
};

export async function openRegistry(): Promise<Registry> {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-registry-'));
  const clock = { offsetMs: 0 };
  const now = (): number => Date.now() + clock.offsetMs;
  const receiptKeyPem = generateKeyPairSync('ed25519').privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
  const auditKey = randomBytes(32);
  const store = await openSqliteStore({ file: join(dir, 'store.db'), receiptKeyPem, auditKey });
  const authorityFiles = await createAuthority({ name: 'Test CA', now: now() });
  const authority: Authority = openAuthority(authorityFiles, now);
  const receiptKey = batchSigner(receiptKeyPem).publicKey.raw.toString('base64url');
  const logKey = formatVerifierKey(noteSigner('test/log', receiptKeyPem).verifierKey);
  const attempted = (): void => undefined;
  const inTurn: EnrolmentDependencies['inTurn'] = (lookUp) => lookUp();
  const deps = {
    ...{ store, authority, auditKey, receiptKey, logKey, now },
    ...{ inTurn, attempted, repeated: attempted },
  };

  async function issueToken(endpoint: EndpointAddress, roles: readonly string[] = [], lifetimeMs?: number) {
    const authorityFingerprint = authority.fingerprint;
    const issued = await issueEnrolmentToken(
      { endpoint, roles, lifetimeMs },
      { store, agencies, authorityFingerprint, auditKey, now },
    );
    return issued.token;
  }
  async function prepare(endpoint: EndpointAddress) {
    const keys = await createEndpointKeys(endpoint);
    const { secret } = decodeEnrolmentToken(await issueToken(endpoint));
    return { keys, request: buildEnrolmentRequest(keys, secret) };
  }
  return {
    ...deps,
    authorityFiles,
    dir,
    clock,
    issueToken,
    prepare,
    async enrolNew(endpoint) {
      const { keys, request } = await prepare(endpoint);
      return { keys, response: await enrolEndpoint(request, deps) };
    },
    async records(kind) {
      const lines = await store.readLeaves(0, 1_000);
      return lines.map(({ entry }) => entry).filter((entry) => entry.kind === kind);
    },
    async close() {
      await store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
