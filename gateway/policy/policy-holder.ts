/** The policy set in force, and its replacement as a whole when the folder has changed and is sound. */
import { loadPolicySet } from './load.ts';
import type { PolicySet } from './policy-set.ts';

export class PolicyHolder {
  readonly #dir: string;
  #current: PolicySet;

  private constructor(dir: string, current: PolicySet) {
    this.#dir = dir;
    this.#current = current;
  }

  /** @throws CausewayError `policy-invalid` */
  static async load(dir: string): Promise<PolicyHolder> {
    return new PolicyHolder(dir, await loadPolicySet(dir));
  }

  get current(): PolicySet {
    return this.#current;
  }

  /**
   * Loads the folder again. A new set starts with an empty decision cache.
   * @returns whether it differs from the set in force
   * @throws CausewayError `policy-invalid`; the set in force stays
   */
  async reload(): Promise<boolean> {
    const next = await loadPolicySet(this.#dir);
    if (next.digest === this.#current.digest) return false;
    this.#current = next;
    return true;
  }
}
