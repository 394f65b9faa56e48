import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockStore } from '../../../gateway/store/sqlite/store-lock.ts';

const lockModule = new URL('../../../gateway/store/sqlite/store-lock.ts', import.meta.url).href;

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
    const lock = lockStore(file);
    expect(() => lockStore(file)).toThrow('Another gateway runs on this store.');
    lock.release();
    lockStore(file).release();
  });

  test('does not outlive the process that held it', async () => {
    const code = `const { lockStore } = await import(${JSON.stringify(lockModule)});
      lockStore(${JSON.stringify(file)}); console.log('held'); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    expect(() => lockStore(file)).toThrow(expect.objectContaining({ code: 'store-in-use' }));
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    lockStore(file).release();
  });
});
