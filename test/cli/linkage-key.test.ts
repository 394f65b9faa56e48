import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  addLinkageKey,
  createLinkageKey,
  readLinkageSettings,
  writeLinkageSettings,
} from '../../clients/sdk/linkage/linkage-file.ts';
import { runInProcess } from './run-in-process.ts';

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
