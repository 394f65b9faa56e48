import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeLock } from '../../files/process-lock.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-process-lock-'));
});
afterEach(() => rm(dir, { recursive: true }));

describe('a lock of one process', () => {
  it('is held once, until it is released', () => {
    const file = join(dir, 'some.lock');
    const lock = takeLock(file);
    expect(lock).toBeDefined();
    expect(takeLock(file)).toBeUndefined();
    lock?.release();
    const next = takeLock(file);
    expect(next).toBeDefined();
    next?.release();
  });

  it('does not take a file that cannot be locked for one that somebody holds', async () => {
    expect(() => takeLock(join(dir, 'no-folder', 'some.lock'))).toThrow();
    await writeFile(
      join(dir, 'spoilt.lock'),
      'this is no database, and long enough to be read as one'.repeat(99),
    );
    expect(() => takeLock(join(dir, 'spoilt.lock'))).toThrow();
  });
});
