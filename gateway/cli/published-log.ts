/**
 * The published log for a command: kept up by a gateway that runs on the same home, otherwise brought up to date here.
 * Either way only one process writes the folder: whoever holds the lock beside it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import { openCheckpoint, type CheckpointTrust } from '../../protocol/proof/checkpoint.ts';
import { emptyRoot, Frontier } from '../../protocol/proof/frontier.ts';
import { noteSigner } from '../../protocol/proof/note-signer.ts';
import { formatVerifierKey, parseVerifierKey, type VerifierKey } from '../../protocol/proof/verifier-key.ts';
import type { TreeHead } from '../audit/between.ts';
import { openLogBuilder } from '../audit/open-log-builder.ts';
import { openPublished, type PublishedCheckpoint } from '../audit/published-checkpoint.ts';
import { LogFolder } from '../audit/log-folder.ts';
import { readTilesOf } from '../audit/log-keeper.ts';
import type { ProvingLog } from '../audit/prove-message.ts';
import { PublishedLeaves, type Unchecked } from '../audit/published-leaves.ts';
import { refuseFork } from '../audit/refuse-fork.ts';
import { newestKept } from '../audit/signed-before.ts';
import type { PastCheckpoint } from '../audit/log-history.ts';
import { auditLogOptions } from '../audit-log-options.ts';
import type { GatewayHome } from '../home/gateway-home.ts';
import { logOriginOf } from '../home/gateway-settings.ts';
import { eachLeaf } from '../store/each-leaf.ts';
import type { Store } from '../store/port.ts';
import { lockPath } from '../store/path-lock.ts';
import { lastCosigned, type LastCosigned } from './last-cosigned.ts';

/** How long the gateway that runs may take to publish what was committed. */
const patienceMs = 10_000;
const pollMs = 100;
/** How long a witness may take to cosign what was just published. */
const witnessPatienceMs = 3_000;

export class PublishedLog implements ProvingLog {
  readonly folder: LogFolder;
  readonly read: ProvingLog['read'];
  readonly verifierKey: VerifierKey;
  readonly #home: GatewayHome;
  readonly #store: Pick<Store, 'readLeafRuns'>;

  constructor(home: GatewayHome, store: Pick<Store, 'readLeafRuns'>) {
    this.#home = home;
    this.#store = store;
    this.folder = new LogFolder(home.logDir);
    this.read = readTilesOf(this.folder);
    this.verifierKey = noteSigner(logOriginOf(home.settings), home.logKeyPem).verifierKey;
  }

  /** Whose signatures count: of this log, and of the witnesses of the settings. */
  get trust(): CheckpointTrust {
    const { settings } = this.#home;
    const witnesses = settings.log.witnesses.map(({ key }) => parseVerifierKey(key));
    return { origin: logOriginOf(settings), keys: [this.verifierKey], witnesses };
  }

  /** The verifier key as a line of text. */
  get vkey(): string {
    return `${formatVerifierKey(this.verifierKey)}\n`;
  }

  /**
   * The leaves of the store, held against what was published of them.
   * @param onUnchecked told before leaves are given that cannot be held against it
   */
  async leavesOf(
    store: Pick<Store, 'readLeaves'>,
    onUnchecked: (unchecked: Unchecked) => void,
  ): Promise<PublishedLeaves> {
    const { folder } = this;
    let published: TreeHead = { size: 0, root: emptyRoot };
    try {
      const latest = await this.latest();
      if (latest === undefined) onUnchecked({ reason: await this.#whyThereIsNone() });
      else {
        published = latest;
        if ((await this.#endsIn(store, latest)) === false)
          onUnchecked({ reason: 'log-forked', size: latest.size });
      }
    } catch (cause) {
      onUnchecked({ reason: 'checkpoint-unreadable', cause });
    }
    return new PublishedLeaves({ store, folder, published, onUnchecked });
  }

  /** A log that was published left tiles beside the checkpoint, and checkpoints of the past elsewhere. */
  async #whyThereIsNone(): Promise<'never-published' | 'checkpoint-missing'> {
    const isTraceless = !(await this.folder.hasTiles()) && (await this.newestKept()) === undefined;
    return isTraceless ? 'never-published' : 'checkpoint-missing';
  }

  /** The newest checkpoint in the folder; undefined where nothing was published yet. */
  async latest(): Promise<PublishedCheckpoint | undefined> {
    return this.#open(await this.folder.readCheckpoint());
  }

  /** The newest checkpoint of this log in `checkpoints/`; undefined where none was kept. */
  async newestKept(): Promise<PublishedCheckpoint | undefined> {
    const { verifierKey } = this;
    return newestKept({ historyDir: this.#home.checkpointsDir, verifierKey, now: Date.now });
  }

  #open(text: string | undefined): PublishedCheckpoint | undefined {
    return text === undefined ? undefined : openPublished(text, this.verifierKey);
  }

  /**
   * The checkpoint to prove something under: the newest that witnesses have cosigned, where it has at least so many
   * leaves, as it says more; otherwise the newest.
   * @throws CausewayError as {@link checkpointFor}
   */
  async provingCheckpoint(size: number): Promise<PublishedCheckpoint> {
    const latest = await this.checkpointFor(size);
    const witnessed = this.#open(await this.folder.readWitnessedCheckpoint());
    return witnessed !== undefined && witnessed.size >= size && witnessed.size < latest.size
      ? witnessed
      : latest;
  }

  /**
   * The same, after a short wait for the witnesses of the settings where a gateway runs, which asks them.
   * @throws CausewayError as {@link checkpointFor}
   */
  async cosignedCheckpoint(size: number): Promise<PublishedCheckpoint> {
    const { trust } = this;
    const deadline = performance.now() + witnessPatienceMs;
    for (;;) {
      const found = await this.provingCheckpoint(size);
      const { cosignatures } = openCheckpoint(found.text, trust);
      const isInVain =
        trust.witnesses?.length === 0 || cosignatures.length > 0 || performance.now() > deadline;
      if (isInVain || !this.#isKeptByGateway()) return found;
      await pause(pollMs);
    }
  }

  /** What each witness of the settings has cosigned last. @param past checkpoints that were kept, oldest first */
  async lastCosigned(latest: PublishedCheckpoint, past: readonly PastCheckpoint[]): Promise<LastCosigned[]> {
    const witnessed = await this.folder.readWitnessedCheckpoint();
    const kept = past.map(({ checkpoint }) => checkpoint).reverse();
    return lastCosigned([latest.text, witnessed ?? '', ...kept], this.trust);
  }

  /** Whether a process that runs keeps the folder up to date. */
  #isKeptByGateway(): boolean {
    try {
      lockPath(this.#home.logDir).release();
      return false;
    } catch (error) {
      if (isCausewayError(error, 'store-in-use')) return true;
      throw error;
    }
  }

  /**
   * The checkpoint of everything that is recorded now.
   * @throws CausewayError as {@link checkpointFor}; `log-forked` where the store does not hold what was published
   */
  async currentCheckpoint(store: Pick<Store, 'countLeaves' | 'readLeaves'>): Promise<PublishedCheckpoint> {
    const latest = await this.checkpointFor(await store.countLeaves());
    // Only now, as a gateway that runs goes on: whatever it has published stands in the store by then.
    if ((await this.#endsIn(store, latest)) === true) return latest;
    const tree = new Frontier();
    for await (const { leaf } of eachLeaf(store, 0, latest.size)) tree.append([Buffer.from(leaf, 'latin1')]);
    refuseFork(tree, [latest]);
    return latest;
  }

  /** Whether the store has the last leaf that was published, as far as its tile tells: undefined where that cannot be read. */
  async #endsIn(
    store: Pick<Store, 'readLeaves'>,
    published: PublishedCheckpoint,
  ): Promise<boolean | undefined> {
    const unchecked: Unchecked[] = [];
    const leaves = new PublishedLeaves({
      ...{ store, folder: this.folder, published },
      onUnchecked: (each) => unchecked.push(each),
    });
    const [last] = await leaves.readLeaves(published.size - 1, 1);
    if (last === undefined) return false;
    return unchecked.length === 0 ? last.tampered !== 'rewritten' : undefined;
  }

  /** @throws CausewayError `log-unreadable` when a gateway runs but does not publish, or nothing was recorded yet */
  async checkpointFor(size: number): Promise<PublishedCheckpoint> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const latest = await this.latest();
      if (latest !== undefined && latest.size >= size) return latest;
      const isPublished = await this.#publishHere();
      if (isPublished && (await this.latest()) === undefined) {
        throw new CausewayError('log-unreadable', {
          detail: 'Nothing was recorded yet: the log begins when the gateway first starts.',
        });
      }
      if (!isPublished && performance.now() > deadline) {
        throw new CausewayError('log-unreadable', {
          detail: 'The gateway that runs has not published it; `causeway gateway check` says why.',
        });
      }
    }
  }

  /** @returns false, after a pause, when a gateway runs, whose task it is */
  async #publishHere(): Promise<boolean> {
    let lock: ReturnType<typeof lockPath>;
    try {
      lock = lockPath(this.#home.logDir);
    } catch (error) {
      if (!isCausewayError(error, 'store-in-use')) throw error;
      await pause(pollMs);
      return false;
    }
    try {
      const builder = await openLogBuilder(this.folder, this.#store, auditLogOptions(this.#home));
      await builder.advance();
      await builder.sync();
      return true;
    } finally {
      lock.release();
    }
  }
}
