/** The folder that a new gateway's agreement is copied from. */
import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileReason, fileTrouble } from '../../files/file-trouble.ts';
import { CausewayError } from '../../protocol/errors.ts';

/**
 * Makes sure that a folder can be copied: what is wrong with it must not be said of the one that is made.
 * @param target the gateway's folder to be
 * @throws CausewayError `configuration-invalid`, `file-unavailable`
 */
export async function requireCopyable(folder: string, target: string): Promise<void> {
  const what = `No policies can be copied from ${folder}`;
  if (await isWithin(target, folder)) {
    const detail = `${what}: the new folder ${target} would be within it. Name the folder that holds agencies.yaml.`;
    throw new CausewayError('configuration-invalid', { detail });
  }
  const all = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    const missing = { ENOENT: 'there is no such folder', ENOTDIR: 'it is no folder' };
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (!(code in missing)) throw fileTrouble(cause, what) ?? cause;
    throw new CausewayError('configuration-invalid', {
      detail: `${what}${fileReason(cause, missing)}.`,
      cause,
    });
  });
  const strange = all.find((each) => !each.isFile() && !each.isDirectory() && !each.isSymbolicLink());
  if (strange === undefined) return;
  const detail = `${what}: ${join(strange.parentPath, strange.name)} is not a file.`;
  throw new CausewayError('configuration-invalid', { detail });
}

/** @param path of which some folders at the end may not be there yet */
async function isWithin(path: string, folder: string): Promise<boolean> {
  const way = relative(await realPathOf(folder), await realPathOf(path));
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`));
}

async function realPathOf(path: string): Promise<string> {
  const full = resolve(path);
  const parent = dirname(full);
  return realpath(full).catch(async () =>
    parent === full ? full : join(await realPathOf(parent), basename(full)),
  );
}
