/** The policy set in force, and its replacement as a whole when the folder has changed and is sound. */
import { loadPolicySet } from './load.ts';
import type { PolicySet } from './policy-set.ts';

/** What else must be sound before a set comes into force. @throws CausewayError `policy-invalid` */
export type PolicyCheck = (next: PolicySet) => Promise<void>;

export class PolicyHolder {
  readonly #dir: string;
  readonly #check: PolicyCheck;
  #current: PolicySet;
  #loading: Promise<unknown> = Promise.resolve();

  private constructor(dir: string, check: PolicyCheck, current: PolicySet) {
    this.#dir = dir;
    this.#check = check;
    this.#current = current;
  }

  /** @throws CausewayError `policy-invalid` */
  static async load(dir: string, check: PolicyCheck = async () => Promise.resolve()): Promise<PolicyHolder> {
    const first = await loadPolicySet(dir);
    await check(first);
    return new PolicyHolder(dir, check, first);
  }

  get current(): PolicySet {
    return this.#current;
  }

  /**
   * Loads the folder again, after any loading already under way: of two, the one that read the folder last must win.
   * A new set starts with an empty decision cache.
   * @returns whether it differs from the set in force
   * @throws CausewayError `policy-invalid`; the set in force stays
   */
  reload(): Promise<boolean> {
    const loaded = this.#loading.then(() => this.#load());
    this.#loading = loaded.catch(() => undefined);
    return loaded;
  }

  async #load(): Promise<boolean> {
    const next = await loadPolicySet(this.#dir);
    if (next.digest === this.#current.digest) return false;
    await this.#check(next);
    this.#current = next;
    return true;
  }
}
