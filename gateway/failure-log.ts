/**
 * Failures in the gateway's log. One that comes again and again, as on a full disk, is told at first, then once a minute
 * with how often it came, and at last that it is over: its lines must not take what is left of the disk. Of many at once, as with names
 * of files in their words, those for which there is no room are counted together.
 */
import type { Logger } from 'pino';
import { isCausewayError } from '../protocol/errors.ts';
import type { EndpointAddress } from '../protocol/ids.ts';
import { damageBehind } from './store/store-damage.ts';

const windowMs = 60_000;
/** Errors may be each other's cause in a circle. */
const mostCauses = 16;
const mostFailures = 100;
/** No name of a failure: each has its code in front. */
const others = '';

type Failure = {
  /** As it came last. */
  occurrence: Occurrence;
  /** Since the line before. */
  again: number;
  times: number;
  /** Whether it was there when all were looked at last. */
  wasLookedAt: boolean;
};

type Occurrence = {
  readonly error: unknown;
  readonly code: string;
  readonly endpoint: EndpointAddress | undefined;
};

export class FailureLog {
  readonly #log: Pick<Logger, 'error' | 'info'>;
  /** By name; those for which there is no room are one, under `others`. */
  readonly #failures = new Map<string, Failure>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Pick<Logger, 'error' | 'info'>) {
    this.#log = log;
  }

  /** @param endpoint whose session or message it was found with */
  note(failure: unknown, endpoint?: EndpointAddress): void {
    const error = damageBehind(failure) ?? failure;
    const occurrence = { error, code: isCausewayError(error) ? error.code : 'internal-error', endpoint };
    const own = nameOf(occurrence);
    const hasRoom = this.#failures.has(own) || this.#failures.size < mostFailures;
    const name = hasRoom ? own : others;
    const known = this.#failures.get(name);
    if (known !== undefined) {
      known.occurrence = occurrence;
      known.again++;
      known.times++;
      return;
    }
    this.#failures.set(name, { occurrence, again: 0, times: 1, wasLookedAt: false });
    this.#log.error(fieldsOf(occurrence), hasRoom ? 'failure' : 'failure, one of more than are told apart');
    this.#timer ??= setInterval(() => this.#look(), windowMs).unref();
  }

  /** Tells what was only counted. */
  close(): void {
    for (const [name, failure] of this.#failures) this.#tell(name, failure);
    this.#failures.clear();
    this.#stopLooking();
  }

  #look(): void {
    for (const [name, failure] of this.#failures) {
      const isOver = !this.#tell(name, failure) && failure.wasLookedAt;
      failure.wasLookedAt = true;
      if (isOver) this.#end(name, failure);
    }
    if (this.#failures.size === 0) this.#stopLooking();
  }

  #stopLooking(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** @returns false where it has not come again */
  #tell(name: string, failure: Failure): boolean {
    const { occurrence, again } = failure;
    if (again === 0) return false;
    const words = name === others ? 'failures that are not told apart go on' : 'failure goes on';
    this.#log.error({ ...fieldsOf(occurrence), again }, words);
    failure.again = 0;
    return true;
  }

  #end(name: string, { occurrence, times }: Failure): void {
    this.#failures.delete(name);
    if (times === 1) return;
    const words =
      name === others
        ? 'failures that are not told apart are over: none has come for a minute'
        : 'failure is over: it has not come for a minute';
    this.#log.info({ ...fieldsOf(occurrence), times }, words);
  }
}

function fieldsOf({ error, code, endpoint }: Occurrence): Record<string, unknown> {
  return { err: error, code, ...(endpoint === undefined ? {} : { endpoint }) };
}

/**
 * Of one code and one endpoint, with the same words and the same first cause. Numbers do not count: that of a connection is
 * another each time.
 */
function nameOf({ error, code, endpoint }: Occurrence): string {
  const words = [error, firstCauseOf(error)].map((one) => String(one).replace(/\d+/g, '0'));
  return [code, endpoint, ...words].join('\n');
}

function firstCauseOf(error: unknown): unknown {
  let cause = error;
  for (let depth = 0; depth < mostCauses && cause instanceof Error && cause.cause !== undefined; depth++)
    cause = cause.cause;
  return cause;
}
