import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makePrivateFolder, readHomeFile, readPrivateFile } from '../../files/private-folder.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-private-'));
});
afterEach(() => rm(dir, { recursive: true }));

describe('a private folder', () => {
  it('that was being made by a run that was killed is removed by the next run, and one under way is not', async () => {
    const killed = `
      const { makePrivateFolder } = await import('./files/private-folder.ts');
      const { writeFile } = await import('node:fs/promises');
      await makePrivateFolder(process.argv[1], async (draft) => {
        await writeFile(draft + '/its.key', 'secret');
        process.kill(process.pid, 'SIGKILL');
      });`;
    const target = join(dir, 'home');
    expect(spawnSync(process.execPath, ['--input-type=module', '-e', killed, '--', target]).signal).toBe(
      'SIGKILL',
    );
    const drafts = async () => (await readdir(dir)).filter((name) => name.endsWith('.partial'));
    expect(await drafts()).toHaveLength(1);

    await makePrivateFolder(target, async (draft) => {
      await writeFile(join(draft, 'its.key'), 'secret');
      const refused = makePrivateFolder(target, async () => Promise.reject(new Error('enough')));
      await expect(refused).rejects.toThrow('enough');
      expect(await drafts()).toHaveLength(1);
    });
    expect(await readdir(dir)).toEqual(['home']);
    expect(await readdir(target)).toEqual(['its.key']);
  });
});

describe('a file of a home', () => {
  it('that is a pipe or a folder is named, and nobody waits for it', async () => {
    await mkdir(join(dir, 'folder'), { mode: 0o700 });
    execFileSync('mkfifo', ['-m', '600', join(dir, 'pipe')]);
    for (const name of ['folder', 'pipe']) {
      for (const read of [readPrivateFile, readHomeFile])
        await expect(read(join(dir, name), 'endpoint')).rejects.toMatchObject({
          code: 'home-invalid',
          detail: `${join(dir, name)} is not a file.`,
        });
    }
  });
});
