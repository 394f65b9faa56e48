/** The id of a case as a person gives it. */
import { CausewayError } from '../../protocol/errors.ts';
import { messageIdSchema } from '../../protocol/ids.ts';
import type { CaseId } from '../store/port.ts';

/** @throws CausewayError `usage-invalid` */
export function caseIdOf(given: string): CaseId {
  const parsed = messageIdSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new CausewayError('usage-invalid', {
    detail: 'A case is the `thread` of its messages: a UUID version 7 in lower case.',
  });
}
