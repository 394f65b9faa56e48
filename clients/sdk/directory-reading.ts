/**
 * When the directory is read: at once where somebody waits for it, and some time later where it has merely changed. All
 * endpoints hear of a change in the same moment, and each reading is a TLS connection of its own to the gateway.
 */
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import { backoffMs } from './backoff.ts';

/** A directory that the gateway has told of in this session, and that was not read so far. */
export type UnreadDirectory = {
  readonly version: number;
  /** Why the last attempt failed; `undefined` where none has. */
  readonly error: CausewayError | undefined;
};

type DirectoryReadingDependencies = {
  /** What was read last; no version where nothing was. */
  readonly held: () => { readonly version: number | undefined; readonly endpoints: number };
  /** Reads what has changed. */
  readonly read: () => Promise<void>;
  readonly random: () => number;
  /** Resolves after so many ms, or once the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly report: (error: unknown) => void;
  /** Aborted when the client is closed. */
  readonly signal: AbortSignal;
};

/** Up to 12,000 endpoints read it 200 times a second, which leaves a gateway room for others. */
const msPerEndpoint = 5;
const mostSpreadMs = 60_000;
/** The first pause after a failure is one of up to 2 s. */
const firstAttempt = 2;
/** Whoever waits goes on with what is held here when the gateway does not answer for so long. */
const patienceMs = 5_000;
/** Refusals come in bursts: so long after one was followed by a reading, the next may be. */
const betweenRefusalsMs = 1_000;

/**
 * How long after a change one of so many endpoints reads it, ms.
 * @param random from 0 to 1, 1 excluded
 */
export function spreadMs(endpoints: number, random: number): number {
  return Math.round(Math.min(mostSpreadMs, endpoints * msPerEndpoint) * random);
}

export class DirectoryReading {
  readonly #deps: DirectoryReadingDependencies;
  #underWay: Promise<void> | undefined;
  /** The version that the gateway has told of last in this session. */
  #announced: number | undefined;
  /** There while what is held may be another directory, whatever its version: until a reading that begins now has ended. */
  #doubt: object | undefined;
  /** Why the last attempt in this session failed. */
  #failure: CausewayError | undefined;
  #isFollowing = false;
  #isFollowingRefusals = false;
  /** How many wait for what was announced. */
  #waiting = 0;

  constructor(deps: DirectoryReadingDependencies) {
    this.#deps = deps;
  }

  /** True while the gateway may have another directory than the one held here. */
  get isBehind(): boolean {
    return this.#announced === undefined || this.#lacksAnnounced;
  }

  /** There only while there is a session. */
  get unread(): UnreadDirectory | undefined {
    if (this.#announced === undefined || !this.#lacksAnnounced) return undefined;
    return { version: this.#announced, error: this.#failure };
  }

  /** True while somebody waits for what was announced. */
  get isAwaited(): boolean {
    return this.#waiting > 0;
  }

  /** Reads now, together with whoever does already. @throws CausewayError */
  now(): Promise<void> {
    this.#underWay ??= this.#read().finally(() => (this.#underWay = undefined));
    return this.#underWay;
  }

  /** Reads until this version is held, or the session has ended. */
  async upTo(version: number): Promise<void> {
    this.#note(version);
    await this.#readUpTo(version);
  }

  /** The directory has changed: it is read in a while, with everything that changes until then. */
  async announce(version: number): Promise<void> {
    this.#note(version);
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    const { held, random } = this.#deps;
    while (this.#lacksAnnounced) {
      await this.#pause(spreadMs(held().endpoints, random()));
      await this.#readUpTo(this.#announced);
    }
    this.#isFollowing = false;
  }

  /**
   * For whoever cannot go on without an entry: reads now what was announced. Resolves in any case.
   * @returns true when it has waited: what was looked at before may have changed, by what was read or by trust
   */
  async catchUp(): Promise<boolean> {
    const { pause, signal } = this.#deps;
    if (!this.#lacksAnnounced) return false;
    const over = new AbortController();
    const patience = pause(patienceMs, AbortSignal.any([signal, over.signal]));
    this.#waiting++;
    // What failed is tried again, and reported, when its time has come.
    await Promise.race([this.#readAnnounced(), patience]).catch(() => undefined);
    this.#waiting--;
    over.abort();
    return true;
  }

  /**
   * The gateway has refused a message by its directory: that is read, whichever version was announced, and until then
   * whoever looks for an entry waits. Of many refusals at a time the last one is followed as well. Resolves in any case.
   */
  async refused(): Promise<void> {
    this.#doubt = {};
    if (this.#isFollowingRefusals) return;
    this.#isFollowingRefusals = true;
    while (this.#lacksAnnounced) {
      await this.catchUp();
      await this.#readUpTo(this.#announced);
      await this.#pause(betweenRefusalsMs);
    }
    this.#isFollowingRefusals = false;
  }

  /** The session has ended: the next welcome tells the version. */
  forget(): void {
    this.#announced = undefined;
    this.#doubt = undefined;
    this.#failure = undefined;
  }

  /**
   * A change may be announced before the version of the welcome is looked at. A version below the one held is that of a
   * gateway which was restored from a backup, or which is a moment behind another on the same store: it is read once, and
   * not until it is the one held.
   */
  #note(version: number): void {
    if (version <= (this.#announced ?? -1)) return;
    this.#announced = version;
    if (version < (this.#deps.held().version ?? -1)) this.#doubt = {};
  }

  async #read(): Promise<void> {
    const doubt = this.#doubt;
    try {
      await this.#deps.read();
      this.#failure = undefined;
    } catch (error) {
      this.#failure = isCausewayError(error) ? error : new CausewayError('internal-error', { cause: error });
      throw error;
    }
    if (this.#doubt === doubt) this.#doubt = undefined;
  }

  get #lacksAnnounced(): boolean {
    return this.#lacks(this.#announced);
  }

  /** True where there is a session, and this version is still to be read, or a reading is due in any case. */
  #lacks(version: number | undefined): boolean {
    if (version === undefined || this.#announced === undefined || this.#deps.signal.aborted) return false;
    return this.#doubt !== undefined || (this.#deps.held().version ?? -1) < version;
  }

  async #readUpTo(version: number | undefined): Promise<void> {
    const { signal, report, random } = this.#deps;
    for (let attempt = firstAttempt; this.#lacks(version); attempt++) {
      try {
        await this.#readAnnounced();
        if (!this.#lacks(version)) return;
      } catch (error) {
        if (signal.aborted) return;
        report(error);
      }
      await this.#pause(backoffMs(attempt, undefined, undefined, random()));
    }
  }

  async #readAnnounced(): Promise<void> {
    // One that is under way may have begun before the change.
    await this.#underWay?.catch(() => undefined);
    if (this.#lacksAnnounced) await this.now();
  }

  async #pause(ms: number): Promise<void> {
    await this.#deps.pause(ms, this.#deps.signal);
  }
}
