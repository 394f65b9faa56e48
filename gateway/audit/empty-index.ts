/**
 * Empties a search index that has not come to an erasure. In its place, as SQLite then overwrites what the case said, and
 * whoever has it open sees an empty index and takes everything in again. Until that is done all that it held stands in
 * the journal as well, and where the disk has no room for this, the file is removed: what a case said goes before what is
 * convenient. It is removed while nobody else reads or writes it. Whoever still has it open can write nothing more into
 * it, and so cannot take in the erasure and answer from it: he opens the new one, see `SearchIndex`.
 */
import { statfsSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { dirname } from 'node:path';
import { sqliteErrorOf, sqliteErrors } from '../../files/sqlite-error.ts';
import {
  connectIndexFile,
  hasForm,
  indexErrorOf,
  inTransaction,
  isDamage,
  makeTables,
  removeIndexFile,
} from './index-file.ts';

export type IndexEmptying = {
  readonly file: string;
  /** Index of the leaf of the erasure. */
  readonly erasure: number;
  /** What must stay free on the disk meanwhile. */
  readonly keepFreeBytes: number;
};

/**
 * - `good`: it has come to the erasure, or holds nothing.
 * - `older`: it was of another form, and was begun again, as the next search would have done.
 * - `emptied`
 * - `removed`: it was removed, for want of room to empty it.
 * - `damaged`: it was damaged, and was removed.
 * - `busy`: somebody reads or writes it, for whom nobody waits here.
 */
export type EmptyingOutcome = 'good' | 'older' | 'emptied' | 'removed' | 'damaged' | 'busy';

/** @throws CausewayError `store-unavailable` */
export function emptyIndex({ file, erasure, keepFreeBytes }: IndexEmptying): EmptyingOutcome {
  try {
    try {
      return emptyOrRemove(file, erasure, hasRoom(file, keepFreeBytes));
    } catch (error) {
      // Others have taken the room meanwhile, or this user may not have it.
      if (sqliteErrorOf(error) !== sqliteErrors.full) throw error;
      return emptyOrRemove(file, erasure, false);
    }
  } catch (error) {
    if (sqliteErrorOf(error) === sqliteErrors.busy) return 'busy';
    if (!isDamage(error)) throw indexErrorOf(error);
    removeIndexFile(file);
    return 'damaged';
  }
}

function hasRoom(file: string, keepFreeBytes: number): boolean {
  const { bavail, bsize } = statfsSync(dirname(file));
  return bavail * bsize >= statSync(file).size + keepFreeBytes;
}

function emptyOrRemove(file: string, erasure: number, hasRoomFor: boolean): EmptyingOutcome {
  const database = connectIndexFile(file, 0);
  const work = (): EmptyingOutcome => {
    const isOlder = !hasForm(database);
    if (!isOlder && isGood(database, erasure)) return 'good';
    if (hasRoomFor) makeTables(database);
    else removeIndexFile(file);
    if (isOlder) return 'older';
    return hasRoomFor ? 'emptied' : 'removed';
  };
  try {
    return inTransaction(database, work, 'EXCLUSIVE');
  } finally {
    database.close();
  }
}

function isGood(database: DatabaseSync, erasure: number): boolean {
  const { next } = database.prepare('SELECT next FROM progress').get() as { next: number };
  return next === 0 || next > erasure;
}
