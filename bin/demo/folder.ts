/** The folder of a demonstration. */
import { mkdtemp, readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeFolder } from '../../files/make-folder.ts';
import { freeBytesAt } from '../../gateway/admission/disk-room.ts';
import { mebibyte } from '../../gateway/admission/mebibyte.ts';
import { CausewayError } from '../../protocol/errors.ts';
import { usageError } from '../../terminal/input.ts';

/** The gateway's floor twice, below which it takes less, and what all write until the end of the story. */
const neededMebibytes = 64;

/**
 * The folder that is to be kept, or one for the time being.
 * @throws CausewayError `usage-invalid`, also where something is in it
 */
export async function openFolder(keep: string | undefined): Promise<string> {
  if (keep === undefined) return openTemporary();
  if (keep === '') throw usageError('--keep names no folder. Name one that is empty, or is not there yet.');
  const dir = resolve(keep);
  const found = await makeFolder(dir)
    .then(() => readdir(dir))
    .catch(async (error: unknown) => {
      const isFile = (await stat(dir).catch(() => undefined))?.isFile() === true;
      const trouble = isFile
        ? `${dir} of --keep is a file`
        : `The folder ${dir} of --keep cannot be made or read`;
      throw usageError(`${trouble}. Choose another place.`, error);
    });
  if (found.length === 0) return dir;
  throw usageError(`The folder ${dir} of --keep is not empty. Choose another place.`);
}

async function openTemporary(): Promise<string> {
  const place = tmpdir();
  return mkdtemp(join(place, 'causeway-demo-')).catch((error: unknown) => {
    throw usageError(`No folder can be made in ${place}. Set $TMPDIR, or name a place with --keep.`, error);
  });
}

/**
 * Makes sure that nobody has to stop in the middle of the story.
 * @throws CausewayError `file-unavailable`
 */
export async function requireRoom(dir: string, readFreeBytes = freeBytesAt(dir)): Promise<void> {
  const free = Math.floor((await readFreeBytes()) / mebibyte);
  if (free >= neededMebibytes) return;
  throw new CausewayError('file-unavailable', {
    detail: `The demonstration needs ${neededMebibytes} MiB of disk, and ${dir} has ${free} MiB left.`,
  });
}
