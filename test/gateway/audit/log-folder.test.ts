import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { LogFolder } from '../../../gateway/audit/log-folder.ts';
import { temporaryFolder } from './synthetic-leaves.ts';

const place = { level: 0, index: 7 } as const;

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

test.each(['before it is listed', 'before it is read'])(
  'a partial tile that becomes full while it is looked for is found, %s',
  async (moment) => {
    await using temporary = await temporaryFolder();
    const folder = new LogFolder(temporary.dir);
    await folder.writeFile({ ...place, width: 200 }, Buffer.alloc(200 * 32));
    const list = vi.spyOn(files, 'readdir').mockImplementationOnce(async () => {
      await folder.writeFile({ ...place, width: 256 }, Buffer.alloc(256 * 32));
      return (moment === 'before it is listed' ? [] : ['200']) as never;
    });
    syncBuiltinESMExports();
    expect(await folder.readFile({ ...place, width: 188 })).toMatchObject({ width: 256 });
    expect(list).toHaveBeenCalledOnce();
  },
);

test('a full tile that is not there is looked for once', async () => {
  await using temporary = await temporaryFolder();
  const read = vi.spyOn(files, 'readFile');
  syncBuiltinESMExports();
  expect(await new LogFolder(temporary.dir).readFile({ ...place, width: 256 })).toBeUndefined();
  expect(read).toHaveBeenCalledOnce();
});

test('what is synced with a file is every folder down to it, as all of them may be new', async () => {
  await using temporary = await temporaryFolder();
  const folder = new LogFolder(temporary.dir);
  await folder.writeFile({ level: 0, index: 1_234, width: 256 }, Buffer.alloc(256 * 32));
  const open = vi.spyOn(files, 'open');
  syncBuiltinESMExports();
  await folder.sync();
  const synced = ['tile/0/x001/234', 'tile/0/x001', 'tile/0', 'tile', '.'];
  expect(open.mock.calls.map(([path]) => path)).toEqual(synced.map((name) => join(temporary.dir, name)));
});
