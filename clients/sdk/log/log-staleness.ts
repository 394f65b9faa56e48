/**
 * The alarm for absence: a gateway that shows nothing wrong, but for a long time nothing that can be verified either.
 * A log that is quiet is not stale: its last checkpoint verifies at every look.
 */
import type { CausewayError } from '../../../protocol/errors.ts';
import type { LogFaults } from './log-faults.ts';

type StalenessDependencies = {
  readonly faults: Pick<LogFaults, 'raise'>;
  readonly now: () => number;
  /** How long every look may fail before it is raised. */
  readonly staleMs: number;
  /** The last verified checkpoint as a signed note. */
  readonly seen: () => string | undefined;
};

export class LogStaleness {
  readonly #deps: StalenessDependencies;
  /** When the first look failed since the last one that did not, ms since 1970. */
  #since: number | undefined;

  constructor(deps: StalenessDependencies) {
    this.#deps = deps;
  }

  /** A look has found the newest checkpoint, verified. */
  verified(): void {
    this.#since = undefined;
  }

  /** A look over an open session has not. Raised once for each stretch of failures. */
  async failed(why: CausewayError): Promise<void> {
    const { faults, now, staleMs, seen } = this.#deps;
    const at = now();
    this.#since ??= at;
    if (at - this.#since < staleMs) return;
    const since = new Date(this.#since).toISOString();
    await faults.raise('stale', {
      subject: since,
      detail: `Since ${since} nothing new of the log could be verified, though the gateway is there: ${why.message}`,
      facts: { code: why.code, seen: seen() ?? null },
    });
  }
}
