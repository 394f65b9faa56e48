/** What SQLite's errors mean to an endpoint: its state is damaged, the disk is full, or it cannot be written at present. */
import { accessSync, constants, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileReason } from '../../files/file-trouble.ts';
import { isOnReadOnlyDisk } from '../../files/read-only-disk.ts';
import { isSpoiltFile, sqliteErrorOf, sqliteErrors } from '../../files/sqlite-error.ts';
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';

/** Less than a first change of the state takes, with the files that SQLite makes beside it. */
const leastRoomBytes = 65_536;
const forbidding = new Set(['EACCES', 'EPERM', 'ELOOP', 'ENOTDIR']);

export function isBusy(error: unknown): boolean {
  return sqliteErrorOf(error) === sqliteErrors.busy;
}

/** True for an error that says that the state of this endpoint is damaged: nothing but a person mends that. */
export function isStateDamage(error: unknown): error is CausewayError {
  return isCausewayError(error, 'store-damaged') && error.cause instanceof StateDamage;
}

/**
 * True for an error that says that the state of this endpoint is damaged or cannot be used at present. A gateway can answer
 * with any code: by its cause an own error is told from that.
 */
export function isStateFailure(error: unknown): error is CausewayError {
  return (
    isStateDamage(error) ||
    (isCausewayError(error, 'state-unavailable') && sqliteErrorOf(error.cause) !== undefined)
  );
}

/** An error of SQLite as one that crosses boundaries and names the file; any other error as it is. */
export function stateFailure(path: string, error: unknown): unknown {
  if (sqliteErrorOf(error) === undefined) return error;
  return knownFailure(path, error) ?? new CausewayError('state-unavailable', { cause: error });
}

/** The same where the file could not be opened, whatever the reason. What only a person can mend is `home-invalid`. */
export function openingFailure(path: string, error: unknown): CausewayError {
  if (isCausewayError(error)) return error;
  const known = knownFailure(path, error);
  if (known !== undefined) return known;
  const bar = barToOpening(path);
  if (bar !== undefined) return new CausewayError('home-invalid', { detail: bar, cause: error });
  const detail = isBusy(error)
    ? `${path} is held by another program.`
    : `${path} cannot be opened and written: look at what it is, its owner and its mode.`;
  return new CausewayError('state-unavailable', { detail, cause: error });
}

/** @param found what is wrong with it, in a sentence */
export function stateDamage(path: string, found: string, cause?: unknown): CausewayError {
  const detail = `It is ${path}, with the outbox and the memory of what was taken. ${found} Keep it, and restore the home from its backup.`;
  return new CausewayError('store-damaged', { detail, cause: new StateDamage(found, { cause }) });
}

/** The gateway has the same code for its own store: by this cause the two are told apart. */
class StateDamage extends Error {}

function knownFailure(path: string, error: unknown): CausewayError | undefined {
  if (isSpoiltFile(error)) return stateDamage(path, `SQLite says: ${error.message}.`, error);
  const bar = barOfDisk(path, error);
  if (bar === undefined) return undefined;
  const detail = `${path} cannot be written: ${bar}.`;
  return new CausewayError('state-unavailable', { detail, cause: error });
}

/** What is the matter with the disk: what ends when the disk does better, with the home as it is. */
function barOfDisk(path: string, error: unknown): string | undefined {
  if (isForWantOfRoom(path, error)) return 'the disk is full';
  const isReadOnly = (error as NodeJS.ErrnoException).code === 'EROFS' || isOnReadOnlyDisk(dirname(path));
  return isReadOnly ? 'its disk takes no changes at present (it is read-only)' : undefined;
}

/** What keeps the file from being opened for as long as nobody changes it, in a sentence: SQLite does not tell. */
function barToOpening(path: string): string | undefined {
  // SQLite makes other files beside it.
  for (const each of [dirname(path), path]) {
    try {
      accessSync(each, constants.R_OK | constants.W_OK);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (forbidding.has(code)) return `${each} cannot be opened and written${fileReason(error)}.`;
    }
  }
  return isOtherThanFile(path) ? `${path} is not a file.` : undefined;
}

function isOtherThanFile(path: string): boolean {
  try {
    return !statSync(path).isFile();
  } catch {
    return false;
  }
}

function isForWantOfRoom(path: string, error: unknown): boolean {
  if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return true;
  const code = sqliteErrorOf(error);
  if (code === sqliteErrors.full) return true;
  // Of the files beside it, SQLite says only that it cannot make or enlarge them.
  return (code === sqliteErrors.inputOutput || code === sqliteErrors.cannotOpen) && !hasRoom(dirname(path));
}

function hasRoom(dir: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dir);
    return bavail * bsize >= leastRoomBytes;
  } catch {
    return true;
  }
}
