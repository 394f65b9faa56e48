import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { AlertRecord } from '../../gateway/correlator/alert-record.ts';
import { messageId } from '../gateway/store/synthetic-messages.ts';
import { editLeaf } from './edit-leaf.ts';
import { withStore } from './filled-store.ts';
import { jsonLines, type RunResult } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let dir: string;
let home: string;

const run = (...args: string[]): Promise<RunResult> => runInProcess(args, { CAUSEWAY_GATEWAY: home });

function raised(number: number): AlertRecord & { readonly thread: string } {
  return {
    ...{ kind: 'alert.raised', message: messageId(number), thread: messageId(number) },
    ...{ pattern: 'p', version: 1, title: 'A pattern', level: 'suspect', tier: 'same' },
    ...{ firedAt: Date.now(), dispositionBy: Date.now() + 3_600_000 },
    ...{ events: [], sources: [], agencies: [], links: [], missing: [] },
  };
}

const totalOf = (count: number): unknown =>
  expect.objectContaining({ type: 'total', patterns: 1, raised: count });

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-alerts-tampered-'));
  home = join(dir, 'gateway');
  expect((await run('gateway', 'init', home)).code).toBe(0);
  await withStore(home, async (store) => {
    for (const number of [1, 2]) await store.appendRecords([raised(number)], undefined, messageId(number));
    // A store without the last leaf that was published would be taken for an older copy.
    await store.appendRecords([{ kind: 'gateway.started' }]);
  });
  expect((await run('audit', 'checkpoint')).code).toBe(0);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('an alert whose leaf somebody has edited is neither counted nor shown, and is told', async () => {
  const before = await run('pattern', 'precision', '--json');
  expect([before.code, jsonLines(before.stdout)]).toEqual([
    0,
    [expect.objectContaining({ raised: 2 }), totalOf(2)],
  ]);
  const edited = editLeaf(home, 'alert.raised', (leaf) => leaf.replace(/"at":\d+/, '"at":1'));

  const precision = await run('pattern', 'precision', '--json');
  expect([precision.code, jsonLines(precision.stdout)]).toEqual([
    2,
    [
      expect.objectContaining({ type: 'tampered', leaves: [edited] }),
      expect.objectContaining({ raised: 1 }),
      totalOf(1),
    ],
  ]);

  const forged = await run('pattern', 'explain', messageId(2));
  expect(forged.code).not.toBe(0);
  expect(forged.stdout).toBe('');
  expect(forged.stderr).toContain(`Leaf ${edited} about alerts cannot be counted`);

  const other = await run('pattern', 'explain', messageId(1));
  expect(other.code).toBe(2);
  expect(other.stdout).toContain('A pattern (version 1)');
  expect(other.stderr).toContain('somebody has tampered with them in the store');
});
