/**
 * Follows the log leaf by leaf, for what it says of endpoints: above all of this one. Whatever the gateway shows this
 * endpoint of its own entry, it shows everybody else what stands here.
 */
import { parseLeaf, type Leaf } from '../../../protocol/audit/leaf.ts';
import type { Digest, EndpointAddress } from '../../../protocol/ids.ts';
import { tileWidth } from '../../../protocol/proof/tile.ts';
import type { SeenCheckpoint } from './log-halt.ts';
import type { LogReader } from './log-reader.ts';
import { readRun } from './log-run.ts';
import { LogTable, type OwnChange } from './log-table.ts';
import type { StateDatabase } from '../state-database.ts';

type PassageDependencies = {
  readonly state: StateDatabase;
  readonly reader: LogReader;
  readonly self: EndpointAddress;
  readonly now: () => number;
  /** Index of the leaf to begin with. */
  readonly from: number;
  /** Digest of the entry that enrolment made. */
  readonly enrolled: Digest;
  /** True while this home is changing its own entry: what the log says of it cannot be judged yet. */
  isChanging(): boolean;
  /** Told of each change of the own entry, once. */
  readonly onChange: (change: OwnChange) => void;
  /** Told when newer leaves about other endpoints were passed. */
  readonly onPassed: (endpoints: readonly EndpointAddress[]) => void;
};

/** The beginning of every leaf that is about an entry of the directory. */
const aboutEndpoint = Buffer.from('{"kind":"endpoint.');

type EndpointLeaf = Leaf & { readonly endpoint: EndpointAddress; readonly entry: Digest };
type Passed = { readonly index: number; readonly leaf: EndpointLeaf };

export class LogPassage {
  readonly #deps: PassageDependencies;
  readonly #table: LogTable;

  constructor(deps: PassageDependencies) {
    this.#deps = deps;
    this.#table = new LogTable(deps.state.statements);
  }

  /** How many leaves have been passed, counted from the beginning of the log. */
  get followed(): number {
    return Number(this.#table.readMeta('logFollowed') ?? this.#deps.from);
  }

  /**
   * Goes on to the checkpoint, or as far as so many bundles reach.
   * @returns true when there is more
   * @throws CausewayError `log-proof-invalid`, `log-malformed`, or what reading throws
   */
  async follow(checkpoint: SeenCheckpoint, maxBundles: number): Promise<boolean> {
    // One after the other, so that what came over a slow link is kept although the rest did not come in time.
    for (let count = 0; count < maxBundles; count++) if (!(await this.#followOne(checkpoint))) return false;
    return true;
  }

  async #followOne(checkpoint: SeenCheckpoint): Promise<boolean> {
    const from = this.followed;
    if (from >= checkpoint.size) return false;
    const to = Math.min(checkpoint.size, from - (from % tileWidth) + tileWidth);
    const entries = await readRun(from, to, checkpoint, this.#deps.reader);
    const passed = entries.flatMap((bytes, place): Passed[] => {
      const leaf = bytes.subarray(0, aboutEndpoint.byteLength).equals(aboutEndpoint)
        ? parseLeaf(bytes)
        : undefined;
      return leaf !== undefined && isEndpointLeaf(leaf) ? [{ index: from + place, leaf }] : [];
    });
    const stop = passed.find(({ leaf }) => this.#mustWait(leaf));
    await this.#note(passed, from, stop?.index ?? to);
    return stop === undefined && to < checkpoint.size;
  }

  /** The log says this of the own entry, or of what was found in it by other means. */
  async noteOwn(changes: readonly { readonly index: number; readonly leaf: EndpointLeaf }[]): Promise<void> {
    const fresh = await this.#deps.state.write(() => this.#keepOwn(changes));
    fresh.forEach((change) => this.#deps.onChange(change));
  }

  async #note(passed: readonly Passed[], from: number, to: number): Promise<void> {
    const { state, self, onChange, onPassed } = this.#deps;
    const reached = passed.filter(({ index }) => index < to);
    const fresh = await state.write(() => {
      // Another process that shares the home may have gone further.
      if (this.followed === from) this.#table.writeMeta('logFollowed', to);
      for (const { index, leaf } of reached) this.#table.passLeaf(leaf.endpoint, index);
      return this.#keepOwn(reached.filter(({ leaf }) => leaf.endpoint === self));
    });
    fresh.forEach(onChange);
    if (reached.length > 0) onPassed(reached.map(({ leaf }) => leaf.endpoint));
  }

  /** Call inside a transaction. */
  #keepOwn(changes: readonly Passed[]): OwnChange[] {
    const foundAt = this.#deps.now();
    return changes
      .map(({ index, leaf: { kind, at, entry } }) => ({
        ...{ leaf: index, kind, at, entry },
        ...{ foreign: !this.#isOwn(entry), foundAt },
      }))
      .filter((change) => this.#table.noteChange(change));
  }

  #mustWait({ endpoint, entry }: EndpointLeaf): boolean {
    return endpoint === this.#deps.self && !this.#isOwn(entry) && this.#deps.isChanging();
  }

  #isOwn(entry: Digest): boolean {
    return entry === this.#deps.enrolled || this.#table.isOwnEntry(entry);
  }
}

/** True for a leaf that names an endpoint and its entry. */
export function isEndpointLeaf(leaf: Leaf): leaf is EndpointLeaf {
  return leaf.kind.startsWith('endpoint.') && leaf.endpoint !== undefined && leaf.entry !== undefined;
}
