/**
 * Which sharing agreement was applied last. Each gateway reads a folder of its own: where the new one was not copied to
 * it, it goes on with the one before, and that must not go unnoticed.
 */
import type { Logger } from 'pino';
import type { Digest } from '../protocol/ids.ts';
import { newestLeafOf } from './newest-agreement.ts';
import type { Store } from './store/port.ts';

/** News comes right behind the leaf, and few leaves come in between. */
const mostLeaves = 4_096;
const kinds: readonly string[] = ['policy.applied', 'agency.added'];

export type AppliedAgreementDependencies = {
  readonly store: Pick<Store, 'countLeaves' | 'readLeaves'>;
  /** Digest of the agreement in force here. */
  readonly inForce: () => Digest;
  readonly log: Logger;
};

export class AppliedAgreement {
  readonly #deps: AppliedAgreementDependencies;
  #applied: string | undefined;
  /** Which agreement was in force here when the last look began. */
  #against: Digest | undefined;
  #looking: Promise<unknown> = Promise.resolve();

  constructor(deps: AppliedAgreementDependencies) {
    this.#deps = deps;
  }

  /**
   * True where another agreement than the one in force here was applied last, as far as is known: of one that has come into
   * force since the last look, it is not.
   */
  get isBehind(): boolean {
    const inForce = this.#deps.inForce();
    return this.#applied !== undefined && this.#applied !== inForce && this.#against === inForce;
  }

  /**
   * Looks among the newest leaves, and says so where it is behind; after any look already under way, since of two the one
   * that began last must win.
   * @throws CausewayError `store-unavailable`
   */
  look(): Promise<void> {
    const looked = this.#looking.then(() => this.#look());
    this.#looking = looked.catch(() => undefined);
    return looked;
  }

  async #look(): Promise<void> {
    const { store, inForce, log } = this.#deps;
    // One that comes into force meanwhile may have been applied after this reading.
    const inForceBefore = inForce();
    const found = await newestLeafOf(store, kinds, mostLeaves);
    if (found === undefined) return;
    const [before, against] = [this.#applied, this.#against];
    this.#against = inForceBefore;
    // Gateways of before did not say which agreement an agency was added to.
    this.#applied = typeof found.entry.policy === 'string' ? found.entry.policy : undefined;
    if (!this.isBehind || (this.#applied === before && this.#against === against)) return;
    const words = 'the sharing agreement in force here is not the one that was applied last';
    log.warn({ event: 'policy-behind', policy: inForceBefore, applied: this.#applied }, words);
  }
}
