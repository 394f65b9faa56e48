/** Older checkpoints of the same log: what they have signed must be its beginning still. */
import type { Checkpoint } from '../../protocol/proof/checkpoint.ts';
import type { TileName } from '../../protocol/proof/tile.ts';
import { judgeCheckpoint } from '../sdk/log/log-judgement.ts';
import type { Finding } from './finding.ts';
import { readLogFile, type LogFiles } from './log-folder.ts';

type Tree = Pick<Checkpoint, 'size' | 'root'>;

/** `where`: the file that it stands in. */
export type OlderCheckpoint = Tree & { readonly where: string };

export class OlderCheckpoints {
  /** The smallest first. */
  readonly #older: readonly OlderCheckpoint[];
  /** Those that the entries do not lead to. */
  readonly #missed = new Set<OlderCheckpoint>();

  constructor(older: readonly OlderCheckpoint[]) {
    this.#older = older.toSorted((a, b) => a.size - b.size);
  }

  /** The sizes between these two at which the entries are to be compared. */
  sizesBetween(from: number, to: number): number[] {
    return this.#older.map(({ size }) => size).filter((size) => size > from && size < to);
  }

  /** Compares the entries so far, where one has their size. */
  compare(entries: { readonly size: number; root(): Buffer }): void {
    for (const older of this.#older) {
      if (older.size === entries.size && !entries.root().equals(older.root)) this.#missed.add(older);
    }
  }

  /**
   * Findings for those that certainly are of another history than the checkpoint. Entries that do not lead to it themselves
   * tell nothing of that, as a single damaged one leads nowhere: then the tiles do, where they lead to it.
   * @param entriesAreSigned whether the entries lead to the checkpoint
   */
  async findForks(checkpoint: Tree, entriesAreSigned: boolean, files: LogFiles): Promise<Finding[]> {
    const read = async (name: TileName): Promise<Buffer> =>
      (await readLogFile(files, name))?.bytes ?? Buffer.alloc(0);
    const findings: Finding[] = [];
    for (const older of this.#older) {
      const isForked = entriesAreSigned
        ? this.#missed.has(older)
        : (await judgeCheckpoint(older, checkpoint, read)).verdict === 'forked';
      if (!isForked) continue;
      const { where, size } = older;
      const text = `the first ${size} entries are not those that ${where} has signed: the log has signed two histories.`;
      findings.push({ kind: 'forked', where, text });
    }
    return findings;
  }
}
