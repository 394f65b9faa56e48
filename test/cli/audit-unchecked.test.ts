import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { encodeUnit } from '../../protocol/wire/frame.ts';
import { messageId } from '../gateway/store/synthetic-messages.ts';
import { storeNotice } from './filled-store.ts';
import { jsonLines, runCauseway, type RunResult } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const thread = messageId(1);
const unit = encodeUnit(Buffer.from('{}'), Buffer.alloc(68), Buffer.from('payload')).bytes;
let dir: string;
let home: string;
let log: string;

const run = (...args: string[]): Promise<RunResult> => runInProcess(args, { CAUSEWAY_GATEWAY: home });

/** The commands that show leaves. */
const readings = [
  ['audit', 'search', '--case', thread],
  ['audit', 'story', thread],
  ['audit', 'export', '--format', 'csv'],
  ['gateway', 'records'],
];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-unchecked-'));
  home = join(dir, 'gateway');
  log = join(home, 'log');
  expect((await run('gateway', 'init', home)).code).toBe(0);
  await storeNotice(home, { unit });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('leaves that cannot be held against the published log', () => {
  it('are shown with a hint, and as they should be, where nothing was published yet', async () => {
    for (const args of readings) {
      expect(await run(...args)).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(/Nothing of this log has been published yet/) as unknown,
      });
    }
  });

  describe('though the log was published', () => {
    beforeAll(async () => {
      expect((await run('audit', 'checkpoint')).code).toBe(0);
      for (const args of readings) {
        expect(await run(...args)).toMatchObject({
          code: 0,
          stderr: expect.not.stringMatching(/unchecked|against/) as unknown,
        });
      }
    });

    /** Lets something happen to a file of the log, and takes it back. */
    async function withHarm(path: string, harm: () => void, work: () => Promise<void>): Promise<void> {
      renameSync(join(log, path), join(dir, 'kept'));
      try {
        harm();
        await work();
      } finally {
        rmSync(join(log, path), { recursive: true, force: true });
        renameSync(join(dir, 'kept'), join(log, path));
      }
    }

    /** Everything is shown all the same, but nobody can take it for checked. */
    async function expectTold(reason: string, words: RegExp): Promise<void> {
      for (const args of readings) {
        const shown = await run(...args);
        expect(shown).toMatchObject({ code: 3, stderr: expect.stringMatching(words) as unknown });
        expect(shown.stdout).toContain(args.includes('story') ? '[leaf 0]' : 'message.accepted');
        const { code, stdout, stderr } = await run(...args, '--json');
        expect(code).toBe(3);
        const [told] = jsonLines(args.includes('export') ? stderr : stdout);
        expect(told).toMatchObject({
          type: 'unchecked',
          reason,
          detail: expect.stringMatching(words) as unknown,
        });
      }
    }

    it('is told, with exit code 3, where the checkpoint is gone', async () => {
      await withHarm(
        'checkpoint',
        () => undefined,
        () => expectTold('checkpoint-missing', /its checkpoint is gone/),
      );
    });

    it('is told where it cannot be read, or is not what the log has signed', async () => {
      const harms: [() => void, RegExp][] = [
        [() => mkdirSync(join(log, 'checkpoint')), /cannot be used: it is a folder\. /],
        [() => writeFileSync(join(log, 'checkpoint'), 'nothing'), /cannot be used \(A signed note/],
        [
          () => {
            const text = readFileSync(join(dir, 'kept'), 'utf8');
            writeFileSync(join(log, 'checkpoint'), text.replace(/\n\d+\n/, '\n1\n'));
          },
          /cannot be used \(.*signature/,
        ],
      ];
      for (const [harm, words] of harms)
        await withHarm('checkpoint', harm, () => expectTold('checkpoint-unreadable', words));
    });

    it('is told where a tile is gone, with the leaf', async () => {
      await withHarm(
        'tile/0',
        () => undefined,
        () => expectTold('tile-unreadable', /tile is missing, cut or cannot be read: leaf 0/),
      );
    });

    it('is over once an earlier checkpoint stands in its place', async () => {
      const earlier = readFileSync(join(log, 'checkpoint'), 'utf8');
      await storeNotice(home, { unit }, 2);
      expect((await run('audit', 'checkpoint')).code).toBe(0);
      writeFileSync(join(log, 'checkpoint'), 'nothing');
      expect((await run('audit', 'checkpoint')).code).toBe(2);
      writeFileSync(join(log, 'checkpoint'), earlier);
      expect((await run('audit', 'checkpoint')).code).toBe(0);
      expect((await run('audit', 'story', thread)).code).toBe(0);
      expect((await run('audit', 'verify', log, '--key', await keyFile())).code).toBe(0);
    });

    async function keyFile(): Promise<string> {
      const path = join(dir, 'log.vkey');
      writeFileSync(path, (await run('audit', 'checkpoint', '--vkey')).stdout);
      return path;
    }

    it('is told by the command itself', async () => {
      await withHarm(
        'checkpoint',
        () => writeFileSync(join(log, 'checkpoint'), 'nonsense'),
        async () => {
          const { code, stderr } = await runCauseway(['audit', 'story', thread], {
            env: { CAUSEWAY_GATEWAY: home },
          });
          expect([code, stderr]).toEqual([3, expect.stringMatching(/^unchecked: The checkpoint/m)]);
        },
      );
    });
  });
});

describe('a reading where no gateway runs', () => {
  it('is published by `audit checkpoint`, and not by itself', async () => {
    const sizeOf = (checkpoint: string): number => Number(checkpoint.split('\n')[1]);
    const published = (): number => sizeOf(readFileSync(join(log, 'checkpoint'), 'utf8'));
    const before = sizeOf((await run('audit', 'checkpoint')).stdout);
    for (const args of readings) expect((await run(...args)).code).toBe(0);
    expect(published()).toBe(before);
    expect(sizeOf((await run('audit', 'checkpoint')).stdout)).toBe(before + readings.length);
    expect(published()).toBe(before + readings.length);
  });

  it('is under no checkpoint once the store is an older copy, and `audit checkpoint` says so', async () => {
    const store = join(home, 'causeway.db');
    const [reading = []] = readings;
    expect((await run('audit', 'checkpoint')).code).toBe(0);
    copyFileSync(store, join(dir, 'older.db'));
    expect((await run(...reading)).code).toBe(0);
    expect((await run('audit', 'checkpoint')).code).toBe(0);
    copyFileSync(store, join(dir, 'newest.db'));
    copyFileSync(join(dir, 'older.db'), store);
    expect(await run('audit', 'checkpoint')).toMatchObject({
      ...{ code: 2, stdout: '' },
      stderr: expect.stringMatching(
        /The store has \d+ leaves, but the log was published with \d+/,
      ) as unknown,
    });
    // As many leaves as were published, and the last one is another.
    const read = await run(...reading);
    expect(read).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /unchecked: The store does not hold leaf \d+, the last that was published: it was restored/,
      ) as unknown,
    });
    const { code, stderr } = await run('audit', 'checkpoint', '--json');
    expect([code, jsonLines(stderr)]).toMatchObject([2, [{ type: 'error', code: 'log-forked' }]]);
    copyFileSync(join(dir, 'newest.db'), store);
    rmSync(join(log, 'tile/0'), { recursive: true });
    expect((await run('audit', 'checkpoint')).code).toBe(0);
  });
});
