/** Received notices as files: the content byte for byte, then a description, each written durably. */
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CausewayError } from '../../protocol/errors.ts';
import { replaceFile } from '../../files/durable-file.ts';
import { fileReason } from '../../files/file-trouble.ts';
import { makeFolder } from '../../files/make-folder.ts';

/** A notice as files need it. */
export type StorableNotice = {
  readonly id: string;
  readonly from: string;
  readonly mediaType: string;
  readonly name: string | undefined;
  readonly bytes: Uint8Array;
};

/** What making a folder says of a file in its place. */
const notFolder = { EEXIST: 'it is no folder' };

/** Where a notice was saved. */
export type SavedNotice = { readonly description: string; readonly content: string };

/**
 * Before a notice is there: makes the folder, and looks whether it takes files.
 * @throws CausewayError `file-unavailable`
 */
export async function checkStore(dir: string): Promise<void> {
  try {
    await makeFolder(dir, 0o700);
    await access(dir, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw unsaved(dir, cause);
  }
}

/**
 * Writes `ID-content.EXT` and then `ID.json`, whose presence says that both are whole. A notice that comes again
 * replaces itself. Ids are their sender's own choice: where another's notice has this one already, `ID-AGENCY.ENDPOINT`
 * stands in its place. Folder and files are for their owner only.
 * @param describe the description, told the name of the content's file
 * @throws CausewayError `file-unavailable` when the files cannot be written durably
 */
export async function saveNotice(
  dir: string,
  notice: StorableNotice,
  describe: (contentFile: string) => unknown,
): Promise<SavedNotice> {
  try {
    await makeFolder(dir, 0o700);
    const stem = await stemOf(dir, notice);
    const contentFile = `${stem}-content${extensionOf(notice)}`;
    const description = join(dir, `${stem}.json`);
    await replaceFile(join(dir, contentFile), notice.bytes);
    await replaceFile(description, `${JSON.stringify(describe(contentFile), null, 2)}\n`);
    return { description, content: join(dir, contentFile) };
  } catch (cause) {
    throw unsaved(dir, cause);
  }
}

function unsaved(dir: string, cause: unknown): CausewayError {
  const detail = `Nothing can be saved in ${dir}${fileReason(cause, notFolder)}.`;
  return new CausewayError('file-unavailable', { detail, cause });
}

/** What the names of its files begin with. */
async function stemOf(dir: string, { id, from }: StorableNotice): Promise<string> {
  const found = await readFile(join(dir, `${id}.json`), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  return found === undefined || senderIn(found) === from ? id : `${id}-${from.replace('/', '.')}`;
}

/** The sender that a description names; of what is no description, nobody knows whose it is. */
function senderIn(description: string): unknown {
  try {
    return (JSON.parse(description) as { from?: unknown } | null)?.from;
  } catch {
    return undefined;
  }
}

/** The sender's file name gives only its ending: the name itself may be too long, or mean something to a system. */
function extensionOf({ name, mediaType }: StorableNotice): string {
  const given = /\.[A-Za-z0-9]{1,10}$/.exec(name ?? '')?.[0];
  if (given !== undefined) return given.toLowerCase();
  if (mediaType.startsWith('application/json')) return '.json';
  return mediaType.startsWith('text/plain') ? '.txt' : '.bin';
}
