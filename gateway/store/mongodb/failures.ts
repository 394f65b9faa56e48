/** What the driver's errors mean to the engine. */
import { MongoError, MongoNetworkError, MongoServerError, MongoServerSelectionError } from 'mongodb';
import { CausewayError, isCausewayError } from '../../../protocol/errors.ts';

/** https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml */
const serverErrors = {
  unauthorized: 13,
  authenticationFailed: 18,
  namespaceExists: 48,
  documentValidationFailure: 121,
  snapshotUnavailable: 246,
  notWritablePrimary: 10_107,
  bsonObjectTooLarge: 10_334,
  duplicateKey: 11_000,
  keyTooLong: 17_280,
} as const;

export function hasCode(error: unknown, code: keyof typeof serverErrors): boolean {
  return error instanceof MongoServerError && error.code === serverErrors[code];
}

const unknownCommit = 'UnknownTransactionCommitResult';

/**
 * True where the transaction as a whole may be tried again and may then succeed. A statement whose connection the driver
 * gave up itself, since the server had fallen silent, comes back without the label that says so, and so does one for
 * which no primary was found in time.
 */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof MongoError)) return false;
  return error.hasErrorLabel('TransientTransactionError') || (isUnanswered(error) && !isCommitUnknown(error));
}

/** What a commit fails with, marked where nobody knows whether it was made: the driver does not mark every such error. */
export function failureOfCommit(error: unknown): unknown {
  if (
    error instanceof MongoError &&
    isUnanswered(error) &&
    !error.hasErrorLabel('TransientTransactionError')
  ) {
    error.addErrorLabel(unknownCommit);
  }
  return error;
}

/** True where no server answers, at the moment or any more. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof MongoNetworkError || error instanceof MongoServerSelectionError;
}

/** What ends a transaction that saw less of the chain than there is. */
export function outrun(): MongoError {
  const error = new MongoError('another gateway has added a block');
  error.addErrorLabel('TransientTransactionError');
  return error;
}

/** True where nobody knows whether the transaction was committed. */
export function isCommitUnknown(error: unknown): boolean {
  return error instanceof MongoError && error.hasErrorLabel(unknownCommit);
}

/** True where another gateway has added its block at the height of ours. */
export function isHeightTaken(error: unknown): boolean {
  return (
    error instanceof MongoServerError &&
    error.code === serverErrors.duplicateKey &&
    error.message.includes('.block ')
  );
}

/** True where the fault lies with one operation, so that its neighbours may do without it. */
export function concernsOneOperation(error: unknown): boolean {
  if (!(error instanceof MongoError)) return !isNetworkFailure(error);
  return (
    hasCode(error, 'documentValidationFailure') ||
    hasCode(error, 'bsonObjectTooLarge') ||
    hasCode(error, 'keyTooLong')
  );
}

/** True for errors of the operating system and for aborted waits, which the driver passes on as they are now and then. */
export function isNetworkFailure(error: unknown): error is Error {
  return error instanceof Error && ('syscall' in error || error.name === 'AbortError');
}

/** What a caller is told. */
export function failureOf(cause: unknown): CausewayError {
  if (isCausewayError(cause)) return cause;
  return new CausewayError(concernsOneOperation(cause) ? 'internal-error' : 'store-unavailable', { cause });
}

/** What a reader is told: that it cannot be read now. */
export function unreadable(cause: unknown): CausewayError {
  return isCausewayError(cause) ? cause : new CausewayError('store-unavailable', { cause });
}
