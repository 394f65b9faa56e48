/** A notice that is in the outbox when `send` ends: it goes out by itself, or never. */
import { catalogue, type CausewayError, type ErrorCode } from '../../protocol/errors.ts';
import { adviceFor } from '../../terminal/advice.ts';
import { AdvisedError } from '../../terminal/advised-error.ts';
import { exitCodeFor, exitCodes, isAboutFrames } from '../../terminal/exit-codes.ts';
import { notInOutbox } from './not-kept.ts';
import type { Connection } from './open-client.ts';

/** What the gateway never takes back: no command connects from this home any more. */
const endsHome: readonly ErrorCode[] = ['endpoint-revoked', 'certificate-unknown'];

/** Why it has not gone out yet, with its id: it is safe in the outbox, and to send it again would send it twice. */
export function queuedNotice(cause: CausewayError, id: string): CausewayError {
  const { code, detail } = cause;
  if (endsHome.includes(code)) return strandedError(cause, id);
  const next = `Do not send it again: it is in the outbox and goes out with the next command that connects. causeway status ${id}`;
  // What no attempt mends needs its own step first.
  const before = catalogue[code].retryable ? undefined : adviceFor(code);
  return new AdvisedError(code, {
    detail: `${detail === undefined ? '' : `${detail} `}The notice ${id} stays in the outbox.`,
    advice: before === undefined ? next : `${before} ${next}`,
    fields: { retryable: false, id, queued: true },
    exitCode: exitCodeOfQueued(cause),
    cause,
  });
}

/** Never that of a wrong command: a script that corrects it and sends again would send the notice twice. */
function exitCodeOfQueued(cause: CausewayError): number {
  const code = exitCodeFor(cause);
  return code === exitCodes.invalid || isAboutFrames(cause.code) ? exitCodes.temporary : code;
}

/** The notice is in an outbox that nothing leaves. */
function strandedError(cause: CausewayError, id: string): CausewayError {
  const { code, detail } = cause;
  return new AdvisedError(code, {
    detail: `${detail === undefined ? '' : `${detail} `}The notice ${id} cannot go out from this home any more.`,
    advice: adviceOnEnd(code),
    fields: { retryable: false, id, queued: false },
    cause,
  });
}

/**
 * Where the gateway has turned this home away for good: that, and not what else may be wrong with a notice which was not
 * put into the outbox.
 * @param waiting how many others are there
 */
export function endOfHome(
  { lastError }: Pick<Connection, 'lastError'>,
  waiting: number,
): CausewayError | undefined {
  if (lastError === undefined || !endsHome.includes(lastError.code)) return undefined;
  const others = waiting === 0 ? '' : ` What waits there (${waiting}) cannot go out from this home any more.`;
  return new AdvisedError(lastError.code, {
    detail: `${notInOutbox}${others}`,
    advice: adviceOnEnd(lastError.code),
    fields: { queued: false },
    cause: lastError,
  });
}

function adviceOnEnd(code: ErrorCode): string {
  return `${adviceFor(code) ?? ''} Send it again from the home of a new enrolment: \`causeway enrol\`.`.trim();
}
