/**
 * What the file does by itself. A trigger runs within each commit of ours, and a view can stand in the place of a table:
 * whoever once had the file could have leaves changed before they are published, when nothing tells any more. Our tables
 * do nothing by themselves, so whatever is no table and no index is foreign.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CausewayError } from '../../../protocol/errors.ts';

/** `store-damaged`; its detail names no file, and may be told to whoever asks. */
export class ForeignRuleError extends CausewayError {
  constructor(type: string, name: string) {
    super('store-damaged', {
      detail: `It has the ${type} ${name}, which is not of this program: somebody has put it there.`,
    });
  }
}

export class ForeignRules {
  readonly #version: StatementSync;
  readonly #rules: StatementSync;
  /** Of the schema that was looked through last. */
  #seen: unknown;

  constructor(database: DatabaseSync) {
    this.#version = database.prepare('PRAGMA schema_version');
    this.#rules = database.prepare(
      "SELECT type, name FROM sqlite_schema WHERE type NOT IN ('table', 'index') LIMIT 1",
    );
  }

  /**
   * Looks, where the schema has changed since it last did so. Within a transaction that writes, what it found stays so
   * until the end of it.
   * @throws ForeignRuleError
   */
  refuse(): void {
    const version = this.#version.get()?.schema_version;
    if (version === this.#seen) return;
    const found = this.#rules.get();
    if (found !== undefined) throw new ForeignRuleError(String(found.type), String(found.name));
    this.#seen = version;
  }
}
