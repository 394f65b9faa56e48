import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HiddenDraft } from '../../files/hidden-draft.ts';
import { takeLock } from '../../files/process-lock.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-draft-'));
});
afterEach(() => rm(dir, { recursive: true }));

const begin = async (make: (path: string) => Promise<void>, lock?: typeof takeLock) =>
  HiddenDraft.begin(join(dir, 'home'), 'partial', make, lock);

describe('a draft', () => {
  it('is given up on a disk that takes no locks, and nothing of it is left', async () => {
    let tries = 0;
    const noLock = (file: string) => {
      takeLock(file)?.release();
      tries += 1;
      return undefined;
    };
    await expect(begin(mkdir0700, noLock)).rejects.toMatchObject({
      code: 'file-unavailable',
      detail: `${join(dir, 'home')} cannot be made: the disk takes no lock there.`,
    });
    expect(tries).toBe(5);
    expect(await readdir(dir)).toEqual([]);
  });

  it('is begun under another name where another run has taken it for an abandoned one', async () => {
    let tries = 0;
    const draft = await begin(mkdir0700, (file) => ((tries += 1) < 3 ? undefined : takeLock(file)));
    expect((await readdir(dir)).filter((name) => name.endsWith('.lock'))).toHaveLength(1);
    await draft.end();
    expect(await readdir(dir)).toEqual([]);
  });

  it('takes away nothing that somebody else has put under its name', async () => {
    let name = '';
    const begun = begin(async (path) => {
      await mkdir(path);
      await writeFile(join(path, 'theirs'), 'precious');
      name = path;
      await mkdir0700(path);
    });
    await expect(begun).rejects.toMatchObject({ code: 'EEXIST' });
    expect((await readdir(dir)).map((each) => join(dir, each))).toEqual([name]);
    expect(await readdir(name)).toEqual(['theirs']);
  });
});

async function mkdir0700(path: string): Promise<void> {
  await mkdir(path, 0o700);
}
