/** When to try again: exponential backoff with full jitter, so that ten thousand clients do not come at once. */
import type { CausewayError, ErrorCode } from '../../protocol/errors.ts';

const firstMs = 500;
const capMs = 30_000;
const slowMs = 60_000;
/** Whatever a gateway asks for. */
const longestSuggestedMs = 3_600_000;

/** Errors that a person has to deal with. The client keeps trying, but slowly. */
const needPerson: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'certificate-required',
  'certificate-invalid',
  'certificate-unknown',
  'endpoint-revoked',
  'gateway-untrusted',
  'protocol-unsupported',
  // Of this endpoint's own state.
  'store-damaged',
]);

/**
 * How long to wait before a further attempt.
 * @param attempt 0 for the first try after a session that was good
 * @param suggestedMs what the gateway asked for when it drained; spread over as much again
 * @param random from 0 to 1, 1 excluded
 */
export function backoffMs(
  attempt: number,
  error: CausewayError | undefined,
  suggestedMs: number | undefined,
  random: number,
): number {
  if (suggestedMs !== undefined) return Math.round(Math.min(longestSuggestedMs, suggestedMs) * (1 + random));
  if (error !== undefined && needPerson.has(error.code)) return Math.round(slowMs * (0.75 + random / 2));
  return Math.round(Math.min(capMs, firstMs * 2 ** Math.min(attempt, 10)) * random);
}
