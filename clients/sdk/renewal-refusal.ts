/** Why the last renewal did not come about, kept in `state.db` for whoever asks how this endpoint stands. */
import type { CausewayError, ErrorCode } from '../../protocol/errors.ts';
import type { Statements } from './state-database.ts';

/** A renewal that was refused, by the gateway or, for its clock's sake, by the client itself. */
export type RenewalRefusal = {
  readonly code: ErrorCode;
  readonly detail?: string;
  /** ms since 1970. */
  readonly at: number;
};

/** @returns undefined where the last renewal succeeded, and where none is due */
export function readRenewalRefusal(statements: Statements): RenewalRefusal | undefined {
  const row = statements.prepare("SELECT value FROM meta WHERE name = 'renewalRefusal'").get();
  return row === undefined ? undefined : (JSON.parse(String(row.value)) as RenewalRefusal);
}

/** Call inside a transaction. */
export function noteRenewalRefusal(
  statements: Statements,
  { code, detail }: CausewayError,
  at: number,
): void {
  const refusal: RenewalRefusal = { code, ...(detail === undefined ? {} : { detail }), at };
  statements
    .prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('renewalRefusal', ?)")
    .run(JSON.stringify(refusal));
}

/** Call inside a transaction. */
export function forgetRenewalRefusal(statements: Statements): void {
  statements.prepare("DELETE FROM meta WHERE name = 'renewalRefusal'").run();
}
