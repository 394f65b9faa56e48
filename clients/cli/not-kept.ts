/** What went wrong before a notice was in the outbox. */
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import { adviceFor } from '../../terminal/advice.ts';
import { AdvisedError } from '../../terminal/advised-error.ts';

/** Of the notice of this command; others may wait there. */
export const notInOutbox = 'The notice was not sent, and is not in the outbox.';

/**
 * An error that may pass by itself ends `send` with the same exit code as a notice that waits in the outbox, and that one
 * must not be sent again. So this one says that it must. What is too large once it is encrypted is named; all other errors
 * stay as they are.
 * @param file what was to be sent, where it was a file
 */
export function notKept(error: unknown, file?: string): unknown {
  if (!isCausewayError(error) || error instanceof AdvisedError) return error;
  if (error.code === 'payload-too-large' && file !== undefined) {
    const detail =
      `${file === '-' ? 'The document on standard input' : file} is, once it is encrypted. ${error.detail ?? ''}`.trim();
    return new CausewayError('payload-too-large', { detail, cause: error });
  }
  if (error.code === 'linkage-key-missing') {
    return new AdvisedError(error.code, {
      detail: error.detail ?? notInOutbox,
      advice: `${adviceFor(error.code) ?? ''} Or send the notice without --subjects; then it is not linked to others.`,
      fields: { queued: false },
      cause: error,
    });
  }
  if (error.code === 'aborted' || !error.meaning.retryable) return error;
  const before = adviceFor(error.code);
  const again = `${notInOutbox} Send it again.`;
  // It mends itself within a second, or is for people to find out.
  const whereItStays =
    error.code === 'key-unproven'
      ? ' If it stays so, run `causeway status`, which says how it stands with the log, and tell the Committee.'
      : '';
  const withoutTokens =
    error.code === 'linkage-holder-unavailable'
      ? ' Where it cannot wait for the holder, send it without --subjects; then it is not linked to others.'
      : '';
  return new AdvisedError(error.code, {
    detail: error.detail ?? 'The notice was not kept.',
    advice: `${before === undefined ? '' : `${before} `}${again}${withoutTokens}${whereItStays}`,
    fields: { queued: false },
    cause: error,
  });
}
