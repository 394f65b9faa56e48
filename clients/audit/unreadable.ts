/** Failures that are no verdict: there is nothing that could be judged. */
import { CausewayError } from '../../protocol/errors.ts';

/** The error for a path that cannot be judged. @param why without a full stop */
export function unreadable(path: string, why: string, cause?: unknown): CausewayError {
  return new CausewayError('log-unreadable', {
    detail: `${path}: ${why}.`,
    ...(cause === undefined ? {} : { cause }),
  });
}
