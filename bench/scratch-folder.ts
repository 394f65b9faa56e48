/**
 * A folder for what a benchmark writes, away from what others have deleted.
 *
 * On ext4 without a journal, which virtual machines are often given, whoever makes a file looks at each inode near its
 * folder that was deleted in the last minutes: what one benchmark deletes would cost the next one up to an eighth of its
 * time. A folder within one that is marked as the top of a hierarchy (`chattr +T`) is put elsewhere, by its name.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export type ScratchFolder = AsyncDisposable & { readonly path: string };

/** Makes one; its disposal removes it with all that is in it. */
export async function makeScratchFolder(): Promise<ScratchFolder> {
  const top = await mkdtemp(join(tmpdir(), 'causeway-bench-'));
  // Other file systems know no such mark, and need none.
  await promisify(execFile)('chattr', ['+T', top]).catch(() => undefined);
  return {
    path: await mkdtemp(join(top, 'files-')),
    [Symbol.asyncDispose]: async () => rm(top, { recursive: true, force: true }),
  };
}
