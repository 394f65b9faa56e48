/** Finds the entries of the directory in the log, before their keys are used. */
import { parseLeaf, type Leaf } from '../../../protocol/audit/leaf.ts';
import { CausewayError, isCausewayError } from '../../../protocol/errors.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { leafHash } from '../../../protocol/proof/merkle.ts';
import { proveInclusion } from '../../../protocol/proof/tile-proof.ts';
import { verifyInclusion } from '../../../protocol/proof/tree-proof.ts';
import type { SeenCheckpoint } from './log-halt.ts';
import type { LogFaults } from './log-faults.ts';
import type { LogReader } from './log-reader.ts';
import { LogTable, type UnprovenEntry } from './log-table.ts';
import type { StateDatabase } from '../state-database.ts';

type EntryProverDependencies = {
  readonly state: StateDatabase;
  readonly reader: LogReader;
  readonly faults: LogFaults;
  /** Told after entries were found. */
  onProven(found: readonly ProvenEntry[]): Promise<void>;
};

/** An entry that stands in the log, and what its leaf says. */
export type ProvenEntry = UnprovenEntry & { readonly said: Leaf };

/** So many proofs between two turns of the event loop. */
const proofsPerTurn = 8;

export class EntryProver {
  readonly #deps: EntryProverDependencies;
  readonly #table: LogTable;

  constructor(deps: EntryProverDependencies) {
    this.#deps = deps;
    this.#table = new LogTable(deps.state.statements);
  }

  /** True while the directory names entries that were not found yet. */
  get hasWork(): boolean {
    return this.#table.readUnproven().length > 0;
  }

  /**
   * Looks for every entry that was not found yet. One that is not what the log says is raised, and its key stays unused.
   * @returns true when some leaves lie beyond the checkpoint
   */
  async prove(checkpoint: SeenCheckpoint): Promise<boolean> {
    const found: ProvenEntry[] = [];
    const open = this.#table.readUnproven();
    for (const [count, entry] of open.entries()) {
      if (entry.leaf >= checkpoint.size) continue;
      const said = await this.#find(entry, checkpoint);
      if (said !== undefined) found.push({ ...entry, said });
      if (count % proofsPerTurn === proofsPerTurn - 1) await new Promise((resolve) => setImmediate(resolve));
    }
    if (found.length > 0) {
      await this.#deps.state.write(() => {
        for (const entry of found) this.#table.noteProven(entry);
      });
      await this.#deps.onProven(found);
    }
    return open.some(({ leaf }) => leaf >= checkpoint.size);
  }

  async #find(entry: UnprovenEntry, checkpoint: SeenCheckpoint): Promise<Leaf | undefined> {
    try {
      const said = readEntryLeaf(entry);
      this.#refuseOutdated(entry);
      await this.#findLeaf(entry, checkpoint);
      return said;
    } catch (error) {
      // Whatever else fails, such as the own state or the gateway, says nothing of the entry.
      if (!isCausewayError(error, 'log-proof-invalid') && !isCausewayError(error, 'log-malformed'))
        throw error;
      this.#deps.reader.forget();
      const { endpoint, leaf, text, entry: digest } = entry;
      await this.#deps.faults.raise('entry', {
        subject: `${endpoint} ${leaf} ${digest}`,
        detail: `The entry of ${endpoint} in the directory is not what the log says: ${error.message}`,
        facts: { endpoint, entryDigest: digest, leafIndex: leaf, leaf: text, checkpoint: checkpoint.note },
      });
      return undefined;
    }
  }

  #refuseOutdated({ endpoint, leaf }: UnprovenEntry): void {
    const newest = this.#table.newestLeaf(endpoint);
    if (newest > leaf) {
      throw new CausewayError('log-proof-invalid', { detail: `Leaf ${newest} is a newer one about it.` });
    }
  }

  async #findLeaf({ leaf, text }: UnprovenEntry, { size, root }: SeenCheckpoint): Promise<void> {
    const { reader } = this.#deps;
    const path = await proveInclusion(leaf, size, (name) => reader.readFile(name));
    const claim = { leaf: leafHash(Buffer.from(text)), index: leaf, size, path, root };
    if (!verifyInclusion(claim)) {
      throw new CausewayError('log-proof-invalid', { detail: `It is not leaf ${leaf}.` });
    }
  }
}

/** The leaf of an entry, when it speaks of this entry and no other. @throws CausewayError `log-malformed`, `log-proof-invalid` */
export function readEntryLeaf({
  endpoint,
  text,
  entry,
}: {
  readonly endpoint: EndpointAddress;
  readonly text: string;
  readonly entry: string;
}): Leaf {
  const said = parseLeaf(Buffer.from(text));
  if (!said.kind.startsWith('endpoint.') || said.endpoint !== endpoint || said.entry !== entry) {
    throw new CausewayError('log-proof-invalid', { detail: 'Its leaf speaks of another entry.' });
  }
  return said;
}
