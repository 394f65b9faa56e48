/** Entries of the log, read in bundles and proven to be what a checkpoint stands for. */
import { CausewayError } from '../../../protocol/errors.ts';
import { TileBuilder } from '../../../protocol/proof/tile-builder.ts';
import { decodeBundle, partialTilesAt, tileWidth } from '../../../protocol/proof/tile.ts';
import { proveConsistency } from '../../../protocol/proof/tile-proof.ts';
import { verifyConsistency } from '../../../protocol/proof/tree-proof.ts';
import type { Checkpoint } from '../../../protocol/proof/checkpoint.ts';
import type { LogReader } from './log-reader.ts';

/**
 * The entries `from` to before `to`. The tree before them is taken from tiles, they are added to it, and what comes
 * out must be a beginning of the checkpoint's tree: so nothing in between can be another entry.
 * @param to at most the size of the checkpoint
 * @throws CausewayError `log-proof-invalid`, `log-malformed`, or what reading throws
 */
export async function readRun(
  from: number,
  to: number,
  checkpoint: Pick<Checkpoint, 'size' | 'root'>,
  reader: Pick<LogReader, 'readFile'>,
): Promise<Buffer[]> {
  const start = from - (from % tileWidth);
  const before = partialTilesAt(start).map(async (name) => ({ ...name, bytes: await reader.readFile(name) }));
  const tree = TileBuilder.restore(start, await Promise.all(before));
  const entries: Buffer[] = [];
  for (let at = start; at < to; at += tileWidth) {
    const width = Math.min(tileWidth, to - at);
    const bundle = await reader.readFile({ level: 'entries', index: at / tileWidth, width });
    const decoded = decodeBundle(bundle, width);
    tree.append(decoded);
    entries.push(...decoded);
  }
  if (!(await isBeginning(to, tree.root(), checkpoint, reader))) {
    throw new CausewayError('log-proof-invalid', {
      detail: `Its entries ${start} to ${to - 1} are not those of the checkpoint.`,
    });
  }
  return entries.slice(from - start);
}

async function isBeginning(
  size: number,
  root: Buffer,
  checkpoint: Pick<Checkpoint, 'size' | 'root'>,
  reader: Pick<LogReader, 'readFile'>,
): Promise<boolean> {
  if (size === checkpoint.size) return root.equals(checkpoint.root);
  const path = await proveConsistency(size, checkpoint.size, (name) => reader.readFile(name));
  return verifyConsistency({ fromSize: size, fromRoot: root, ...checkpoint, path });
}
