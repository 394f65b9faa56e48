/**
 * Renewal of the TLS certificate and the encryption subkey, by one client at a time of all that share the home.
 *
 * Clients of one process and of several agree by a lease in `state.db`. It ends with the work, with its holder, or
 * after a minute. Whoever has it reads the home again first: another client may just have renewed.
 */
import { directoryEntryDigest } from '../../protocol/wire/directory-entry-digest.ts';
import { renewalDueAt, renewIdentity } from './enrol.ts';
import { isHolderAlive } from './holder.ts';
import type { Home } from './home.ts';
import { LogTable } from './log-table.ts';
import type { StateDatabase } from './state-database.ts';

type RenewalDependencies = {
  readonly state: StateDatabase;
  /** Names this client among those that share the home; see `holder.ts`. */
  readonly holder: string;
  /** The home as it is on disk now. */
  readonly readHome: () => Promise<Home>;
  readonly now: () => number;
  /** Ends a request that is under way. */
  readonly signal: AbortSignal;
};

const leaseMs = 60_000;
/** Leaves enough of the lease to write the new certificate down. */
const requestMs = 30_000;

export class CertificateRenewal {
  readonly #deps: RenewalDependencies;
  #running: Promise<boolean> | undefined;

  constructor(deps: RenewalDependencies) {
    this.#deps = deps;
  }

  /**
   * Renews the certificate if it is due. The new one and its key are on disk when this resolves, and are used by
   * nobody before.
   * @returns true when the home has a new certificate, got by this client or meanwhile by another one
   * @throws CausewayError as `renew` does
   */
  renewIfDue(): Promise<boolean> {
    this.#running ??= this.#renewIfDue().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #renewIfDue(): Promise<boolean> {
    const { readHome, signal } = this.#deps;
    if (!this.#isDue(await readHome())) return false;
    const lease = await this.#takeLease();
    if (lease === undefined) return false;
    try {
      const home = await readHome();
      if (this.#isDue(home)) {
        const ended = AbortSignal.any([signal, AbortSignal.timeout(requestMs)]);
        const { entry } = await renewIdentity(home, { signal: ended });
        const { state } = this.#deps;
        await state.write(() => new LogTable(state.statements).noteOwnEntry(directoryEntryDigest(entry)));
      }
      return true;
    } finally {
      await this.#releaseLease(lease);
    }
  }

  #isDue({ tlsCertificatePem }: Home): boolean {
    return this.#deps.now() >= renewalDueAt(tlsCertificatePem);
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
    await state.write(() =>
      state.statements.prepare("DELETE FROM meta WHERE name = 'renewalLease' AND value = ?").run(lease),
    );
  }
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
