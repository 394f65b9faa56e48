/** The secrets of cases, each in a row of its own, so that it can be destroyed. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { uuidToBytes } from '../../../protocol/ids.ts';
import type { CaseVault } from '../case-vault.ts';
import type { CaseSecrets } from '../leaf-maker.ts';
import type { CaseId } from '../port.ts';
import { firstRow, prepare } from './database.ts';

export class CaseTable implements CaseSecrets {
  readonly #vault: CaseVault;
  readonly #insert: StatementSync;
  readonly #read: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: DatabaseSync, vault: CaseVault) {
    this.#vault = vault;
    this.#insert = prepare(
      database,
      'INSERT INTO case_secret (id, secret) VALUES (?, ?) ON CONFLICT DO NOTHING',
    );
    this.#read = prepare(database, caseSecretQuery);
    this.#delete = prepare(database, 'DELETE FROM case_secret WHERE id = ?');
  }

  /** Most that are asked for are new: the writer remembers the keys of the others. */
  secretOf(id: CaseId): Uint8Array {
    const bytes = uuidToBytes(id);
    const fresh = this.#vault.createSecret();
    if (this.#insert.run(bytes, fresh).changes !== 0) return fresh;
    return firstRow<[Uint8Array]>(this.#read, bytes)?.[0] ?? fresh;
  }

  destroy(id: CaseId): boolean {
    return this.#delete.run(uuidToBytes(id)).changes !== 0;
  }
}

/** For readers. */
export const caseSecretQuery = 'SELECT secret FROM case_secret WHERE id = ?';
