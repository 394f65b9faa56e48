/** SQLite stores in temporary folders, for tests. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Store } from '../../../gateway/store/port.ts';
import { stateNumbers } from '../../../gateway/store/sqlite/schema.ts';
import { openSqliteStore, type SqliteStoreOptions } from '../../../gateway/store/sqlite/sqlite-store.ts';
import { uuidToBytes } from '../../../protocol/uuid.ts';
import { batchSigner } from '../../../protocol/proof/signing.ts';
import type { StoreFixture } from './contract/contract-store.ts';
import { auditKey, noon } from './synthetic-messages.ts';

export type SqliteFixture = StoreFixture & {
  readonly file: string;
  readonly receiptKeyPem: string;
  open(options?: Partial<SqliteStoreOptions>): Promise<Store>;
  /** Edits the file by hand, behind the store's back. */
  execute(sql: string): void;
};

export async function createSqliteFixture(): Promise<SqliteFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-store-'));
  const file = join(folder, 'store.db');
  const receiptKeyPem = generateKeyPairSync('ed25519')
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  const clock = { now: noon };
  return {
    file,
    receiptKeyPem,
    clock,
    receiptKey: batchSigner(receiptKeyPem).publicKey,
    open: async (options: Partial<SqliteStoreOptions> = {}) =>
      openSqliteStore({ file, receiptKeyPem, auditKey, clock: () => clock.now, ...options }),
    execute: (sql) => {
      const database = new DatabaseSync(file, { timeout: 5_000 });
      database.exec(sql);
      database.close();
    },
    dropSecret: (id) => {
      const database = new DatabaseSync(file, { timeout: 10_000 });
      database.prepare('DELETE FROM case_secret WHERE id = ?').run(uuidToBytes(id));
      database.prepare('UPDATE message SET secret = NULL WHERE id = ?').run(uuidToBytes(id));
      database.close();
      return Promise.resolve();
    },
    setUnit: (id, unit) => {
      const database = new DatabaseSync(file, { timeout: 10_000 });
      database.prepare('UPDATE message SET unit = ? WHERE id = ?').run(unit, uuidToBytes(id));
      database.close();
      return Promise.resolve();
    },
    setColumns: (id, { source, expiresAt, thread, recipients, ...edited }) => {
      const database = new DatabaseSync(file, { timeout: 10_000 });
      const number = database.prepare('SELECT id FROM endpoint WHERE address = ?').get(source ?? '')?.id;
      const named = {
        source: number,
        expires_at: expiresAt,
        thread: thread && uuidToBytes(thread),
        recipients: recipients?.length,
        ...edited,
      };
      for (const [name, value] of Object.entries(named))
        if (value !== undefined)
          database.prepare(`UPDATE message SET ${name} = ? WHERE id = ?`).run(value, uuidToBytes(id));
      database.close();
      return Promise.resolve();
    },
    setDelivery: (id, edited) => {
      const database = new DatabaseSync(file, { timeout: 10_000 });
      const where = 'WHERE id = (SELECT first_delivery FROM message WHERE id = ?)';
      const number = database
        .prepare('SELECT id FROM endpoint WHERE address = ?')
        .get(edited?.recipient ?? '');
      const named = {
        ...{ recipient: number?.id, lane: edited?.lane, expires_at: edited?.expiresAt },
        state: edited?.state && stateNumbers[edited.state],
        ...{ delivered_at: edited?.deliveredAt, delivered_record: edited?.deliveredRecord },
        ...{ settled_at: edited?.settledAt, settled_record: edited?.settledRecord },
      };
      for (const [name, value] of Object.entries(named))
        if (value !== undefined)
          database.prepare(`UPDATE delivery SET ${name} = ? ${where}`).run(value, uuidToBytes(id));
      if (edited === null) database.prepare(`DELETE FROM delivery ${where}`).run(uuidToBytes(id));
      database.close();
      return Promise.resolve();
    },
    addDelivery: (id, recipient, place) => {
      const database = new DatabaseSync(file, { timeout: 10_000 });
      database.prepare('INSERT OR IGNORE INTO endpoint (address) VALUES (?)').run(recipient);
      const added = database.prepare(
        `INSERT INTO delivery (id, message, recipient, lane, expires_at, state)
         SELECT d.id + ?, d.message, (SELECT id FROM endpoint WHERE address = ?), d.lane, d.expires_at, 0
         FROM delivery d JOIN message m ON m.first_delivery = d.id WHERE m.id = ?`,
      );
      const { lastInsertRowid } = added.run(place, recipient, uuidToBytes(id));
      database.close();
      return Promise.resolve(Number(lastInsertRowid));
    },
    setGroup: (leaf, group) => {
      const database = new DatabaseSync(file, { timeout: 10_000 });
      if (group === null) database.prepare('DELETE FROM settled_group WHERE record = ?').run(leaf);
      else database.prepare('REPLACE INTO settled_group (record, bytes) VALUES (?, ?)').run(leaf, group);
      database.close();
      return Promise.resolve();
    },
    emptyMessage: (id) => {
      const emptied = "category = NULL, severity = NULL, thread = NULL, unit = x''";
      const database = new DatabaseSync(file, { timeout: 10_000 });
      database.prepare(`UPDATE message SET ${emptied} WHERE id = ?`).run(uuidToBytes(id));
      database.close();
      return Promise.resolve();
    },
    deleteMessage: (id) => {
      const database = new DatabaseSync(file, { timeout: 10_000 });
      database.prepare('DELETE FROM message WHERE id = ?').run(uuidToBytes(id));
      database.close();
      return Promise.resolve();
    },
    copyMessage: (id, to) => {
      const database = new DatabaseSync(file, { timeout: 10_000 });
      const copied = database.prepare(
        'INSERT INTO message (id, source, digest, at, record, refusal) SELECT ?, source, digest, at, record, refusal FROM message WHERE id = ?',
      );
      copied.run(uuidToBytes(to), uuidToBytes(id));
      database.close();
      return Promise.resolve();
    },
    notedErasures: (id) => {
      const database = new DatabaseSync(file, { readOnly: true });
      const rows = database.prepare('SELECT record FROM case_erasure WHERE id = ?').all(uuidToBytes(id));
      database.close();
      return Promise.resolve(rows.map(({ record }) => Number(record)));
    },
    remove: async () => rm(folder, { recursive: true }),
  };
}
