/** What an error thrown by `node:sqlite` says. */

/** Primary result codes, https://sqlite.org/rescode.html */
export const sqliteErrors = {
  statement: 1,
  busy: 5,
  outOfMemory: 7,
  readOnly: 8,
  inputOutput: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

/** SQLITE_READONLY_DBMOVED */
const movedFile = 1032;

/** The primary result code of an error thrown by `node:sqlite`; undefined for other errors. */
export function sqliteErrorOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

/** True where the file was removed since it was opened: it can be read, but nothing is written into it any more. */
export function isMovedFile(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === movedFile;
}

/** True where the file is no database any more, or not what was made: neither waiting nor opening it again helps. */
export function isSpoiltFile(error: unknown): error is Error {
  const code = sqliteErrorOf(error);
  return code === sqliteErrors.notADatabase || code === sqliteErrors.corrupt || isWithoutPart(error);
}

/** The statements are ours, and what they name was there when the file was made. SQLite has no code of its own for it. */
function isWithoutPart(error: unknown): boolean {
  if (!(error instanceof Error) || sqliteErrorOf(error) !== sqliteErrors.statement) return false;
  return /^no such (?:table|column|index)/.test(error.message);
}
