import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { encodeUnit } from '../../protocol/wire/frame.ts';
import { messageId, sampleEnvelopeOf } from '../gateway/store/synthetic-messages.ts';
import { storeNotice, withStore } from './filled-store.ts';
import { jsonLines, runCauseway, type RunResult } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let dir: string;

const environment = (): Record<string, string> => ({ CAUSEWAY_GATEWAY: join(dir, 'gateway') });
let files = 0;
const words = (): string[] => ['audit', 'prove', messageId(1), '-o', join(dir, `evidence-${++files}.json`)];
const prove = (...args: string[]): Promise<RunResult> => runInProcess([...words(), ...args], environment());

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-retired-'));
  expect((await runInProcess(['gateway', 'init', join(dir, 'gateway')])).code).toBe(0);
  await storeNotice(join(dir, 'gateway'), {
    unit: encodeUnit(sampleEnvelopeOf(1), Buffer.alloc(68), Buffer.from('payload')).bytes,
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('the evidence about a message', () => {
  it('is told with the commands that verify it, which name the folder that was named', async () => {
    const folder = join(dir, 'gateway');
    const { stderr } = await runInProcess([...words(), '--dir', folder]);
    expect(stderr).toContain(`  causeway audit checkpoint --dir ${folder} --vkey > log.vkey\n`);
    expect((await prove()).stderr).toContain('  causeway audit checkpoint --vkey > log.vkey\n');
  });

  it('says plainly that its payload was retired, and only then', async () => {
    const before = await prove('--json');
    expect(jsonLines(before.stdout)).toMatchObject([{ type: 'evidence', payloadRetired: false }]);
    expect((await prove()).stdout).not.toContain('was retired');
    await withStore(join(dir, 'gateway'), async (store) => {
      const record = { kind: 'payload.retired', policy: 'A'.repeat(43) };
      expect(await store.retirePayloads([1], record)).toBe(1);
    });
    const after = await prove('--json');
    expect(after.code, after.stderr).toBe(0);
    expect(jsonLines(after.stdout)).toMatchObject([{ type: 'evidence', payloadRetired: true }]);
    expect(jsonLines(after.stdout)[0]).not.toHaveProperty('altered');
    const told = await runCauseway(words(), { env: environment() });
    expect([told.code, told.stdout]).toEqual([0, expect.stringContaining('payload was retired')]);
  });
});
