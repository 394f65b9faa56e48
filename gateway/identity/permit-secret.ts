/**
 * Secrets of enrolment tokens, each bound to the permit that it stands for: half of it is random, half a MAC over that
 * and over what is permitted, under the gateway's audit key, which is not in the store. So whoever can write into the
 * store, and puts a permit there or edits one, still has no secret that goes with it.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { EnrolmentPermit } from '../store/port.ts';

const label = 'causeway/v1/permit\0';
const halfBytes = 16;

/** What a permit permits. */
export type Permitted = Pick<EnrolmentPermit, 'endpoint' | 'roles' | 'expiresAt'>;

/** A new secret: 32 bytes in base64url. */
export function createPermitSecret(auditKey: Uint8Array, permitted: Permitted): string {
  const random = randomBytes(halfBytes);
  return Buffer.concat([random, macOf(auditKey, random, permitted)]).toString('base64url');
}

/** True where the gateway has made this secret for exactly this. */
export function isPermitSecret(auditKey: Uint8Array, secret: string, permitted: Permitted): boolean {
  const bytes = Buffer.from(secret, 'base64url');
  if (bytes.byteLength !== 2 * halfBytes) return false;
  const mac = macOf(auditKey, bytes.subarray(0, halfBytes), permitted);
  return timingSafeEqual(mac, bytes.subarray(halfBytes));
}

function macOf(auditKey: Uint8Array, random: Uint8Array, { endpoint, roles, expiresAt }: Permitted): Buffer {
  return createHmac('sha256', auditKey)
    .update(label)
    .update(random)
    .update(JSON.stringify([endpoint, roles, expiresAt]))
    .digest()
    .subarray(0, halfBytes);
}
