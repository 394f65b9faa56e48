/**
 * Why a gateway refuses a receipt frame and keeps the session. Under no other code may a frame be counted as dealt with: the
 * client takes every frame that was not refused for durable, and sends its receipts no more.
 */
import type { ErrorCode } from '../errors.ts';

const refusals: readonly ErrorCode[] = ['receipt-malformed', 'receipt-invalid', 'receipt-unmatched'];

/** True for a code that is about a receipt frame, which then changed nothing. */
export function isReceiptRefusal(code: ErrorCode): boolean {
  return refusals.includes(code);
}
