/**
 * The secrets of cases, so that each can be destroyed. The secret of a case that a message began stands in the row of
 * that message, any other in a row of its own.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { uuidToBytes } from '../../../protocol/uuid.ts';
import type { CaseVault } from '../case-vault.ts';
import type { CaseSecrets } from '../leaf-maker.ts';
import type { CaseId } from '../port.ts';
import { firstRow, prepare } from './database.ts';

export class CaseTable implements CaseSecrets {
  readonly #vault: CaseVault;
  readonly #insert: StatementSync;
  readonly #read: StatementSync;
  readonly #delete: StatementSync;
  readonly #clear: StatementSync;
  readonly #note: StatementSync;

  constructor(database: DatabaseSync, vault: CaseVault) {
    this.#vault = vault;
    this.#insert = prepare(database, 'INSERT INTO case_secret (id, secret) VALUES (?, ?)');
    this.#read = prepare(database, caseSecretQuery);
    this.#delete = prepare(database, 'DELETE FROM case_secret WHERE id = ?');
    this.#clear = prepare(database, 'UPDATE message SET secret = NULL WHERE id = ? AND secret IS NOT NULL');
    this.#note = prepare(database, 'INSERT INTO case_erasure (id, record) VALUES (?, ?)');
  }

  /** Makes one, in a row of its own, where there is none. */
  secretOf(id: CaseId): Uint8Array {
    const bytes = uuidToBytes(id);
    const found = this.find(bytes);
    if (found !== undefined) return found;
    const fresh = this.#vault.createSecret();
    this.#insert.run(bytes, fresh);
    return fresh;
  }

  /** @param id 16 bytes */
  has(id: Uint8Array): boolean {
    return this.find(id) !== undefined;
  }

  /** Makes none. @param id 16 bytes */
  find(id: Uint8Array): Uint8Array | undefined {
    return firstRow<[Uint8Array]>(this.#read, id)?.[0];
  }

  destroy(id: CaseId): boolean {
    const bytes = uuidToBytes(id);
    const deleted = this.#delete.run(bytes).changes;
    return Number(deleted) + Number(this.#clear.run(bytes).changes) !== 0;
  }

  /** @param record the leaf by which the case was erased */
  noteErasure(id: CaseId, record: number): void {
    this.#note.run(uuidToBytes(id), record);
  }
}

/** For readers. */
export const caseErasuresQuery = 'SELECT record FROM case_erasure WHERE id = ? ORDER BY record';

/** For readers. */
export const caseSecretQuery = `SELECT secret FROM case_secret WHERE id = ?1
  UNION ALL SELECT secret FROM message WHERE id = ?1 AND secret IS NOT NULL LIMIT 1`;
