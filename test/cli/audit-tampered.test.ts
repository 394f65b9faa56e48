import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { uuidToBytes } from '../../protocol/uuid.ts';
import { encodeUnit } from '../../protocol/wire/frame.ts';
import { messageId } from '../gateway/store/synthetic-messages.ts';
import { editLeaf } from './edit-leaf.ts';
import { storeNotice } from './filled-store.ts';
import { jsonLines, runCauseway, type RunResult } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const thread = messageId(1);
/** A case whose secret somebody deletes. */
const bereft = messageId(2);
const unit = encodeUnit(Buffer.from('{}'), Buffer.alloc(68), Buffer.from('payload')).bytes;
let dir: string;

const audit = (...args: string[]): Promise<RunResult> =>
  runInProcess(['audit', ...args], { CAUSEWAY_GATEWAY: join(dir, 'gateway') });

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-tampered-'));
  expect((await runInProcess(['gateway', 'init', join(dir, 'gateway')])).code).toBe(0);
  await storeNotice(join(dir, 'gateway'), { unit });
  await storeNotice(join(dir, 'gateway'), { unit }, 2);
  // The index knows what the leaf said before the store is changed.
  expect((await audit('search', '--case', thread)).code).toBe(0);
  const database = new DatabaseSync(join(dir, 'gateway', 'causeway.db'));
  const { bodies } = database.prepare('SELECT bodies FROM audit_block WHERE first = 0').get() as {
    bodies: Uint8Array;
  };
  bodies[bodies.byteLength - 1]! ^= 1;
  database.prepare('UPDATE audit_block SET bodies = ? WHERE first = 0').run(bodies);
  database.prepare('UPDATE message SET secret = NULL WHERE id = ?').run(uuidToBytes(bereft));
  database.close();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const about = ['--kind', 'message', '--kind', 'delivery'];

describe('a body that was edited in the store', () => {
  it('is told by search, with its leaf, and nothing that it said before', async () => {
    const { stdout } = await audit('search', '--case', thread, ...about, '--json');
    const [stored, delivered, accepted] = jsonLines(stdout);
    for (const hit of [stored, delivered, accepted]) expect(hit).toMatchObject({ tampered: 'changed' });
    expect(accepted).toMatchObject({ index: 0, erased: false });
    expect(accepted).not.toHaveProperty('source');
    const shown = (await audit('search', '--case', thread, ...about)).stdout;
    expect(shown.match(/changed in the store/g)).toHaveLength(3);
  });

  it('is told by the story and by the export', async () => {
    const { stdout } = await audit('story', thread, '--json');
    const told = jsonLines(stdout).map(({ text }) => text);
    expect(told.slice(0, 3)).toEqual(
      Array<unknown>(3).fill(expect.stringMatching(/^What leaf 0 said was changed in the store/)),
    );
    const csv = (await audit('export', '--format', 'csv', '--kind', 'message.accepted')).stdout.split('\r\n');
    const column = csv[0]!.split(',').indexOf('tampered');
    expect(csv[1]!.split(',')[column]).toBe('changed');
  });

  it('is told by between', async () => {
    const { code, stdout } = await runCauseway(['audit', 'between', '0', 'now', '--json'], {
      env: { CAUSEWAY_GATEWAY: join(dir, 'gateway') },
    });
    expect([code, jsonLines(stdout)]).toMatchObject([
      4,
      [{ outcome: 'unwitnessed', proven: false, changed: [0], secretGone: [3], erasedNotices: 0 }],
    ]);
  });

  it('is told by prove, stands in the evidence, and does not verify', async () => {
    const file = join(dir, 'evidence.json');
    const proved = await audit('prove', messageId(1), '-o', file);
    expect(proved.code).toBe(2);
    expect(proved.stdout).toContain('What leaf 0 said was changed in the store');
    const key = join(dir, 'log.vkey');
    writeFileSync(key, (await audit('checkpoint', '--vkey')).stdout);
    const verified = await audit('verify', file, '--key', key, '--json');
    expect(verified.code).toBe(2);
    const [{ findings }] = jsonLines(verified.stdout) as [{ findings: unknown[] }];
    expect(findings).toContainEqual(
      expect.objectContaining({
        kind: 'edited',
        entry: 0,
        text: expect.stringContaining('changed or removed') as unknown,
      }),
    );
  });
});

describe('a leaf that was itself edited in the store after it was published', () => {
  const third = messageId(3);
  const told = /Leaf \d+ itself was changed in the store: it is not the one that was published/;
  let edited: number;

  beforeAll(async () => {
    await storeNotice(join(dir, 'gateway'), { unit }, 3);
    // A store without the last leaf that was published would be taken for an older copy.
    await audit('search');
    expect((await audit('checkpoint')).code).toBe(0);
    edited = editLeaf(join(dir, 'gateway'), 'delivery.stored', (leaf) =>
      leaf.replace('delivery.stored', 'delivery.expired').replace(/,"receipt":"[^"]*"/, ''),
    );
  });

  it('is told by the story and by search in place of what it says now, and by the export', async () => {
    const story = jsonLines((await audit('story', third, '--json')).stdout);
    expect(story.find(({ leaf }) => leaf === edited)?.text).toMatch(told);
    const { stdout } = await audit('search', '--case', third, ...about, '--json');
    const found = jsonLines(stdout).filter(({ tampered }) => tampered !== undefined);
    expect(found).toMatchObject([{ index: edited, tampered: 'rewritten' }]);
    const csv = (await audit('export', '--format', 'csv', '--kind', 'delivery')).stdout.split('\r\n');
    const column = csv[0]!.split(',').indexOf('tampered');
    const line = csv.find((each) => each.startsWith(`${edited},`))!;
    expect(line.split(',')[column]).toBe('rewritten');
    expect(line).not.toContain(third);
    expect(found[0]).not.toHaveProperty('of');
  });

  it('keeps between from proving anything', async () => {
    const { code, stderr } = await audit('between', '0', 'now');
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/are not those that were published.*\ncode {3}log-forked/),
    ]);
  });

  it('is told by the record', async () => {
    const { stdout } = await runInProcess(['gateway', 'records', join(dir, 'gateway'), '--json']);
    expect(jsonLines(stdout)[edited]).toMatchObject({ index: edited, tampered: 'rewritten' });
  });

  it('is told as well where it is no leaf any more, and keeps nobody from reading the others', async () => {
    await storeNotice(join(dir, 'gateway'), { unit }, 4);
    const broken = editLeaf(join(dir, 'gateway'), 'delivery.delivered', () => 'no leaf');
    for (const code of ['{}', '"nonsense"'])
      editLeaf(join(dir, 'gateway'), 'audit.search', (leaf) => leaf.replace(/"at":\d+/, `$&,"code":${code}`));
    const records = await runInProcess(['gateway', 'records', join(dir, 'gateway'), '--json']);
    expect(jsonLines(records.stdout)[broken]).toMatchObject({ index: broken, tampered: 'rewritten' });
    const { code, stdout } = await audit('search', '--json');
    expect(code).toBe(0);
    const found = jsonLines(stdout).find(({ index }) => index === broken);
    expect(found).toMatchObject({ kind: 'unreadable', tampered: 'rewritten' });
    for (const args of [
      ['story', messageId(4)],
      ['export', '--format', 'csv'],
      ['export', '--format', 'ecs'],
      ['export', '--format', 'fhir'],
    ])
      expect(await audit(...args)).toMatchObject({ code: 0 });
  });

  it('is told by prove, whose evidence does not verify', async () => {
    const file = join(dir, 'rewritten.json');
    const proved = await audit('prove', third, '-o', file);
    expect(proved.code).toBe(2);
    expect(proved.stdout).toMatch(told);
    expect((await audit('verify', file, '--key', join(dir, 'log.vkey'))).code).toBe(2);
  });
});

describe('a secret that was deleted in the store, and not by an erasure', () => {
  const isGone = /is gone .*without an erasure on record/;

  it('is told by search and by the story, with the leaf', async () => {
    const { stdout } = await audit('search', '--case', bereft, ...about, '--json');
    for (const hit of jsonLines(stdout).slice(0, 3))
      expect(hit).toMatchObject({ tampered: 'secret-gone', erased: false });
    expect((await audit('search', '--case', bereft, ...about)).stdout).toMatch(isGone);
    const story = jsonLines((await audit('story', bereft, '--json')).stdout);
    expect(story.slice(0, 3).map(({ text }) => text)).toEqual(
      Array<unknown>(3).fill(expect.stringMatching(/^What leaf 3 said cannot be read: its secret is gone/)),
    );
  });

  it('is told by prove, stands in the evidence, and does not verify', async () => {
    const file = join(dir, 'bereft.json');
    const proved = await audit('prove', bereft, '-o', file);
    expect(proved.code).toBe(2);
    expect(proved.stdout).toMatch(isGone);
    const verified = await audit('verify', file, '--key', join(dir, 'log.vkey'), '--json');
    expect(verified.code).toBe(2);
    const [{ findings }] = jsonLines(verified.stdout) as [{ findings: unknown[] }];
    const text = expect.stringMatching(isGone) as unknown;
    expect(findings).toContainEqual(expect.objectContaining({ kind: 'edited', entry: 3, text }));
    // Whoever takes the remark out of the file is found out, too: no erasure in it explains what is missing.
    const evidence = readFileSync(file, 'utf8');
    writeFileSync(file, evidence.replace(/,\s*"altered": "secret-gone"/, ''));
    expect(readFileSync(file, 'utf8')).not.toBe(evidence);
    const without = await audit('verify', file, '--key', join(dir, 'log.vkey'));
    expect(without.code).toBe(2);
    expect(without.stdout).toMatch(/leaf 3 .* is missing, and no leaf in it says that its case was erased/);
  });
});
