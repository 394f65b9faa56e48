import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseLogProof } from '../../protocol/proof/log-proof.ts';
import { acceptable, messageId, police, school } from '../gateway/store/synthetic-messages.ts';
import { storeNotice, withStore } from './filled-store.ts';
import { jsonLines, type RunResult } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

const [caseOfPolice, caseOfSchool, caseOfDuty] = [messageId(100), messageId(200), messageId(300)];
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
  await storeNotice(join(dir, 'gateway'), { thread: caseOfDuty }, 2);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('records that evidence was taken in the case of the message whose sender was named, and in no other', async () => {
  const ambiguous = await audit('prove', messageId(1), '-o', join(dir, 'neither.json'));
  expect(ambiguous.stderr).toContain('say which with --source');
  await audit('prove', messageId(1), '--source', school, '-o', join(dir, 'evidence.json'));
  expect((await audit('story', caseOfPolice)).stdout).not.toContain(taken);
  expect((await audit('story', caseOfSchool)).stdout).toContain(taken);
});

describe('a proof of one leaf', () => {
  const out = (name: string): string => join(dir, name);
  /** The index of a leaf of this kind, from the record. */
  async function leafOf(kind: string, id: string): Promise<number> {
    const { stdout } = await audit('search', '--kind', kind, '--case', id, '--json');
    return Number(jsonLines(stdout)[0]!.index);
  }
  const verified = async (file: string): Promise<RunResult> => {
    writeFileSync(out('log.vkey'), (await audit('checkpoint', '--vkey')).stdout);
    return audit('verify', file, '--key', out('log.vkey'), '--json');
  };

  it('is that of the acceptance where a message is named, and verifies offline', async () => {
    const leaf = await leafOf('message.accepted', caseOfSchool);
    const file = out('message.tlog-proof');
    const words = ['prove', messageId(1), '--source', school, '--format', 'tlog-proof', '-o', file];
    const { code, stdout, stderr } = await audit(...words, '--json');
    expect({ code, stderr, told: jsonLines(stdout) }).toEqual({
      ...{ code: 0, stderr: '' },
      told: [{ type: 'tlog-proof', file, leaf, size: expect.any(Number) as unknown }],
    });
    const { index, extra = '' } = parseLogProof(readFileSync(file));
    const entry = JSON.parse(extra.toString()) as unknown;
    expect({ index, entry }).toMatchObject({
      ...{ index: leaf, entry: { kind: 'message.accepted', message: messageId(1) } },
    });
    const verdict = await verified(file);
    expect([verdict.code, ...jsonLines(verdict.stdout)]).toMatchObject([0, { good: true, index: leaf }]);
    expect((await audit(...words)).stderr).toContain(`${file} exists; nothing was overwritten`);
  });

  it('is that of any leaf by its index, and the story of the case tells who took it', async () => {
    const leaf = await leafOf('delivery.stored', caseOfDuty);
    const file = out('leaf.tlog-proof');
    const { code, stdout, stderr } = await audit('prove', '--leaf', String(leaf), '-o', file);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `written  ${file}\n` });
    expect(stderr).toContain(`audit verify ${file} --key log.vkey`);
    expect((await verified(file)).code).toBe(0);
    const told = `took a proof of leaf ${leaf}, which is of this case`;
    expect((await audit('story', caseOfDuty)).stdout).toContain(told);
    expect((await audit('story', caseOfSchool)).stdout).not.toContain(told);
  });

  it.each([
    ['neither a message nor a leaf', [], 'Name a message by its id, or a leaf by its index with --leaf.'],
    [
      'a message and a leaf',
      [messageId(1), '--leaf', '0'],
      'Name a message or a leaf with --leaf, not both.',
    ],
    ['evidence of a leaf', ['--leaf', '0', '--format', 'evidence'], 'with --leaf the format is tlog-proof'],
    ['a sender of a leaf', ['--leaf', '0', '--source', school], '--source is about a message'],
    ['what is no index', ['--leaf', '-1'], 'It must be a whole number'],
  ])('is not made for %s', async (_what, words, said) => {
    const { code, stderr } = await audit('prove', ...words, '-o', out('none'));
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
    expect(existsSync(out('none'))).toBe(false);
  });

  it('is not made for a leaf beyond the log, and that somebody asked is recorded', async () => {
    const { code, stderr } = await audit('prove', '--leaf', '99999', '-o', out('none'));
    expect([code, stderr]).toEqual([2, expect.stringMatching(/no leaf 99999: when you asked it had \d+,/)]);
    expect(existsSync(out('none'))).toBe(false);
    const { stdout } = await audit('search', '--kind', 'audit.proof-made', '--json');
    expect(jsonLines(stdout)[0]).toMatchObject({ kind: 'audit.proof-made', leaf: 99999 });
  });
});
