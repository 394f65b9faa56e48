/** Takes over what others have changed in the store and the policy folder while the gateway runs. */
import type { Logger } from 'pino';
import { isCausewayError } from '../protocol/errors.ts';
import { loadedRecords } from './agreement-records.ts';
import type { AppliedAgreement } from './applied-agreement.ts';
import type { PatternHolder } from './correlator/pattern-holder.ts';
import type { EndpointDirectory } from './identity/directory.ts';
import type { PolicyHolder } from './policy/policy-holder.ts';
import type { Store, StoreVersions } from './store/port.ts';

export type ReloadingDependencies = {
  readonly store: Pick<Store, 'appendRecords'>;
  readonly directory: EndpointDirectory;
  readonly policy: PolicyHolder;
  /** Those of the policy in force. */
  readonly patterns: PatternHolder;
  readonly applied: Pick<AppliedAgreement, 'look'>;
  readonly log: Logger;
  /** The directory has another version than before. */
  readonly onDirectory: (directory: EndpointDirectory) => void;
  /** Another policy is in force, and its patterns with it. */
  readonly onPolicy: () => Promise<void>;
  readonly onError: (error: unknown) => void;
};

const retryMs = 1_000;
/**
 * From one look for a version that somebody has had elsewhere to the next: after a restore, all endpoints ask for theirs, and
 * one may ask for a version that never was, again and again.
 */
const betweenLooksMs = 2_000;

export class Reloading {
  readonly #deps: ReloadingDependencies;
  /** The version of the directory that was last told of. */
  #toldVersion: number;
  /** The last wish for a new agreement that was followed. */
  #policyVersion = 0;
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;
  /** The look that has not begun yet. */
  #nextLook: Promise<void> | undefined;
  /** Resolves when the look that has begun last has ended, well or not. */
  #running: Promise<void> = Promise.resolve();
  #lookedAt = -Infinity;

  constructor(deps: ReloadingDependencies) {
    this.#deps = deps;
    this.#toldVersion = deps.directory.version;
  }

  /** These were known before both were read for the last time. */
  startFrom({ policy }: StoreVersions): void {
    this.#policyVersion = policy;
  }

  /**
   * Reads again what has changed. What fails is reported, and the rest goes on as before. The policy folder is read only
   * where that was wished for: it may be half copied at any other time. A version that has become lower, as by hand,
   * counts too: what is wished for afterwards would go unnoticed until it has grown as far again.
   */
  async takeOver({ policy }: StoreVersions): Promise<void> {
    const isWished = policy !== this.#policyVersion;
    this.#policyVersion = policy;
    await this.reloadDirectory();
    if (!isWished) return;
    await this.#reloadPolicy();
    await this.lookWhatWasApplied();
  }

  /** What was wished for comes once: where the store cannot say what it was, it is asked again until it does. */
  async lookWhatWasApplied(): Promise<void> {
    const { applied, onError } = this.#deps;
    try {
      await applied.look();
    } catch (error) {
      // What is wrong with leaves that cannot be read is told by those who need them.
      if (this.#isClosed || isCausewayError(error, 'store-damaged')) return;
      onError(error);
      setTimeout(() => void this.lookWhatWasApplied(), retryMs).unref();
    }
  }

  /** Somebody may have been revoked: a reading that fails is tried again until it works. */
  async reloadDirectory(): Promise<void> {
    await this.#readDirectory().catch(() => undefined);
  }

  /**
   * Somebody holds a later version of the directory: another gateway on the same store knows it already, or the store was
   * restored from a backup since. Whoever comes before the next look begins shares it; one that has begun may be too old.
   * @throws what reading throws: then nobody knows whether there is a later one
   */
  lookForLater(): Promise<void> {
    this.#nextLook ??= this.#look();
    return this.#nextLook;
  }

  /** Tries nothing again, and reports nothing, from now on: the store is about to close. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
  }

  /** Begins once the one before has ended: where the store fails slowly, they must not pile up. */
  async #look(): Promise<void> {
    await this.#running;
    const waitMs = this.#lookedAt + betweenLooksMs - performance.now();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, waitMs)).unref());
    this.#nextLook = undefined;
    this.#lookedAt = performance.now();
    const reading = this.#readDirectory();
    this.#running = reading.catch(() => undefined);
    await reading;
  }

  async #readDirectory(): Promise<void> {
    const { directory, onDirectory } = this.#deps;
    try {
      await directory.reload();
      if (directory.version === this.#toldVersion) return;
      this.#toldVersion = directory.version;
      onDirectory(directory);
    } catch (error) {
      this.#readAgain(error);
      throw error;
    }
  }

  /** However many readings have failed meanwhile, it is tried again once. */
  #readAgain(why: unknown): void {
    if (this.#isClosed || this.#retry !== undefined) return;
    this.#deps.onError(why);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      // As a look, for there is one at a time of those.
      void this.lookForLater().catch(() => undefined);
    }, retryMs).unref();
  }

  /** A broken policy folder leaves the one in force alone. Each decision names the digest that it was made under. */
  async #reloadPolicy(): Promise<void> {
    const { store, policy: holder, patterns, log, onPolicy, onError } = this.#deps;
    try {
      const before = patterns.current;
      if (!(await holder.reload())) return;
      const policy = holder.current.digest;
      log.info({ policy }, 'policy loaded');
      // First, because a store that fails just now must not leave the correlator with the patterns of before.
      await onPolicy();
      await store.appendRecords(loadedRecords(policy, before, patterns.current));
    } catch (error) {
      // What is under way at the end may find its folder or its store gone.
      if (!this.#isClosed) onError(error);
    }
  }
}
