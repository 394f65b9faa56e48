/** What a client tells of the log that it follows. */
import type { CausewayError } from '../../../protocol/errors.ts';
import type { LogHalt } from './log-halt.ts';

/** How this endpoint stands to the log. */
export type LogStatus = {
  /** The log's name. */
  readonly origin: string;
  /** The last verified checkpoint: its size, its root in base64, the whole signed note, the witnesses that cosigned it. */
  readonly checkpoint:
    | {
        readonly size: number;
        readonly root: string;
        readonly note: string;
        readonly witnesses: readonly string[];
      }
    | undefined;
  /** How many witnesses this endpoint knows, and how many must have cosigned. */
  readonly witnessesKnown: number;
  readonly witnessesNeeded: number;
  /** So many leaves have been passed in following the log. */
  readonly followed: number;
  /** When the log was last looked at with success by this client, ms since 1970. */
  readonly checkedAt: number | undefined;
  /** Why the last look failed; also when the checkpoint shown was not taken, such as for want of witnesses. */
  readonly lastError: CausewayError | undefined;
  /** Why nothing is sent; `undefined` when all is well. */
  readonly halt: LogHalt | undefined;
};
