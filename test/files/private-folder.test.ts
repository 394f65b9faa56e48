import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readPrivateFile } from '../../files/private-folder.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-private-'));
});
afterEach(() => rm(dir, { recursive: true }));

describe('a private file', () => {
  it('that is a pipe or a folder is named, and nobody waits for it', async () => {
    await mkdir(join(dir, 'folder'), { mode: 0o700 });
    execFileSync('mkfifo', ['-m', '600', join(dir, 'pipe')]);
    for (const name of ['folder', 'pipe']) {
      await expect(readPrivateFile(join(dir, name), 'endpoint')).rejects.toMatchObject({
        code: 'home-invalid',
        detail: `${join(dir, name)} is not a file.`,
      });
    }
  });
});
