/** A failure of a thread of the log in a form that can be posted. */
import { getSystemErrorMessage } from 'node:util';
import { CausewayError, errorCodes, isCausewayError, type ErrorCode } from '../../protocol/errors.ts';

export type ToldFailure = { readonly code: string; readonly detail: string | undefined };

const codes: ReadonlySet<string> = new Set(errorCodes);

/** What the system refuses is told as `store-unavailable`, with its reason; the detail names no path. */
export function toldFailure(error: unknown): ToldFailure {
  if (isCausewayError(error)) return { code: error.code, detail: error.detail };
  const { code, errno, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || errno === undefined || syscall === undefined)
    return { code: 'internal-error', detail: String(error) };
  const detail = `A file of the published log: ${getSystemErrorMessage(errno)} (${code}, ${syscall}).`;
  return { code: 'store-unavailable', detail };
}

/** The failure as an error again. */
export function failureOf({ code, detail }: ToldFailure): CausewayError {
  return new CausewayError(codes.has(code) ? (code as ErrorCode) : 'internal-error', { detail });
}
