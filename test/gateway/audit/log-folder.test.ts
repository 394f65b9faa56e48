import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
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
