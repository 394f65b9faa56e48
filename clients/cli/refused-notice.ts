/** A notice that the gateway has refused: it stands in the outbox with its answer, and people speak of it by its id. */
import type { CausewayError } from '../../protocol/errors.ts';
import { adviceFor } from '../../terminal/advice.ts';
import { AdvisedError } from '../../terminal/advised-error.ts';

/** The gateway's refusal, with the id of the notice that it is about. */
export function refusedNotice(cause: CausewayError, id: string): AdvisedError {
  const { code, detail } = cause;
  return new AdvisedError(code, {
    detail: `${detail === undefined ? '' : `${detail} `}It is the notice ${id}.`,
    advice: adviceFor(code) ?? `It was passed on to nobody: causeway status ${id}`,
    fields: { id },
    cause,
  });
}
