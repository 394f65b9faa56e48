/** One process at a time for a holder's folder: two that write its record would break the chain. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CausewayError } from '../../protocol/errors.ts';
import { takeLock, type ProcessLock } from '../../files/process-lock.ts';
import { auditPathOf } from './audit-file.ts';
import { openHolderFolder, type HolderFolder } from './holder-folder.ts';

/** A folder as it is while nobody else can change it. */
export type TakenFolder = {
  readonly folder: HolderFolder;
  /** It was taken before, which leaves a record, though an empty one; and there is none. */
  readonly hasLostRecord: boolean;
  readonly release: () => void;
};

/**
 * Opens a holder's folder and keeps it for this process until released; the operating system releases it when the
 * process dies.
 * @throws CausewayError `holder-in-use` when another process has it, `home-invalid` when it is none of a holder
 */
export async function takeHolderFolder(dir: string): Promise<TakenFolder> {
  // What is no folder of a holder gets no lock; what it holds counts from the lock on.
  await openHolderFolder(dir);
  const lockPath = join(dir, 'holder.lock');
  const wasTaken = existsSync(lockPath);
  const lock = lockFolder(dir, lockPath);
  try {
    const hasLostRecord = wasTaken && !existsSync(auditPathOf(dir));
    return { folder: await openHolderFolder(dir), hasLostRecord, release: () => lock.release() };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function lockFolder(dir: string, path: string): ProcessLock {
  const lock = tryLock(path);
  if (lock === undefined) throw new CausewayError('holder-in-use', { detail: `It is ${dir}.` });
  return lock;
}

function tryLock(path: string): ProcessLock | undefined {
  try {
    return takeLock(path);
  } catch (cause) {
    throw new CausewayError('home-invalid', { detail: `${path} cannot be opened or written.`, cause });
  }
}
