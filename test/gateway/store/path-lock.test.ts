import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockPath } from '../../../gateway/store/path-lock.ts';

const lockModule = new URL('../../../gateway/store/path-lock.ts', import.meta.url).href;

describe('the lock of a store', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'causeway-lock-'));
    file = join(folder, 'store.db');
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  test('keeps a second gateway away until it is released', () => {
    const lock = lockPath(file);
    expect(() => lockPath(file)).toThrow('Another gateway runs on this store.');
    lock.release();
    lockPath(file).release();
  });

  test('is one lock by whichever of its names a store is opened', async () => {
    const lock = lockPath(file);
    const folderLink = `${folder}-link`;
    await symlink(folder, folderLink);
    try {
      expect(() => lockPath(join(folderLink, 'store.db'))).toThrow('Another gateway runs on this store.');
      lock.release();
      await writeFile(file, '');
      await symlink(file, join(folder, 'other.db'));
      const again = lockPath(join(folder, 'other.db'));
      expect(() => lockPath(file)).toThrow('Another gateway runs on this store.');
      again.release();
    } finally {
      await rm(folderLink);
    }
  });

  test('is one lock also where a name is a link to a store that is not there yet', async () => {
    await mkdir(join(folder, 'links'));
    await symlink('../store.db', join(folder, 'links', 'near.db'));
    await symlink('near.db', join(folder, 'links', 'far.db'));
    const lock = lockPath(join(folder, 'links', 'far.db'));
    expect(() => lockPath(file)).toThrow('Another gateway runs on this store.');
    lock.release();
  });

  test('is found where links lead to each other: that there is no store, its opening says', async () => {
    await symlink('two.db', join(folder, 'one.db'));
    await symlink('one.db', join(folder, 'two.db'));
    lockPath(join(folder, 'one.db')).release();
  });

  test('says in words that it cannot be written', () => {
    expect(() => lockPath(join(folder, 'nothing', 'store.db'))).toThrow(
      /store\.db\.lock cannot be written: its folder is missing/,
    );
  });

  test('does not outlive the process that held it', async () => {
    const code = `const { lockPath } = await import(${JSON.stringify(lockModule)});
      lockPath(${JSON.stringify(file)}); console.log('held'); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    expect(() => lockPath(file)).toThrow(expect.objectContaining({ code: 'store-in-use' }));
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    lockPath(file).release();
  });
});
