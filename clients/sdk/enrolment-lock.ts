/** One enrolment at a time into a home: two would take the same keys for theirs, and the folder from each other. */
import { closeSync, openSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CausewayError } from '../../protocol/errors.ts';
import { fileReason, fileTrouble } from '../../files/file-trouble.ts';
import { makeFolder } from '../../files/make-folder.ts';
import { takeLock, type ProcessLock } from '../../files/process-lock.ts';

/**
 * Does the work while nobody else enrols into a home. The lock is a file beside it, which is gone afterwards; one that
 * a crash has left holds nobody up.
 * @param take how the lock is taken
 * @throws CausewayError `home-in-use` while another one does; `file-unavailable`; or what the work throws
 */
export async function enrolAlone<T>(home: string, work: () => Promise<T>, take = takeLock): Promise<T> {
  await makeFolder(dirname(home));
  const path = join(dirname(home), `.${basename(home)}.enrolling`);
  const lock = tryLock(path, home, take);
  if (lock === undefined) throw new CausewayError('home-in-use', { detail: `It is ${home}.` });
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
    lock.release();
  }
}

function tryLock(path: string, home: string, take: typeof takeLock): ProcessLock | undefined {
  try {
    return take(path);
  } catch (cause) {
    const unmade = `No home can be made in ${home}`;
    const reason = reasonAgainst(path);
    const trouble = reason === undefined ? fileTrouble(cause, unmade) : undefined;
    if (trouble !== undefined) throw trouble;
    const detail = `${unmade}${reason ?? `: ${path} cannot be opened or written`}.`;
    throw new CausewayError('file-unavailable', { detail, cause });
  }
}

/** What the system says against a file, in words: SQLite does not tell. */
function reasonAgainst(path: string): string | undefined {
  try {
    closeSync(openSync(path, 'a', 0o600));
    return undefined;
  } catch (error) {
    return fileReason(error, { ENOENT: 'no folder can be made there' });
  }
}
