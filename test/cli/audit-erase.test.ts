import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { messageId } from '../gateway/store/synthetic-messages.ts';
import { storeNotice } from './filled-store.ts';
import { jsonLines, runCauseway, type RunResult } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const thread = messageId(1);
let dir: string;

const audit = (...args: string[]): Promise<RunResult> =>
  runInProcess(['audit', ...args], { CAUSEWAY_GATEWAY: join(dir, 'gateway') });

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-erase-'));
  expect((await runInProcess(['gateway', 'init', join(dir, 'gateway')])).code).toBe(0);
  await storeNotice(join(dir, 'gateway'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('causeway audit prove', () => {
  it('says of a file that cannot be written why, and records no reading', async () => {
    const { code, stderr } = await audit('prove', thread, '-o', join(dir, 'nowhere', 'evidence.json'));
    expect(code).toBe(2);
    expect(stderr).toContain('cannot be written: there is no such folder');
    const readings = await audit('search', '--kind', 'audit.proof-made', '--json');
    expect(jsonLines(readings.stdout)).toEqual([{ type: 'page', leaves: 0, next: null }]);
  });

  it('leaves nothing behind for a message that never was, and keeps what the file held', async () => {
    const fresh = join(dir, 'evidence.json');
    expect((await audit('prove', messageId(77), '-o', fresh)).stderr).toContain('message-unknown');
    expect(existsSync(fresh)).toBe(false);
    const kept = join(dir, 'kept.json');
    writeFileSync(kept, 'of old');
    await audit('prove', messageId(77), '-o', kept);
    expect(readFileSync(kept, 'utf8')).toBe('of old');
  });
});

describe('causeway audit erase', () => {
  it.each(['', '   ', 'Records Manager\nDone by    nobody', 'x'.repeat(501)])(
    'destroys nothing on the authority of %j',
    async (authority) => {
      const { code, stderr } = await audit('erase', thread, '--authority', authority);
      expect(code).toBe(2);
      expect(stderr).toMatch(/It must (say something|be one line|have at most)/);
    },
  );

  it('destroys nothing when the certificate could not be written', async () => {
    const out = join(dir, 'nowhere', 'certificate');
    const { code } = await audit('erase', thread, '--authority', 'Records Manager', '-o', out);
    expect(code).toBe(2);
    const leaves = await audit('search', '--kind', 'case.erased', '--json');
    expect(jsonLines(leaves.stdout)).toEqual([{ type: 'page', leaves: 0, next: null }]);
  });

  it('prints the same certificate again for a case that was erased before', async () => {
    const out = join(dir, 'certificate');
    const first = await audit('erase', thread, '--authority', 'Records Manager, 4.2', '-o', out, '--json');
    expect(first.code, first.stderr).toBe(0);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(readFileSync(out, 'utf8')).toContain('By order   Records Manager, 4.2\n');
    const longer = join(dir, 'longer');
    writeFileSync(longer, 'of old'.repeat(1_000));
    const again = await runCauseway(
      ['audit', 'erase', thread, '--authority', 'Somebody else', '-o', longer],
      { env: { CAUSEWAY_GATEWAY: join(dir, 'gateway') } },
    );
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).toContain('By order   Records Manager, 4.2\n');
    expect(again.stderr).toContain('was erased before');
    expect(readFileSync(longer, 'utf8')).toBe(again.stdout);
    const leaves = await audit('search', '--kind', 'case.erased', '--json');
    expect(jsonLines(leaves.stdout)).toHaveLength(2);
  });

  it('knows no case that never was', async () => {
    const { code, stderr } = await audit('erase', messageId(77), '--authority', 'Records Manager');
    expect(code).toBe(1);
    expect(stderr).toContain('code   case-unknown');
  });
});
