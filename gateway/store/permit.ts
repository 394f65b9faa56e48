/** When a permit to enrol is good: the same answer in every engine. */
import type { PermitRefusal } from './port.ts';

/** Why a permit may not be used, or undefined. */
export function refusePermit(
  expiresAt: number,
  usedAt: number | null,
  now: number,
): PermitRefusal | undefined {
  if (usedAt !== null) return 'token-used';
  return expiresAt <= now ? 'token-expired' : undefined;
}
