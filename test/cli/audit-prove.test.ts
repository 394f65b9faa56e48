import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptable, messageId, police, school } from '../gateway/store/synthetic-messages.ts';
import { withStore } from './filled-store.ts';
import type { RunResult } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

const [caseOfPolice, caseOfSchool] = [messageId(100), messageId(200)];
const taken = 'took the evidence about a notice of this case';
let dir: string;

const audit = (...args: string[]): Promise<RunResult> =>
  runInProcess(['audit', ...args], { CAUSEWAY_GATEWAY: join(dir, 'gateway') });

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-prove-'));
  expect((await runInProcess(['gateway', 'init', join(dir, 'gateway')])).code).toBe(0);
  await withStore(join(dir, 'gateway'), async (store) => {
    await store.submit({ source: police, messages: [acceptable(1, { thread: caseOfPolice })] });
    await store.submit({ source: school, messages: [acceptable(1, { thread: caseOfSchool })] });
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('records that evidence was taken in the case of the message whose sender was named, and in no other', async () => {
  const ambiguous = await audit('prove', messageId(1), '-o', join(dir, 'neither.json'));
  expect(ambiguous.stderr).toContain('say which with --source');
  await audit('prove', messageId(1), '--source', school, '-o', join(dir, 'evidence.json'));
  expect((await audit('story', caseOfPolice)).stdout).not.toContain(taken);
  expect((await audit('story', caseOfSchool)).stdout).toContain(taken);
});
