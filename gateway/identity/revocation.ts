/** Revocation: an endpoint's keys stop counting at once; gateways close its sockets when they hear of it. */
import { randomBytes } from 'node:crypto';
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { Store } from '../store/port.ts';

/** Why an endpoint is revoked: a code for the record, never a story. */
export const revocationReasons = [
  'unspecified',
  'key-compromised',
  'device-lost',
  'agency-left',
  'service-ended',
] as const;
export type RevocationReason = (typeof revocationReasons)[number];

/**
 * Revokes an endpoint and withdraws any token for it that was not used yet. Revoking again changes nothing.
 * @param now ms since 1970
 * @returns the entry as it now stands
 * @throws CausewayError `endpoint-unknown`
 */
export async function revokeEndpoint(
  store: Pick<Store, 'readDirectory' | 'replaceEntry' | 'permitEnrolment'>,
  endpoint: EndpointAddress,
  reason: RevocationReason,
  now: number,
): Promise<DirectoryEntry> {
  const { entries } = await store.readDirectory();
  const entry = entries.find((candidate) => candidate.endpoint === endpoint);
  if (entry === undefined) throw new CausewayError('endpoint-unknown', { detail: `It is ${endpoint}.` });
  if (entry.status === 'revoked') return entry;
  // A permit replaces the one before it. This one has expired, and nobody knows its secret.
  await store.permitEnrolment(
    { secretDigest: randomBytes(32), endpoint, roles: [], expiresAt: 0 },
    { kind: 'enrolment.withdrawn', endpoint },
  );
  const revoked: DirectoryEntry = { ...entry, status: 'revoked', revokedAt: new Date(now).toISOString() };
  if (!(await store.replaceEntry(revoked, { kind: 'endpoint.revoked', endpoint, reason }))) {
    throw new CausewayError('endpoint-unknown', { detail: `It is ${endpoint}.` });
  }
  return revoked;
}
