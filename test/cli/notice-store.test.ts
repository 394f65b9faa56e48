import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkStore, saveNotice, type SavedNotice } from '../../clients/cli/notice-store.ts';
import { runInProcess } from './run-in-process.ts';

const id = '01932e8a-0000-7000-8000-000000000001';
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-notices-'));
});
afterEach(() => rm(dir, { recursive: true }));

function save(from: string, text: string): Promise<SavedNotice> {
  const notice = { id, from, mediaType: 'text/plain', name: undefined, bytes: Buffer.from(text) };
  return saveNotice(dir, notice, (content) => ({ id, from, content }));
}

describe('a notice that is saved', () => {
  it('replaces itself when it comes again', async () => {
    await save('police/hub', 'half');
    const { content } = await save('police/hub', 'whole');
    expect(await readFile(content, 'utf8')).toBe('whole');
    expect((await readdir(dir)).sort()).toEqual([`${id}-content.txt`, `${id}.json`]);
  });

  it('leaves alone what another sender sent under the same id, however often each comes', async () => {
    const first = await save('police/hub', 'of the police');
    const second = await save('council/duty', 'of the council');
    expect(await save('police/hub', 'of the police')).toEqual(first);
    expect(await save('council/duty', 'of the council')).toEqual(second);
    expect(await readFile(first.content, 'utf8')).toBe('of the police');
    expect(await readFile(second.content, 'utf8')).toBe('of the council');
    expect(JSON.parse(await readFile(second.description, 'utf8'))).toEqual({
      id,
      from: 'council/duty',
      content: `${id}-council.duty-content.txt`,
    });
  });

  it('leaves alone a file of its name that is no description', async () => {
    await writeFile(join(dir, `${id}.json`), 'notes of somebody');
    await save('police/hub', 'of the police');
    expect(await readFile(join(dir, `${id}.json`), 'utf8')).toBe('notes of somebody');
  });
});

describe('a folder for notices', () => {
  it('is made before there is one, and refused where a file is in its place', async () => {
    const file = join(dir, 'file');
    await writeFile(file, '');
    for (const [place, reason] of [
      [file, 'it is no folder'],
      [join(file, 'under'), 'a part of its path is no folder'],
    ] as const)
      await expect(checkStore(place)).rejects.toMatchObject({
        code: 'file-unavailable',
        detail: `Nothing can be saved in ${place}: ${reason}.`,
      });
    const { code, stderr } = await runInProcess(['listen', '--home', dir, '--save', file]);
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining(file) as unknown });
    await checkStore(join(dir, 'new', 'folder'));
    expect(await readdir(join(dir, 'new'))).toEqual(['folder']);
  });
});
