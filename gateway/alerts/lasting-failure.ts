/** Which failures keep work back until they are over, and which must not, for nobody knows when they will be. */
import { isCausewayError } from '../../protocol/errors.ts';

/**
 * True for a failure that will be the same at the next look: a fault of the gateway, or something damaged in the store.
 * What has to do with the store as a whole, with the moment, or with the lease is no such failure.
 */
function isLasting(error: unknown): boolean {
  if (!isCausewayError(error) || error.code === 'internal-error') return true;
  return !error.meaning.retryable && error.code !== 'lease-lost';
}

/** Does some work; where it fails, and that is lasting, what is done otherwise holds up nothing behind it. */
export async function unlessLasting<T>(
  work: () => Promise<T>,
  otherwise: (error: unknown) => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isLasting(error)) throw error;
    return await otherwise(error);
  }
}
