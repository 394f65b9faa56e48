/** An error of one command that knows a better next step than its code does. */
import { CausewayError, type ErrorCode } from '../protocol/errors.ts';

/** What a command knows about its own failure. */
export type AdvisedErrorOptions = {
  readonly detail: string;
  /** What to do next, in place of the advice for the code. */
  readonly advice: string;
  /** Members for the error object of `--json`; they stand in place of the usual ones. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** What the command ends with, in place of the exit code for the code. */
  readonly exitCode?: number;
  readonly cause?: unknown;
};

/** A {@link CausewayError} with a next step of its own. */
export class AdvisedError extends CausewayError {
  readonly advice: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly exitCode: number | undefined;

  constructor(code: ErrorCode, { detail, advice, fields = {}, exitCode, cause }: AdvisedErrorOptions) {
    super(code, { detail, cause });
    this.advice = advice;
    this.fields = fields;
    this.exitCode = exitCode;
  }
}
