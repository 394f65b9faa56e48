/** Errors over HTTP: problem details as in RFC 9457, with the catalogue's code. */
import { CausewayError, type ErrorCode, type Problem } from '../errors.ts';

export const problemContentType = 'application/problem+json';

export type ProblemDetails = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail?: string;
  readonly problems?: readonly Problem[];
};

/** The body of an error response. */
export function problemDetails(error: CausewayError): ProblemDetails {
  return {
    type: `urn:causeway:error:${error.code}`,
    title: error.meaning.text,
    status: error.meaning.httpStatus,
    code: error.code,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    ...(error.problems.length === 0 ? {} : { problems: error.problems }),
  };
}

/** Puts what an HTTP framework itself refuses into the catalogue's words; anything unknown is an internal error. */
export function asCausewayError(error: unknown): CausewayError {
  if (error instanceof CausewayError) return error;
  const { statusCode } = error as { readonly statusCode?: number };
  if (statusCode === 413) return new CausewayError('request-too-large', { cause: error });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new CausewayError('request-malformed', { cause: error });
  }
  return new CausewayError('internal-error', { cause: error });
}
