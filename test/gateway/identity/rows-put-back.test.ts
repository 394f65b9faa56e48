import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { refuseRowsPutBack } from '../../../gateway/identity/rows-put-back.ts';
import { createSqliteFixture } from '../store/sqlite-fixture.ts';
import { digestOf, directoryEntry, noon, permit, police } from '../store/synthetic-messages.ts';

it('refuses a directory in which a revoked endpoint was put back to the entry of its enrolment', async () => {
  const fixture = await createSqliteFixture();
  const store = await fixture.open();
  const database = new DatabaseSync(fixture.file, { timeout: 5_000 });
  const look = async (): Promise<void> => {
    const newest = await store.readNewestChanges();
    refuseRowsPutBack(await store.readDirectory(), newest);
  };
  try {
    const entry = directoryEntry(police);
    await store.permitEnrolment(permit(police, 'secret', noon + 60_000), { kind: 'enrolment.permitted' });
    await store.enrol(digestOf('secret'), entry, noon, { kind: 'endpoint.enrolled' });
    await look();
    const row = database.prepare('SELECT entry, record FROM directory_entry').get();
    const revoked = { ...entry, status: 'revoked' as const, revokedAt: entry.enrolledAt };
    await store.replaceEntry(entry, revoked, { kind: 'endpoint.revoked' });
    await look();
    database
      .prepare('UPDATE directory_entry SET entry = ?, record = ?')
      .run(String(row?.entry), Number(row?.record));
    await expect(look()).rejects.toMatchObject({
      code: 'store-damaged',
      detail: `The directory has an older entry than the audit log tells of ${police}: somebody has put it back.`,
    });
  } finally {
    database.close();
    await store.close();
    await fixture.remove();
  }
});
