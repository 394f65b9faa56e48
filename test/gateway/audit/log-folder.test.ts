import { execFileSync } from 'node:child_process';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';
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

test('a folder of the log that had to be made is synced with those above it that hold its name, once', async () => {
  await using temporary = await temporaryFolder();
  const dir = join(temporary.dir, 'home', 'log');
  const folder = new LogFolder(dir);
  const open = vi.spyOn(files, 'open');
  syncBuiltinESMExports();
  const write = async (text: string): Promise<unknown[]> => {
    await folder.writeCheckpoint(text);
    open.mockClear();
    await folder.sync();
    return open.mock.calls.map(([path]) => path);
  };
  const own = [join(dir, 'checkpoint'), dir];
  expect(await write('first')).toEqual([...own, dirname(dir), temporary.dir]);
  expect(await write('second')).toEqual(own);
});

test('a place that takes no folders is an error at once', async () => {
  const write = async () => new LogFolder('/proc/causeway/log').writeCheckpoint('first');
  await expect(write()).rejects.toMatchObject({ code: 'ENOENT', syscall: 'mkdir' });
});

test.each([
  ['above the log keeps nothing from being made durable', false],
  ['of the log itself is told', true],
])('a folder that may be written and not read %s', async (_, isOwn) => {
  await using temporary = await temporaryFolder();
  const dir = join(temporary.dir, 'log');
  const folder = new LogFolder(dir);
  await folder.writeCheckpoint('first');
  const really = files.open;
  const denied = Object.assign(new Error('permission denied'), { code: 'EACCES' });
  vi.spyOn(files, 'open').mockImplementation((path, ...how) =>
    path === (isOwn ? dir : temporary.dir) ? Promise.reject(denied) : really(path, ...how),
  );
  syncBuiltinESMExports();
  const synced = folder.sync();
  await (isOwn ? expect(synced).rejects.toBe(denied) : synced);
});

test('a pipe in the place of a checkpoint holds nobody up, and is none', async () => {
  await using temporary = await temporaryFolder();
  execFileSync('mkfifo', [join(temporary.dir, 'checkpoint')]);
  expect(await new LogFolder(temporary.dir).readCheckpoint()).toBeUndefined();
});
