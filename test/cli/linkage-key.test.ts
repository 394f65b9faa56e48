import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import {
  addLinkageKey,
  createLinkageKey,
  readLinkageSettings,
  writeLinkageSettings,
} from '../../clients/sdk/linkage/linkage-file.ts';
import { exchangeOfFile, police } from '../clients/sdk/exchange.ts';
import { repository } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

const exchange = exchangeOfFile(police);

it('no key is made for an epoch before one of the home, as if that were the one that is being left', async () => {
  const home = await mkdtemp(join(tmpdir(), 'causeway-linkage-key-'));
  try {
    const settings = addLinkageKey(undefined, createLinkageKey(1), 'child-protection');
    await writeLinkageSettings(home, settings);
    const { code, stderr } = await runInProcess(['linkage', 'key', 'make', '--epoch', '0', '--home', home]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('a new epoch has a higher number: --epoch 2'),
    ]);
    expect(await readLinkageSettings(home)).toEqual(settings);
  } finally {
    await rm(home, { recursive: true });
  }
});

it('of a folder that is no home it is not said that it has no key', async () => {
  const { code, stdout, stderr } = await runInProcess(['linkage', 'key', 'list', '--home', '/nowhere/home']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('There is no folder /nowhere/home that can be read');
});

it('of keys that are taken over at once each is in the home', async () => {
  const home = exchange().homes.get(police.address)!;
  const files = [3, 4].map((epoch) => ({ epoch, path: join(home, `../epoch-${epoch}.key`) }));
  for (const { epoch, path } of files) {
    const secret = Buffer.from(createLinkageKey(epoch).secret).toString('base64url');
    await writeFile(path, JSON.stringify({ epoch, secret }));
  }
  const run = async (...words: string[]) => runInProcess(['linkage', 'key', ...words, '--home', home]);
  const taken = await Promise.all(files.map(({ path }) => run('import', path)));
  expect(taken.map(({ code }) => code)).toEqual([0, 0]);
  const epochs = async () => {
    const settings = await readLinkageSettings(home);
    return settings?.mode === 'key' ? settings.keys.map(({ epoch }) => epoch) : undefined;
  };
  expect(await epochs()).toEqual([4, 3]);
  // One of the two stays, whichever is quicker.
  const retired = await Promise.all(files.map(({ epoch }) => run('retire', '--epoch', String(epoch))));
  expect(retired.map(({ code }) => code).sort()).toEqual([0, 2]);
  expect(await epochs()).toHaveLength(1);
  await rm(join(home, 'linkage.json'));
});

it('a key that cannot be written where it should go is not made, and it is said why', async () => {
  const home = exchange().homes.get(police.address)!;
  for (const [out, exit, words] of [
    [join(home, 'nowhere', 'epoch.key'), 2, 'cannot be written: there is no such folder.'],
    [join(home, 'identity.json'), 2, 'exists; nothing was overwritten.'],
    ['/dev/full', 3, 'cannot be written: the disk is full.'],
  ] as const) {
    const make = ['linkage', 'key', 'make', '--epoch', '1', '--out', out, '--home', home];
    const { code, stderr } = await runInProcess(make);
    expect({ code, stderr }).toEqual({
      code: exit,
      stderr: expect.stringContaining(`${out} ${words}`) as unknown,
    });
  }
  expect(await readLinkageSettings(home)).toBeUndefined();
});

it('a key for which the disk of the home has no room is not kept, and the file that could not be written is named', async () => {
  const home = exchange().homes.get(police.address)!;
  const script = `trap '' XFSZ; ulimit -f 0; exec "$0" bin/causeway.mjs linkage key make --epoch 1 --home "$1"`;
  const made = promisify(execFile)('/bin/sh', ['-c', script, process.execPath, home], { cwd: repository });
  await expect(made).rejects.toMatchObject({
    code: 3,
    stderr: expect.stringContaining(`${join(home, 'linkage.json')} cannot be changed: `) as unknown,
  });
});
