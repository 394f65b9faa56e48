import { link, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { giveFreeName, replaceFile, writeNewFile } from '../../files/durable-file.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-durable-'));
});
afterEach(() => rm(dir, { recursive: true }));

describe('a durable file', () => {
  it('is for its owner only unless said otherwise, and is made new or put in the place of another', async () => {
    const [secret, open] = [join(dir, 'secret'), join(dir, 'open')];
    await writeNewFile(secret, 'one');
    await replaceFile(secret, Buffer.from('two'));
    await replaceFile(open, 'three', 0o644);
    expect(await Promise.all([secret, open].map((path) => readFile(path, 'utf8')))).toEqual(['two', 'three']);
    const modes = await Promise.all([secret, open].map(async (path) => (await stat(path)).mode & 0o777));
    expect(modes).toEqual([0o600, 0o644]);
    await expect(writeNewFile(secret, 'four')).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it('is one of theirs whole when several write it at once', async () => {
    const texts = Array.from({ length: 8 }, (_, nth) => String(nth).repeat(50_000));
    await Promise.all(texts.map((text) => replaceFile(join(dir, 'shared'), text)));
    expect(texts).toContain(await readFile(join(dir, 'shared'), 'utf8'));
    expect(await readdir(dir)).toEqual(['shared']);
  });

  it('leaves no part of itself behind when it cannot be written to its end', async () => {
    const broken = (function* () {
      yield 'a part';
      throw new Error('no more');
    })();
    await expect(writeNewFile(join(dir, 'new'), broken as unknown as string)).rejects.toThrow('no more');
    expect(await readdir(dir)).toEqual([]);
  });

  it('gets a name only where nothing has it, also on a disk without hard links', async () => {
    const linkless: typeof link = () => Promise.reject(Object.assign(new Error(), { code: 'EPERM' }));
    for (const [nth, hardLink] of [link, linkless].entries()) {
      const [from, to] = [join(dir, `draft-${nth}`), join(dir, `name-${nth}`)];
      await writeNewFile(from, 'whole');
      await giveFreeName(from, to, hardLink);
      await writeNewFile(from, 'another');
      await expect(giveFreeName(from, to, hardLink)).rejects.toMatchObject({ code: 'EEXIST' });
      expect([await readFile(from, 'utf8'), await readFile(to, 'utf8')]).toEqual(['another', 'whole']);
    }
  });

  it('leaves no draft behind when it cannot take its place', async () => {
    await mkdir(join(dir, 'folder', 'full'), { recursive: true });
    await expect(replaceFile(join(dir, 'folder'), 'x')).rejects.toThrow();
    expect(await readdir(dir)).toEqual(['folder']);
  });
});
