import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { markMoved, refuseMoved, refuseOtherPlace } from '../../../gateway/store/moved-mark.ts';
import { openStore } from '../../../gateway/open-store.ts';
import { createSqliteFixture } from './sqlite-fixture.ts';
import { auditKey, noon } from './synthetic-messages.ts';

const place = { database: 'causeway', hosts: ['db1:27017', 'db2:27017'] };

it('a store that was moved is opened by nobody, by whatever name, until its mark is removed', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-moved-'));
  try {
    const file = join(dir, 'causeway.db');
    await writeFile(file, '');
    await symlink(file, join(dir, 'link.db'));
    refuseMoved(file);
    await markMoved(file, noon, place);
    const refused = { code: 'configuration-invalid', detail: /was moved .* 2026-11-23T12:00:00\.000Z/ };
    for (const name of [file, join(dir, 'link.db')]) {
      await expect(openStore(name, { receiptKeyPem: '', auditKey })).rejects.toMatchObject({
        code: refused.code,
        detail: expect.stringMatching(refused.detail) as string,
      });
    }
    await rm(`${file}.moved`);
    refuseMoved(file);
  } finally {
    await rm(dir, { recursive: true });
  }
});

it('a command that opened a store before it was moved is refused, and not acknowledged', async () => {
  const fixture = await createSqliteFixture();
  const { file, receiptKeyPem } = fixture;
  await (await fixture.open()).close();
  const store = await openStore(file, { receiptKeyPem, auditKey });
  try {
    await store.appendRecords([{ kind: 'test.happened' }]);
    await markMoved(file, noon, place);
    await expect(store.appendRecords([{ kind: 'test.happened' }])).rejects.toMatchObject({
      code: 'configuration-invalid',
      detail: expect.stringContaining(
        'was moved to the database causeway at db1:27017,db2:27017 on',
      ) as string,
    });
    expect(await store.countLeaves()).toBe(1);
  } finally {
    await store.close();
    await fixture.remove();
  }
});

it('a store that was moved may be moved on to the same database only, whatever members it has got since', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-moved-'));
  try {
    const file = join(dir, 'causeway.db');
    await markMoved(file, noon, place);
    refuseOtherPlace(file, place);
    refuseOtherPlace(file, { database: 'causeway', hosts: ['db2:27017', 'db3:27017'] });
    const others = [
      { ...place, database: 'second' },
      { ...place, hosts: ['other:27017'] },
    ];
    for (const other of others) expect(() => refuseOtherPlace(file, other)).toThrow(/at db1:27017,db2:27017/);
    // As marks were before.
    await writeFile(`${file}.moved`, '2026-11-23T12:00:00.000Z\n');
    refuseOtherPlace(file, place);
    expect(() => refuseMoved(file)).toThrow(/was moved to a database on 2026-11-23T12:00:00\.000Z/);
  } finally {
    await rm(dir, { recursive: true });
  }
});
