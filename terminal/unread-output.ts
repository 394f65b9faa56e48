/** Nobody reads the output any more, and the command had nothing else to do. */
import { CausewayError } from '../protocol/errors.ts';

export class UnreadOutput extends CausewayError {
  constructor(cause: Error) {
    super('aborted', { detail: 'Nobody reads the output any more.', cause });
  }
}
