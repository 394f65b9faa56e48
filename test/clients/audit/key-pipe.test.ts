import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readKeyPipe } from '../../../clients/audit/key-pipe.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-key-pipe-'));
  path = join(dir, 'pipe');
  execFileSync('mkfifo', [path]);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const patience = { writerMs: 5_000, openingMs: 5_000 };

it('reads what comes out of a pipe up to its end, and of too much only enough to show it', async () => {
  for (const [limit, expected] of [
    [100, 'a key\n'],
    [3, 'a ke'],
  ] as const) {
    await using pipe = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const reading = readKeyPipe(pipe, path, limit, patience);
    await writeFile(path, 'a key\n');
    expect((await reading).toString()).toBe(expected);
  }
});

it('waits for no longer than it is told for a pipe that nobody writes into, and says so', async () => {
  await using pipe = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  await expect(readKeyPipe(pipe, path, 100, { writerMs: 1, openingMs: 1 })).rejects.toMatchObject({
    code: 'log-unreadable',
    detail: expect.stringContaining('no key came out of this pipe') as string,
  });
});
