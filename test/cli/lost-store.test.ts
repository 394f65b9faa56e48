/** A home whose store is gone, has another name or is empty, beside a log that was published. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkNewStore } from '../../gateway/cli/check-new-store.ts';
import { openGatewayHome } from '../../gateway/home/gateway-home.ts';
import { LogHistory } from '../../gateway/audit/log-history.ts';
import { openPublished } from '../../gateway/audit/published-checkpoint.ts';
import { logVerifierKey } from '../../gateway/audit-log-options.ts';
import { parseVerifierKey } from '../../protocol/proof/verifier-key.ts';
import { withStore } from './filled-store.ts';
import { jsonLines } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let dir: string;
let pristine: string;
let home: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-lost-store-'));
  pristine = join(dir, 'pristine');
  expect((await runInProcess(['gateway', 'init', pristine, '--port', '0'])).code).toBe(0);
  await withStore(pristine, (store) =>
    store.appendRecords(Array.from({ length: 4 }, (_, nth) => ({ kind: 'test.happened', nth }))),
  );
  expect((await runInProcess(['audit', 'checkpoint', '--dir', pristine])).code).toBe(0);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

beforeEach(() => {
  home = join(dir, 'gateway');
  rmSync(home, { recursive: true, force: true });
  cpSync(pristine, home, { recursive: true });
});

function loseStore(): void {
  for (const file of readdirSync(home).filter((name) => name.startsWith('causeway.db')))
    rmSync(join(home, file));
}

function editSettings(pattern: RegExp, line: string): void {
  const file = join(home, 'gateway.yaml');
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(pattern);
  writeFileSync(file, text.replace(pattern, line));
}

async function checkStore(
  part = 'store',
): Promise<{ readonly code: number | null; readonly found: unknown }> {
  const { code, stdout } = await runInProcess(['gateway', 'check', home, '--json']);
  return { code, found: jsonLines(stdout).find(({ check }) => check === part) };
}

async function refusalOf(
  ...args: string[]
): Promise<{ readonly code: number | null; readonly error: unknown }> {
  const { code, stdout, stderr } = await runInProcess([...args, '--json']);
  return { code, error: [...jsonLines(stdout), ...jsonLines(stderr)].find(({ type }) => type === 'error') };
}

/** Check, start and another command say so, and nothing was made. */
async function expectRefused(words: string): Promise<void> {
  const files = readdirSync(home);
  const text = expect.stringContaining(words) as string;
  expect(await checkStore()).toMatchObject({ code: 1, found: { verdict: 'bad', detail: text } });
  const refused = { code: 1, error: { code: 'store-missing', text, retryable: false } };
  expect(await refusalOf('gateway', 'start', home)).toMatchObject(refused);
  expect(await refusalOf('endpoint', 'list', '--dir', home)).toMatchObject(refused);
  expect(readdirSync(home)).toEqual(files);
}

const ofFour = 'but the audit log of this gateway has 4 leaves';

describe('beside a log that was published', () => {
  it('a store that is gone is told, and none is begun in its place', async () => {
    loseStore();
    await expectRefused(`There is no store at ${join(home, 'causeway.db')}, ${ofFour}`);
  });

  it('so is one whose name in the settings has a slip', async () => {
    editSettings(/^store: .*$/m, 'store: causewy.db');
    await expectRefused(`There is no store at ${join(home, 'causewy.db')}, ${ofFour}`);
  });

  it('so is an empty file, and a store without leaves', async () => {
    loseStore();
    writeFileSync(join(home, 'causeway.db'), '');
    await expectRefused(`There is no store at ${join(home, 'causeway.db')}, ${ofFour}`);
    await withStore(home, () => Promise.resolve());
    expect(await checkStore()).toMatchObject({
      code: 1,
      found: { verdict: 'bad', detail: expect.stringContaining(`causeway.db is empty, ${ofFour}`) as string },
    });
    expect(await refusalOf('gateway', 'start', home)).toMatchObject({
      code: 1,
      error: { code: 'store-missing' },
    });
  });

  it('so is one that a start is to run on instead', async () => {
    const other = join(home, 'other.db');
    expect(await refusalOf('gateway', 'start', home, '--store', other)).toMatchObject({
      code: 1,
      error: { code: 'store-missing', text: expect.stringContaining(`no store at ${other}`) as string },
    });
  });

  it('kept checkpoints alone tell that there was one', async () => {
    const opened = await openGatewayHome(home, Date.now);
    const text = readFileSync(join(home, 'log/checkpoint'), 'utf8');
    const checkpoint = openPublished(text, parseVerifierKey(logVerifierKey(opened)));
    await new LogHistory(join(home, 'checkpoints')).note(checkpoint, Date.now());
    rmSync(join(home, 'log'), { recursive: true });
    loseStore();
    await expectRefused(ofFour);
  });

  it('a store that was moved to a database is told as before', async () => {
    loseStore();
    writeFileSync(join(home, 'causeway.db.moved'), '2026-01-01T00:00:00.000Z\ncauseway\ndb1.example\n');
    expect(await refusalOf('gateway', 'start', home)).toMatchObject({
      error: { code: 'configuration-invalid', text: expect.stringContaining('was moved to') as string },
    });
  });

  it('a log that goes on under another origin begins with a new store', async () => {
    loseStore();
    renameSync(join(home, 'log'), join(home, 'log.before'));
    editSettings(/^ {2}origin: .*$/m, '  origin: localhost/second');
    expect(await checkStore()).toMatchObject({
      found: { verdict: 'good', detail: 'made at the first start' },
    });
    // The disk that the first start will write to is looked at before it.
    editSettings(/^freeDiskMebibytes: .*$/m, 'freeDiskMebibytes: 1073741824');
    expect(await checkStore('room')).toMatchObject({
      code: 1,
      found: {
        verdict: 'bad',
        detail: expect.stringMatching(/the floor is 1073741824 MiB: all new messages are refused/) as string,
      },
    });
    const opened = await openGatewayHome(home, Date.now);
    expect(await checkNewStore(opened, () => async () => Promise.resolve(100_000))).toEqual([
      { check: 'store', verdict: 'bad', detail: `no store can be made in ${home}: the disk is full` },
    ]);
    expect((await runInProcess(['endpoint', 'list', '--dir', home])).code).toBe(0);
  });
});
