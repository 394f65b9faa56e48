import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { withStore } from './filled-store.ts';
import { startCauseway } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let dir: string;
let home: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-records-'));
  home = join(dir, 'gateway');
  expect((await runInProcess(['gateway', 'init', home])).code).toBe(0);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('causeway gateway records --follow shows what is recorded while it waits, and ends well with Ctrl-C', async () => {
  const following = startCauseway(['gateway', 'records', home, '--follow']);
  await following.waitForLine((line) => line.includes('audit.records-read'));
  await withStore(home, (store) => store.appendRecords([{ kind: 'test.happened' }]));
  await following.waitForLine((line) => line.includes('test.happened'));
  following.signal('SIGINT');
  expect((await following.ended).code).toBe(0);
});
