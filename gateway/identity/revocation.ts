/** Revocation: an endpoint's keys stop counting at once; gateways close its sockets when they hear of it. */
import { randomBytes } from 'node:crypto';
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { Store } from '../store/port.ts';
import { changeEntry } from './change-entry.ts';

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
 * Withdraws any token for an endpoint, used or not, and revokes the endpoint. Revoking again withdraws a token that
 * was issued since, and changes nothing else; where there is no such endpoint, the token goes all the same.
 * @param now ms since 1970
 * @param by the person who does it, for the record
 * @returns the entry as it now stands
 * @throws CausewayError `endpoint-unknown`, `store-unavailable`
 */
export async function revokeEndpoint(
  store: Pick<Store, 'readEntry' | 'replaceEntry' | 'permitEnrolment'>,
  endpoint: EndpointAddress,
  reason: RevocationReason,
  now: number,
  by?: string,
): Promise<DirectoryEntry> {
  const person = by === undefined ? {} : { by };
  // A permit replaces the one before it. This one has expired, and nobody knows its secret.
  await store.permitEnrolment(
    { secretDigest: randomBytes(32), endpoint, roles: [], expiresAt: 0 },
    { kind: 'enrolment.withdrawn', endpoint, ...person },
  );
  const revokedAt = new Date(now).toISOString();
  // A renewal or an enrolment that was under way must not outlive this: its entry is revoked as well.
  return await changeEntry(store, endpoint, (entry) => {
    if (entry.status === 'revoked') return undefined;
    const after = { ...entry, status: 'revoked', revokedAt, previousTlsThumbprint: null } as const;
    return { after, record: { kind: 'endpoint.revoked', endpoint, reason, ...person } };
  });
}
