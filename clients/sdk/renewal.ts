/**
 * Renewal of the TLS certificate and the encryption subkey, by one client at a time of all that share the home.
 *
 * Clients of one process and of several agree by a lease in `state.db`. It ends with the work, with its holder, or
 * after a minute. Whoever has it reads the home again first: another client may just have renewed.
 */
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import type { Fingerprint } from '../../protocol/ids.ts';
import { encryptionKeysOf } from '../../protocol/wire/directory.ts';
import type { ClientDirectory } from './directory.ts';
import { renewalDueAt, renewIdentity } from './enrol.ts';
import { isHolderAlive } from './holder.ts';
import type { Home } from './home.ts';
import { LogTable } from './log/log-table.ts';
import type { Log } from './logger.ts';
import { forgetRenewalRefusal, noteRenewalRefusal, readRenewalRefusal } from './renewal-refusal.ts';
import type { StateDatabase } from './state-database.ts';
import { isStateFailure } from './state-failure.ts';

type RenewalDependencies = {
  readonly state: StateDatabase;
  /** Names this client among those that share the home; see `holder.ts`. */
  readonly holder: string;
  /** The home as it is on disk now. */
  readonly readHome: () => Promise<Home>;
  readonly directory: Pick<ClientDirectory, 'entryOf' | 'isBehind'>;
  readonly now: () => number;
  /** By how much that clock is ahead of the gateway's; `undefined` where the gateway has told none since it was last set. */
  readonly aheadMs: () => number | undefined;
  /** By how much the clocks may differ, as the newest welcome states it. */
  readonly maxClockSkewMs: () => number;
  readonly log: Log;
  /** Told why something about a renewal could not be noted. */
  readonly report: (error: unknown) => void;
  /** Ends a request that is under way. */
  readonly signal: AbortSignal;
};

const leaseMs = 60_000;
/** Leaves enough of the lease to write the new certificate down. */
const requestMs = 30_000;

export class CertificateRenewal {
  readonly #deps: RenewalDependencies;
  #running: Promise<boolean> | undefined;
  #hasToldSkew = false;

  constructor(deps: RenewalDependencies) {
    this.#deps = deps;
  }

  /**
   * Renews the certificate if it is due. The new one and its key are on disk when this resolves, and are used by
   * nobody before. A clock that the gateway's contradicts renews nothing: by it keys in use could pass for outdated ones.
   * @returns true when the home has a new certificate, got by this client or meanwhile by another one
   * @throws CausewayError as `renew` does, and `clock-skew`
   */
  renewIfDue(): Promise<boolean> {
    this.#running ??= this.#renewIfDue().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #renewIfDue(): Promise<boolean> {
    const aheadMs = this.#deps.aheadMs();
    if (aheadMs === undefined) return false;
    try {
      const isDue = this.#isDue(await this.#deps.readHome(), aheadMs);
      const isRenewed = isDue && (await this.#renewInTurn());
      if (isRenewed || (!isDue && !this.#isSkewed(aheadMs))) await this.#forgetRefusal();
      return isRenewed;
    } catch (error) {
      const isRefusal = isCausewayError(error) && !error.meaning.retryable && !isStateFailure(error);
      if (isRefusal) await this.#noteRefusal(error);
      throw error;
    }
  }

  async #renewInTurn(): Promise<boolean> {
    const { readHome, signal, now, state } = this.#deps;
    const lease = await this.#takeLease();
    if (lease === undefined) return false;
    try {
      const home = await readHome();
      // The clock may have been set while this waited for its turn.
      const aheadMs = this.#deps.aheadMs();
      if (aheadMs === undefined) return false;
      if (this.#isSkewed(aheadMs)) throw clockSkew(aheadMs);
      if (this.#isDue(home, aheadMs)) {
        const ended = AbortSignal.any([signal, AbortSignal.timeout(requestMs)]);
        const { entry } = await renewIdentity(home, {
          ...{ signal: ended, namedKeys: this.#namedKeys(home), now: now() },
        });
        await this.#note(() => state.write(() => new LogTable(state.statements).noteOwnEntry(entry)));
      }
      return true;
    } finally {
      await this.#releaseLease(lease);
    }
  }

  #isSkewed(aheadMs: number): boolean {
    return Math.abs(aheadMs) > this.#deps.maxClockSkewMs();
  }

  /** By this computer's clock or the gateway's: one that is behind must not keep the end from being seen. */
  #isDue({ tlsCertificatePem }: Home, aheadMs: number): boolean {
    const now = this.#deps.now();
    return Math.max(now, now - aheadMs) >= renewalDueAt(tlsCertificatePem);
  }

  /** An entry that was not read yet may name others. */
  #namedKeys({ endpoint }: Home): readonly Fingerprint[] | undefined {
    const { directory } = this.#deps;
    const own = directory.entryOf(endpoint);
    return own === undefined || directory.isBehind ? undefined : encryptionKeysOf(own);
  }

  async #noteRefusal(error: CausewayError): Promise<void> {
    const { state, log, now } = this.#deps;
    const isSkew = error.code === 'clock-skew';
    if (!isSkew || !this.#hasToldSkew) log.warn({ code: error.code }, 'the certificate was not renewed');
    this.#hasToldSkew ||= isSkew;
    await this.#note(() => state.write(() => noteRenewalRefusal(state.statements, error, now())));
  }

  async #forgetRefusal(): Promise<void> {
    const { state } = this.#deps;
    await this.#note(async () => {
      if (readRenewalRefusal(state.statements) === undefined) return;
      await state.write(() => forgetRenewalRefusal(state.statements));
    });
  }

  /** A state that fails undoes no renewal, and must keep nobody from hearing of it. */
  async #note(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#deps.report(error);
    }
  }

  /** @returns undefined while another client has it */
  #takeLease(): Promise<string | undefined> {
    const { state, holder, now } = this.#deps;
    const { statements } = state;
    return state.write(() => {
      if (isRenewing(state, now())) return undefined;
      const lease = `${now() + leaseMs} ${holder}`;
      statements.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('renewalLease', ?)").run(lease);
      return lease;
    });
  }

  async #releaseLease(lease: string): Promise<void> {
    const { state } = this.#deps;
    const remove = "DELETE FROM meta WHERE name = 'renewalLease' AND value = ?";
    await this.#note(() => state.write(() => void state.statements.prepare(remove).run(lease)));
  }
}

function clockSkew(aheadMs: number): CausewayError {
  const minutes = Math.round(Math.abs(aheadMs) / 60_000);
  const direction = aheadMs > 0 ? 'ahead of' : 'behind';
  return new CausewayError('clock-skew', {
    detail: `The clock of this computer is ${minutes} minutes ${direction} the gateway’s: it renews nothing.`,
  });
}

/** A lease that ends later than one can is from before the clock was set back. */
function isLeaseInForce(lease: string, now: number): boolean {
  const space = lease.indexOf(' ');
  const endsAt = Number(lease.slice(0, space));
  return endsAt > now && endsAt <= now + leaseMs && isHolderAlive(lease.slice(space + 1));
}

/** True while some client of the home may be renewing the certificate. */
export function isRenewing(state: StateDatabase, now: number): boolean {
  const row = state.statements.prepare("SELECT value FROM meta WHERE name = 'renewalLease'").get();
  return row !== undefined && isLeaseInForce(String(row.value), now);
}
