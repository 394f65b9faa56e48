/**
 * What is made under a hidden name beside the one that it will have, until it is whole: a file or a folder. Whoever makes it
 * holds the lock beside it, which the system releases when the process dies: so a later run can tell a draft that was left
 * behind, as large as a store or with private keys in it, from one that is being made.
 */
import { randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CausewayError } from '../protocol/errors.ts';
import { writeNewFile } from './durable-file.ts';
import { takeLock, type ProcessLock } from './process-lock.ts';

/** What the name of a draft ends with: `.NAME.<random>.<kind>`. */
export type DraftKind = 'backup-draft' | 'partial';

const lockEndings = ['.lock-journal', '.lock'];
/** All that may stand there of a draft. The lock goes last: a draft without one would never be removed. */
const endings = ['', '-journal', '-wal', '-shm', ...lockEndings];
/** Where no lock was to be had as often as that, it is not for other runs that take each draft for an abandoned one. */
const maxTries = 5;
/** On some network disks no machine sees the locks of another one, which may be making one of its own there. */
const abandonedMs = 24 * 60 * 60 * 1000;

export class HiddenDraft {
  readonly path: string;
  readonly #lock: ProcessLock;

  private constructor(path: string, lock: ProcessLock) {
    this.path = path;
    this.#lock = lock;
  }

  /**
   * Removes what runs that were cut off have left in the folder, and begins a draft. Call {@link end}.
   * @param to the name that it will have
   * @param make puts a file or a folder under the name that it is given, or fails and leaves nothing
   * @param lock how it is locked; for tests
   * @throws CausewayError `file-unavailable` where no lock can be had; an error of the system, or SQLite's, where nothing
   * can be written there
   */
  static async begin(
    to: string,
    kind: DraftKind,
    make: (draft: string) => Promise<unknown>,
    lock: typeof takeLock = takeLock,
  ): Promise<HiddenDraft> {
    await removeAbandoned(to, kind);
    for (let tries = 0; tries < maxTries; tries++) {
      const name = `.${basename(to)}.${randomBytes(6).toString('hex')}.${kind}`;
      const path = join(dirname(to), name);
      const held = await holdDraft(path, lock);
      // Another run may have taken it for one that was left behind.
      if (held === undefined) continue;
      try {
        await make(path);
        return new HiddenDraft(path, held);
      } catch (error) {
        // Whatever has that name is somebody else's.
        await remove(path, lockEndings).catch(() => undefined);
        held.release();
        throw error;
      }
    }
    throw new CausewayError('file-unavailable', {
      detail: `${to} cannot be made: the disk takes no lock there.`,
    });
  }

  /** Removes what is left of it: nothing but the lock where it has got its name. Never throws. */
  async end(): Promise<void> {
    await remove(this.path, endings).catch(() => undefined);
    this.#lock.release();
  }
}

/** @returns undefined where another process has it, and nothing of it is left; nor where this throws, as on a full disk */
async function holdDraft(draft: string, lock: typeof takeLock): Promise<ProcessLock | undefined> {
  let held: ProcessLock | undefined;
  try {
    await writeNewFile(`${draft}.lock`, '');
    held = lock(`${draft}.lock`);
  } finally {
    if (held === undefined) await remove(draft, lockEndings).catch(() => undefined);
  }
  return held;
}

/** Never throws: what cannot be removed keeps nobody from making another. */
async function removeAbandoned(to: string, kind: DraftKind): Promise<void> {
  const folder = dirname(to);
  const lockName = new RegExp(`^\\.(.+)\\.[0-9a-f]{12}\\.${kind}\\.lock$`);
  for (const file of await readdir(folder).catch(() => [])) {
    const name = lockName.exec(file)?.[1];
    if (name === undefined) continue;
    const draft = join(folder, file.slice(0, -'.lock'.length));
    try {
      if (name === basename(to) || (await isOld(draft))) await removeUnlessLocked(draft);
    } catch {
      // It may belong to another user.
    }
  }
}

async function isOld(draft: string): Promise<boolean> {
  const files = [stat(draft).catch(() => undefined), stat(`${draft}.lock`)];
  const times = (await Promise.all(files)).map((found) => found?.mtimeMs ?? 0);
  return Date.now() - Math.max(...times) > abandonedMs;
}

async function removeUnlessLocked(draft: string): Promise<void> {
  const lock = takeLock(`${draft}.lock`);
  if (lock === undefined) return;
  try {
    await remove(draft, endings);
  } finally {
    lock.release();
  }
}

async function remove(draft: string, which: readonly string[]): Promise<void> {
  for (const ending of which) await rm(`${draft}${ending}`, { recursive: true, force: true });
}
