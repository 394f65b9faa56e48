/**
 * Failures in the gateway's log. One that comes again and again, as on a full disk, is told at first, then once a minute
 * with how often it came, and at last that it is over: its lines must not take what is left of the disk.
 */
import type { Logger } from 'pino';
import { isCausewayError } from '../protocol/errors.ts';
import type { EndpointAddress } from '../protocol/ids.ts';

const windowMs = 60_000;

type Failure = {
  readonly error: unknown;
  readonly code: string;
  /** Since the line before. */
  again: number;
  times: number;
  readonly timer: NodeJS.Timeout;
};

export class FailureLog {
  readonly #log: Pick<Logger, 'error' | 'info'>;
  /** By code and words, those of the last minute. */
  readonly #failures = new Map<string, Failure>();

  constructor(log: Pick<Logger, 'error' | 'info'>) {
    this.#log = log;
  }

  /** @param endpoint whose session or message it was found with */
  note(error: unknown, endpoint?: EndpointAddress): void {
    const code = isCausewayError(error) ? error.code : 'internal-error';
    const name = `${code} ${error instanceof Error ? error.message : String(error)}`;
    const known = this.#failures.get(name);
    if (known !== undefined) {
      known.again++;
      known.times++;
      return;
    }
    this.#log.error({ err: error, code, ...(endpoint === undefined ? {} : { endpoint }) }, 'failure');
    const timer = setInterval(() => this.#look(name), windowMs).unref();
    this.#failures.set(name, { ...{ error, code }, again: 0, times: 1, timer });
  }

  /** Tells what was only counted. */
  close(): void {
    for (const failure of this.#failures.values()) {
      clearInterval(failure.timer);
      this.#tell(failure);
    }
    this.#failures.clear();
  }

  #look(name: string): void {
    const failure = this.#failures.get(name);
    if (failure === undefined || this.#tell(failure)) return;
    clearInterval(failure.timer);
    this.#failures.delete(name);
    const { code, times } = failure;
    if (times > 1) this.#log.info({ code, times }, 'failure is over: it has not come for a minute');
  }

  /** @returns false where it has not come again */
  #tell(failure: Failure): boolean {
    const { error, code, again } = failure;
    if (again === 0) return false;
    this.#log.error({ err: error, code, again }, 'failure goes on');
    failure.again = 0;
    return true;
  }
}
