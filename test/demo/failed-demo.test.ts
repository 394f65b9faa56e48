import { rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runDemo } from '../../bin/demo.ts';
import { openFolder, requireRoom } from '../../bin/demo/folder.ts';
import { endpointHome } from '../../bin/sandbox.ts';
import { Client } from '../../clients/sdk/client.ts';
import { CausewayError } from '../../protocol/errors.ts';
import { createTerminal, type Terminal } from '../../terminal/terminal.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-failed-demo-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dir, { recursive: true });
});

const unended = new AbortController().signal;
type Step = { readonly type: string; readonly url?: string };

/** A terminal that shows nothing, and hears every step. */
function hearing(onStep: (step: Step) => void): Terminal {
  const streams = { stdout: new PassThrough().resume(), stderr: new PassThrough().resume() };
  return { ...createTerminal({ ...streams, env: {}, json: true }), json: (step) => onStep(step as Step) };
}

it.each([
  // In the way of the endpoints' homes.
  ['later', 'file-unavailable', () => writeFileSync(join(dir, 'kept', 'endpoints'), '')],
  [
    'as soon as it listens',
    'aborted',
    () => {
      throw new CausewayError('aborted');
    },
  ],
])('a demonstration that fails %s leaves nothing that listens', async (_when, code, spoil) => {
  let url = '';
  const terminal = hearing((step) => {
    if (step.type !== 'gateway-started') return;
    url = String(step.url);
    spoil();
  });
  const keep = join(dir, 'kept');
  await expect(runDemo({ once: true, keep, port: undefined }, terminal, unended)).rejects.toMatchObject({
    code,
  });
  expect(url).toMatch(/^https:/);
  await expect(fetch(url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
});

it('a demonstration of which one endpoint cannot connect leaves no other that goes on trying', async () => {
  const [started, closed] = [vi.spyOn(Client.prototype, 'start'), vi.spyOn(Client.prototype, 'close')];
  const keep = join(dir, 'kept');
  const terminal = hearing(({ type }) => {
    if (type !== 'linkage-key-shared') return;
    rmSync(join(endpointHome(keep, 'nhs-lanarkshire/child-protection'), 'identity.json'));
  });
  await expect(runDemo({ once: true, keep, port: undefined }, terminal, unended)).rejects.toMatchObject({
    code: 'home-invalid',
  });
  expect(started).toHaveBeenCalled();
  expect(closed.mock.contexts).toEqual(expect.arrayContaining(started.mock.contexts));
});

it('a demonstration is not begun where the disk has too little room for it', async () => {
  await requireRoom(dir, () => Promise.resolve(64 * 1_048_576));
  await expect(requireRoom(dir, () => Promise.resolve(5_500_000))).rejects.toMatchObject({
    code: 'file-unavailable',
    detail: `The demonstration needs 64 MiB of disk, and ${dir} has 5 MiB left.`,
  });
});

it('a demonstration begins in an empty folder only', async () => {
  expect(await openFolder(join(dir, 'deep', 'folder'))).toBe(join(dir, 'deep', 'folder'));
  const file = join(dir, 'file');
  writeFileSync(file, '');
  for (const [keep, words] of [
    [dir, `The folder ${dir} of --keep is not empty.`],
    [file, `${file} of --keep is a file.`],
    ['', '--keep names no folder.'],
  ] as const)
    await expect(openFolder(keep)).rejects.toMatchObject({
      code: 'usage-invalid',
      detail: expect.stringContaining(words) as unknown,
    });
});
