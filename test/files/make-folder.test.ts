import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileTrouble } from '../../files/file-trouble.ts';
import { makeFolder } from '../../files/make-folder.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-folder-'));
});
afterEach(() => rm(dir, { recursive: true }));

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('a folder', () => {
  it('is made with those above it that are missing, by several at once', async () => {
    const path = join(dir, 'a', 'b', 'c');
    await Promise.all(Array.from({ length: 8 }, () => makeFolder(path, 0o700)));
    expect(await modeOf(path)).toBe(0o700);
    expect(await modeOf(join(dir, 'a'))).toBe(0o700);
  });

  it('that is there already stays as it is', async () => {
    const path = join(dir, 'present');
    await mkdir(path);
    await chmod(path, 0o750);
    await symlink(path, join(dir, 'link'));
    for (const name of ['present', 'link', '.']) await makeFolder(join(dir, name), 0o700);
    expect(await modeOf(path)).toBe(0o750);
    await makeFolder('/');
  });

  it('that cannot be made is an error at once, with its reason', async () => {
    await writeFile(join(dir, 'file'), '');
    await symlink(join(dir, 'nowhere'), join(dir, 'dangling'));
    const trouble = async (path: string): Promise<string | undefined> =>
      makeFolder(path).then(
        () => undefined,
        (error: unknown) => fileTrouble(error, 'Nothing can be made')?.detail,
      );
    expect(await trouble(join(dir, 'file'))).toBe('Nothing can be made: something is there already.');
    expect(await trouble(join(dir, 'file', 'below'))).toBe(
      'Nothing can be made: a part of its path is no folder.',
    );
    expect(await trouble(join(dir, 'dangling', 'below'))).toBe(
      'Nothing can be made: something is there already.',
    );
    for (const place of ['/proc/causeway', '/proc/causeway/below/it'])
      expect(await trouble(place)).toMatch(/^Nothing can be made: /);
  });
});
