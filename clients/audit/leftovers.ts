/**
 * Files below `tile/` that the checkpoint does not need: partial tiles of earlier sizes, which must be beginnings of
 * the later ones, and tiles beyond the checkpoint, which mean that it has been rolled back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseCheckpoint } from '../../protocol/proof/checkpoint.ts';
import { hashBytes } from '../../protocol/proof/merkle.ts';
import { parseNote } from '../../protocol/proof/note.ts';
import {
  parseTilePath,
  tileWidth,
  tileWidthAt,
  type BundleName,
  type TileName,
} from '../../protocol/proof/tile.ts';
import type { FindingList } from './finding.ts';
import { checkpointFile, readCheckpointFile, readLogFile, type LogFiles } from './log-folder.ts';

/** What was verified, and how it is told from one that grows meanwhile. */
export type VerifiedCheckpoint = {
  readonly size: number;
  /** How long a gateway may take from the first tile of new entries to their checkpoint, ms. */
  readonly growsWithinMs: number;
};

const lookMs = 50;

export async function checkLeftovers(
  files: LogFiles,
  checkpoint: VerifiedCheckpoint,
  findings: FindingList,
): Promise<void> {
  const { size } = checkpoint;
  let beyond: string | undefined;
  for await (const path of files.paths()) {
    const name = parseTilePath(path);
    if (name === undefined) continue;
    const width = tileWidthAt(name.level === 'entries' ? 0 : name.level, name.index, size);
    if (name.width > width) beyond ??= path;
    else if (name.width < width) await compareWithWider(files, path, name, width, findings);
  }
  if (beyond === undefined) return;
  if (await isGrowing(files, checkpoint)) return;
  const text = `${beyond} holds entries after the ${size} of the checkpoint: an older checkpoint has taken the place of a later one.`;
  findings.add({ kind: 'rolled-back', where: checkpointFile, line: 2, text });
}

/** Waits for a checkpoint to follow the tiles that were written before it. */
async function isGrowing(files: LogFiles, { size, growsWithinMs }: VerifiedCheckpoint): Promise<boolean> {
  const until = performance.now() + growsWithinMs;
  for (;;) {
    if (sizeOf(await readCheckpointFile(files)) > size) return true;
    if (performance.now() >= until) return false;
    await sleep(lookMs);
  }
}

/** What a checkpoint claims, whoever signed it: the next verification judges that. */
function sizeOf(checkpoint: Buffer | undefined): number {
  try {
    return checkpoint === undefined ? 0 : parseCheckpoint(parseNote(checkpoint).text).size;
  } catch {
    return 0;
  }
}

async function compareWithWider(
  files: LogFiles,
  path: string,
  name: TileName | BundleName,
  width: number,
  findings: FindingList,
): Promise<void> {
  const [narrow, wide] = [await readLogFile(files, name), await readLogFile(files, { ...name, width })];
  if (narrow === undefined || wide === undefined || name.width === tileWidth) return;
  const end = name.level === 'entries' ? endOfEntry(wide.bytes, name.width) : name.width * hashBytes;
  if (narrow.path !== path || narrow.bytes.equals(wide.bytes.subarray(0, end))) return;
  const text = `${path} is not the beginning of ${wide.path}.`;
  findings.add({ kind: 'edited', where: path, text });
}

/** Where the first `count` entries of a bundle end. */
function endOfEntry(bundle: Buffer, count: number): number {
  let offset = 0;
  for (let entry = 0; entry < count && offset + 2 <= bundle.byteLength; entry++) {
    offset += 2 + bundle.readUInt16BE(offset);
  }
  return offset;
}
