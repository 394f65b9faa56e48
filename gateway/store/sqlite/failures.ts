/** What SQLite's errors mean to the engine. */
import { dirname } from 'node:path';
import { isCausewayError } from '../../../protocol/errors.ts';
import { isOnReadOnlyDisk } from '../../../files/read-only-disk.ts';
import { isSpoiltFile, sqliteErrorOf, sqliteErrors } from '../../../files/sqlite-error.ts';
import { BrokenLogError } from '../joined-blocks.ts';
import { damageOf } from '../store-damage.ts';
import { ForeignRuleError, MissingPartError } from './foreign-rules.ts';
import type { PackedFailure } from './operations.ts';

const environmental = new Set<number>(Object.values(sqliteErrors));
environmental.delete(sqliteErrors.statement);

/** True where the file itself is spoilt: waiting does not help, and neither does opening it again. */
function isDamage(error: unknown): error is Error {
  return error instanceof MissingPartError || isSpoiltFile(error);
}

/** What somebody has done to the file, or a disk; its detail names no file. */
function isTampering(error: unknown): error is ForeignRuleError | BrokenLogError {
  return error instanceof ForeignRuleError || error instanceof BrokenLogError;
}

/** True where the surroundings failed (disk, memory, a lock held too long, what others put in), not the statement. */
function isEnvironmental(error: unknown): boolean {
  if (isTampering(error) || isDamage(error)) return true;
  const code = sqliteErrorOf(error);
  return code !== undefined && environmental.has(code);
}

/** What keeps SQLite from writing a file that is no store yet, as the end of a sentence; undefined for other errors. */
export function writingTrouble(error: unknown): string | undefined {
  switch (sqliteErrorOf(error)) {
    case sqliteErrors.full:
      return 'the disk is full';
    case sqliteErrors.cannotOpen:
      return 'it cannot be opened';
    case sqliteErrors.inputOutput:
      return 'its disk fails, or that of the store';
    default:
      return undefined;
  }
}

/** What keeps the store from being written, in a sentence that names no file; undefined where there is no more to say. */
function hindranceOf(error: unknown, file?: string): string | undefined {
  if (isTampering(error)) return error.message;
  if (file !== undefined && sqliteErrorOf(error) !== undefined && isOnReadOnlyDisk(dirname(file)))
    return `The disk of ${file} takes no changes at present (it is read-only).`;
  switch (sqliteErrorOf(error)) {
    case sqliteErrors.full:
      return 'The disk of the store is full.';
    case sqliteErrors.inputOutput:
      // Also where a full disk has no room for what SQLite keeps beside the file.
      return 'The disk of the store is full, or fails.';
    case sqliteErrors.readOnly:
      return 'The store, or its folder, may not be written, or its disk takes no changes.';
    case sqliteErrors.cannotOpen:
      return 'The store cannot be opened: see who may read and write it and its folder.';
    case sqliteErrors.busy:
      return 'Something else has been writing to the store for long.';
    default:
      return undefined;
  }
}

/** True where every other operation would fail likewise. A full file may still have room for a smaller one. */
export function concernsEveryOperation(error: unknown): boolean {
  return isEnvironmental(error) && sqliteErrorOf(error) !== sqliteErrors.full;
}

/** True where the connection itself can no longer be trusted and must be opened again. */
export function spoilsConnection(error: unknown): boolean {
  return concernsEveryOperation(error) && sqliteErrorOf(error) !== sqliteErrors.busy;
}

/** What is wrong with the file, in a sentence that names none; undefined where the error says nothing of that. */
export function damageIn(error: unknown): string | undefined {
  // Opening the file anew has told the operator of it, by the name of the file.
  const found = isCausewayError(error, 'store-damaged') && error.cause !== undefined ? error.cause : error;
  if (!isDamage(found)) return undefined;
  return found instanceof MissingPartError ? found.detail : `SQLite says: ${found.message}.`;
}

/** The same as `store-damaged`, with the name of the file; any other error as it is. */
export function orDamage(error: unknown, file: string): unknown {
  const what = damageIn(error);
  return what === undefined ? error : damageOf(file, what, error);
}

/**
 * An error in a form that can be posted.
 * @param file the store, where it could not be opened: SQLite does not say that its disk is the reason
 */
export function describeFailure(error: unknown, file?: string): PackedFailure {
  const damage = damageIn(error);
  return {
    ...(damage !== undefined && { damage }),
    unavailable: isEnvironmental(error),
    reason: error instanceof Error ? error.message : String(error),
    detail: hindranceOf(error, file),
    // The store was moved away: see `moved-mark.ts`.
    ...(isCausewayError(error, 'configuration-invalid') && { code: error.code, detail: error.detail }),
  };
}
