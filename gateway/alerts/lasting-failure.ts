/** Which failures keep work back until they are over, and which must not, for nobody knows when they will be. */
import { isCausewayError } from '../../protocol/errors.ts';

/**
 * True for a failure that will be the same at the next look: a fault of the gateway, or something damaged in the store.
 * What has to do with the store as a whole, with the moment, or with the lease is no such failure.
 */
export function isLasting(error: unknown): boolean {
  if (!isCausewayError(error) || error.code === 'internal-error') return true;
  return !error.meaning.retryable && error.code !== 'lease-lost';
}
