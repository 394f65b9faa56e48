/** What SQLite's errors mean to the engine. */
import { isCausewayError } from '../../../protocol/errors.ts';
import { sqliteErrorOf } from '../../../files/sqlite-error.ts';
import { BrokenLogError } from '../joined-blocks.ts';
import { ForeignRuleError } from './foreign-rules.ts';
import type { PackedFailure } from './operations.ts';

/** Primary result codes, https://sqlite.org/rescode.html */
export const sqliteErrors = {
  busy: 5,
  outOfMemory: 7,
  readOnly: 8,
  inputOutput: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

const environmental = new Set<number>(Object.values(sqliteErrors));

/** What somebody has done to the file, or a disk; its detail names no file. */
function isTampering(error: unknown): error is ForeignRuleError | BrokenLogError {
  return error instanceof ForeignRuleError || error instanceof BrokenLogError;
}

/** True where the surroundings failed (disk, memory, a lock held too long, what others put in), not the statement. */
function isEnvironmental(error: unknown): boolean {
  if (isTampering(error)) return true;
  const code = sqliteErrorOf(error);
  return code !== undefined && environmental.has(code);
}

/** True where every other operation would fail likewise. A full file may still have room for a smaller one. */
export function concernsEveryOperation(error: unknown): boolean {
  return isEnvironmental(error) && sqliteErrorOf(error) !== sqliteErrors.full;
}

/** True where the connection itself can no longer be trusted and must be opened again. */
export function spoilsConnection(error: unknown): boolean {
  return concernsEveryOperation(error) && sqliteErrorOf(error) !== sqliteErrors.busy;
}

/** An error in a form that can be posted. */
export function describeFailure(error: unknown): PackedFailure {
  return {
    unavailable: isEnvironmental(error),
    reason: error instanceof Error ? error.message : String(error),
    ...(isTampering(error) && { detail: error.message }),
    // The store was moved away: see `moved-mark.ts`.
    ...(isCausewayError(error, 'configuration-invalid') && { code: error.code, detail: error.detail }),
  };
}
