/** Waiting for something that may never answer. */
import { CausewayError } from '../../protocol/errors.ts';

/** @throws CausewayError `store-unavailable` where it takes longer, beside its own errors */
export async function inTime<T>(work: Promise<T>, waitMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const detail = `It has not answered for ${waitMs / 1_000} s.`;
  const timer = setTimeout(() => late.reject(new CausewayError('store-unavailable', { detail })), waitMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
