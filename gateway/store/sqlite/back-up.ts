/** A copy of the whole store, made while it is written to. It has its name only once it was found whole and is on the disk. */
import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { CausewayError } from '../../../protocol/errors.ts';
import { giveFreeName, syncFolder, writeNewFile } from '../../../files/durable-file.ts';
import { fileTrouble } from '../../../files/file-trouble.ts';
import { HiddenDraft } from '../../../files/hidden-draft.ts';
import { firstRow, openForReading, prepare } from './database.ts';
import { orDamage, writingTrouble } from './failures.ts';

/** How large the copy is, and how many leaves of the audit log are in it. */
export type Backup = { readonly bytes: number; readonly leaves: number };

/** All in one reading: where another process writes between two, the copying begins anew each time. */
const atOnce = 2 ** 31 - 1;

/**
 * Only its owner may read the copy. What others have in that folder, such as a backup that is under way, is left alone.
 * @param to a name that is free, also when the copy is whole
 * @throws CausewayError `home-exists` where it is not, `file-unavailable` where it cannot be written, `store-damaged`
 */
export async function backUpStore(file: string, to: string): Promise<Backup> {
  let draft: HiddenDraft | undefined;
  try {
    draft = await HiddenDraft.begin(to, 'backup-draft', async (path) => writeNewFile(path, ''));
    const { path } = draft;
    await copy(file, path);
    const leaves = countWhole(path);
    await syncFile(path);
    await giveFreeName(path, to);
    await syncFolder(dirname(to));
    return { bytes: (await stat(to)).size, leaves };
  } catch (error) {
    throw troubleOf(error, to) ?? orDamage(error, file);
  } finally {
    await draft?.end();
  }
}

function troubleOf(cause: unknown, to: string): CausewayError | undefined {
  if (isTaken(cause, to))
    return new CausewayError('home-exists', { detail: `${to} is there already.`, cause });
  const why = writingTrouble(cause);
  if (why === undefined && (cause as NodeJS.ErrnoException).code === 'ENOENT')
    return new CausewayError('file-unavailable', { detail: `There is no folder ${dirname(to)}.`, cause });
  if (why === undefined) return fileTrouble(cause, `${to} cannot be written`);
  return new CausewayError('file-unavailable', { detail: `${to} cannot be written: ${why}.`, cause });
}

/** The name was taken while the store was copied. */
function isTaken(cause: unknown, to: string): boolean {
  const { code, path, dest } = cause as NodeJS.ErrnoException & { readonly dest?: string };
  return code === 'EEXIST' && (dest ?? path) === to;
}

async function copy(file: string, draft: string): Promise<void> {
  const source = openForReading(file);
  try {
    await backup(source, draft, { rate: atOnce });
  } finally {
    source.close();
  }
}

/** The leaves in a copy. @throws CausewayError `store-damaged` where SQLite finds that its pages do not fit together */
function countWhole(draft: string): number {
  const database = new DatabaseSync(draft);
  try {
    // So that it is one file, beside which SQLite leaves no others.
    database.exec('PRAGMA journal_mode = DELETE');
    const found = firstRow<[string]>(prepare(database, 'PRAGMA quick_check(1)'))?.[0];
    if (found !== 'ok') {
      const detail = `The copy was not kept, for the store is not whole. SQLite says: ${found ?? 'nothing'}.`;
      throw new CausewayError('store-damaged', { detail });
    }
    const end = 'SELECT first + count FROM audit_block ORDER BY first DESC LIMIT 1';
    return firstRow<[number]>(prepare(database, end))?.[0] ?? 0;
  } finally {
    database.close();
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
