import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrateStore } from '../../../gateway/store/open-migration.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-nothing-to-move-'));
  await mkdir(join(dir, 'folder'));
  await writeFile(
    join(dir, 'words.txt'),
    'no store at all, and longer than the first bytes of one would be'.repeat(9),
  );
  await writeFile(join(dir, 'empty.db'), '');
  const other = new DatabaseSync(join(dir, 'photos.db'));
  other.exec('CREATE TABLE photo (name)');
  other.close();
});
afterAll(() => rm(dir, { recursive: true }));

it.each([
  ['words.txt', 'store-damaged', 'damaged, or is no store. SQLite says: file is not a database. It is FILE'],
  ['empty.db', 'configuration-invalid', 'FILE is no store of a gateway. That is causeway.db in'],
  ['photos.db', 'configuration-invalid', 'FILE is no store of a gateway.'],
  ['folder', 'configuration-invalid', 'FILE cannot be opened as a store: it is a folder'],
  ['nowhere.db', 'configuration-invalid', 'There is no store at FILE.'],
])('%s, which is no store, is not moved anywhere, and is told as what it is', async (name, code, words) => {
  const file = join(dir, name);
  await expect(move(`sqlite:${file}`)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(words.replace('FILE', file)) as unknown,
  });
});

it.each(['', 'sqlite:', 'postgres://somewhere'])('"%s" names no file to move', async (from) => {
  await expect(move(from)).rejects.toMatchObject({
    code: 'configuration-invalid',
    detail: 'What is moved must be sqlite: and the path of a file, after --from.',
  });
});

function move(from: string): Promise<unknown> {
  const observe = (): void => undefined;
  return migrateStore({
    from,
    to: 'mongodb://127.0.0.1:1/x',
    observe,
    auditKey: Buffer.alloc(32),
    by: 'test',
  });
}
