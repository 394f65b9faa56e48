import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createSqliteFixture } from './sqlite-fixture.ts';

const program = fileURLToPath(new URL('./limited-load.ts', import.meta.url));

test('a write that the system fails (EIO) is never promised, and the engine goes on by itself', async () => {
  const fixture = await createSqliteFixture();
  const pem = Buffer.from(fixture.receiptKeyPem).toString('base64');
  // Files may not grow beyond 4 MB: first the log meets the limit, which starting it again cures, then the database.
  const child = spawn(
    'sh',
    ['-c', 'ulimit -f 8000; exec "$@"', 'sh', process.execPath, program, fixture.file, pem],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const { endings, records, pending } = JSON.parse(await text(child.stdout)) as {
    endings: string[];
    records: number[];
    pending: number;
  };
  const kept = endings.filter((ending) => ending === 'kept').length;
  expect(new Set(endings)).toEqual(new Set(['kept', 'store-unavailable']));
  expect(endings.lastIndexOf('kept')).toBeGreaterThan(endings.indexOf('store-unavailable'));
  expect(records).toEqual(Array.from({ length: kept }, (_, index) => index));
  expect(pending).toBe(kept);
  const database = new DatabaseSync(fixture.file);
  expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  database.close();
  await fixture.remove();
});
