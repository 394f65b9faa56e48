/** What a command's exit code tells a script. */
import { isCausewayError, type ErrorCode } from '../protocol/errors.ts';
import { AdvisedError } from './advised-error.ts';
import { UnreadOutput } from './unread-output.ts';

export const exitCodes = {
  ok: 0,
  /** Refused, denied, or failed in a way that trying again does not mend. */
  failure: 1,
  /** Wrong usage, or input that is not valid. */
  invalid: 2,
  /** Unreachable or busy: the same command may succeed later. */
  temporary: 3,
  /** `audit between`: consistent, but no witness has cosigned both ends. */
  unwitnessed: 4,
  /** Ended by Ctrl-C before its work was done. */
  interrupted: 130,
  /** Ended because nobody read the output any more (`| head`), as by SIGPIPE. */
  unread: 141,
} as const;

/** Codes about what the caller handed in, beyond those that HTTP calls bad requests. */
const aboutInput = new Set<ErrorCode>([
  'configuration-invalid',
  'policy-invalid',
  'token-invalid',
  'note-untrusted',
  'note-uncosigned',
  'log-foreign',
  // `between` and whoever else must publish first where no gateway runs.
  'log-forked',
]);
const aboutFrames = new Set<ErrorCode>(['hello-expected', 'frame-malformed', 'frame-unexpected']);
const badRequest = new Set([400, 413, 422]);

/** The exit code for an error that ended a command. */
export function exitCodeFor(error: unknown): number {
  if (!isCausewayError(error)) return exitCodes.failure;
  if (error instanceof AdvisedError && error.exitCode !== undefined) return error.exitCode;
  if (error instanceof UnreadOutput) return exitCodes.unread;
  const { code, meaning } = error;
  if (code === 'aborted') return exitCodes.interrupted;
  if (meaning.retryable) return exitCodes.temporary;
  if (isAboutFrames(code)) return exitCodes.failure;
  return badRequest.has(meaning.httpStatus) || aboutInput.has(code) ? exitCodes.invalid : exitCodes.failure;
}

/** True for what the gateway and this program say to each other: no caller of a command has handed that in. */
export function isAboutFrames(code: ErrorCode): boolean {
  return aboutFrames.has(code);
}
