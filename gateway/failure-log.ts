/**
 * Failures in the gateway's log. One that comes again and again, as on a full disk, is told at first, then once a minute
 * with how often it came, and at last that it is over: its lines must not take what is left of the disk.
 */
import type { Logger } from 'pino';
import { isCausewayError } from '../protocol/errors.ts';
import type { EndpointAddress } from '../protocol/ids.ts';

const windowMs = 60_000;
/** Errors may be each other's cause in a circle. */
const mostCauses = 16;

type Failure = {
  readonly code: string;
  readonly endpoint: EndpointAddress | undefined;
  /** As it came last. */
  error: unknown;
  /** Since the line before. */
  again: number;
  times: number;
  readonly timer: NodeJS.Timeout;
};

export class FailureLog {
  readonly #log: Pick<Logger, 'error' | 'info'>;
  readonly #failures = new Map<string, Failure>();

  constructor(log: Pick<Logger, 'error' | 'info'>) {
    this.#log = log;
  }

  /** @param endpoint whose session or message it was found with */
  note(error: unknown, endpoint?: EndpointAddress): void {
    const code = isCausewayError(error) ? error.code : 'internal-error';
    const name = nameOf(error, code, endpoint);
    const known = this.#failures.get(name);
    if (known !== undefined) {
      known.error = error;
      known.again++;
      known.times++;
      return;
    }
    const timer = setInterval(() => this.#look(name), windowMs).unref();
    const failure = { code, endpoint, error, again: 0, times: 1, timer };
    this.#failures.set(name, failure);
    this.#log.error(fieldsOf(failure), 'failure');
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
    const { times } = failure;
    if (times > 1)
      this.#log.info({ ...fieldsOf(failure), times }, 'failure is over: it has not come for a minute');
  }

  /** @returns false where it has not come again */
  #tell(failure: Failure): boolean {
    const { again } = failure;
    if (again === 0) return false;
    this.#log.error({ ...fieldsOf(failure), again }, 'failure goes on');
    failure.again = 0;
    return true;
  }
}

function fieldsOf({ error, code, endpoint }: Failure): Record<string, unknown> {
  return { err: error, code, ...(endpoint === undefined ? {} : { endpoint }) };
}

/**
 * Of one code and one endpoint, with the same words and the same first cause. Numbers do not count: that of a connection is
 * another each time.
 */
function nameOf(error: unknown, code: string, endpoint: EndpointAddress | undefined): string {
  const words = [error, firstCauseOf(error)].map((one) => String(one).replace(/\d+/g, '0'));
  return [code, endpoint, ...words].join('\n');
}

function firstCauseOf(error: unknown): unknown {
  let cause = error;
  for (let depth = 0; depth < mostCauses && cause instanceof Error && cause.cause !== undefined; depth++)
    cause = cause.cause;
  return cause;
}
