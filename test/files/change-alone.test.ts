import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { changeAlone } from '../../files/change-alone.ts';
import { replaceFile } from '../../files/durable-file.ts';

let dir: string;
let file: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-change-'));
  file = join(dir, 'list');
});
afterEach(() => rm(dir, { recursive: true }));

it('of changes at once none is lost, and no lock is left', async () => {
  await writeFile(file, '');
  const add = (line: number) =>
    changeAlone(file, async () => replaceFile(file, `${await readFile(file, 'utf8')}${line}\n`));
  await Promise.all([1, 2, 3, 4, 5, 6].map(add));
  expect((await readFile(file, 'utf8')).split('\n').sort().join('')).toBe('123456');
  expect(await readdir(dir)).toEqual(['list']);
});

it('a change that takes too long is named to those who wait for it, and one that fails holds nobody up', async () => {
  const never = async (): Promise<void> => Promise.reject(new Error('never called'));
  const failing = changeAlone(file, async () => {
    await expect(changeAlone(file, never, 30)).rejects.toMatchObject({
      code: 'file-in-use',
      detail: expect.stringContaining(`It is ${file}, and process ${process.pid} has its lock`) as string,
    });
    throw new Error('it did not work');
  });
  await expect(failing).rejects.toThrow('it did not work');
  expect(await changeAlone(file, async () => Promise.resolve('next'), 30)).toBe('next');
});

it('where no lock can stand the change itself says what is wrong', async () => {
  const nowhere = join(dir, 'nowhere', 'list');
  await expect(changeAlone(nowhere, async () => replaceFile(nowhere, ''))).rejects.toMatchObject({
    code: 'ENOENT',
  });
});
