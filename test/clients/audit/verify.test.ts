import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verdictOf } from '../../../clients/audit/finding.ts';
import { verifyPath } from '../../../clients/audit/verify.ts';
import { takeLock } from '../../../files/process-lock.ts';
import { encodeLeaf } from '../../../protocol/audit/leaf.ts';
import { formatLogProof } from '../../../protocol/proof/log-proof.ts';
import { noteSigner } from '../../../protocol/proof/note-signer.ts';
import { proveInclusion } from '../../../protocol/proof/tile-proof.ts';
import { formatVerifierKey } from '../../../protocol/proof/verifier-key.ts';
import { readLogFile } from '../../../clients/audit/log-folder.ts';
import { jsonLines, runCauseway } from '../../cli/run-causeway.ts';
import { runInProcess } from '../../cli/run-in-process.ts';
import { committee, entriesOf, filesIn, logSigner, newKeyPem, sampleLog, writeLog } from './sample-log.ts';

const entries = entriesOf(300);
const files = sampleLog(entries, { witness: committee });
const checkpoint = files.get('checkpoint')!.toString();
/** When the witness of a sample has cosigned: 2023-11-14T22:13:20Z. */
const cosignedAt = 1_700_000_000_000;
const stranger = noteSigner('log.example/causeway', newKeyPem());

let folder: string;
const at = (...parts: string[]): string => join(folder, ...parts);

async function proofOf(index: number, extra: Buffer | undefined): Promise<string> {
  const read = async (tile: Parameters<typeof readLogFile>[1]) =>
    (await readLogFile(filesIn(files), tile))?.bytes ?? Buffer.alloc(0);
  const path = await proveInclusion(index, entries.length, read);
  return formatLogProof({ index, path, checkpoint, ...(extra === undefined ? {} : { extra }) });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-verify-'));
  await writeLog(at('log'), files);
  const leaves = entries.map((_, nth) => encodeLeaf({ kind: 'test.happened', at: cosignedAt + nth }));
  const grown = [...leaves, leaves[299]!].map((leaf) => Buffer.from(leaf));
  await writeLog(at('behind', 'log'), sampleLog(grown));
  const cosigned = sampleLog(grown.slice(0, 300), { witness: committee }).get('checkpoint')!;
  await writeFile(at('behind', 'log', 'checkpoint.witnessed'), cosigned);
  await writeFile(at('behind', 'log.vkey'), `${formatVerifierKey(logSigner.verifierKey)}\n`);
  await writeFile(at('log.vkey'), `${formatVerifierKey(logSigner.verifierKey)}\n`);
  await writeFile(at('committee.vkey'), formatVerifierKey(committee.verifierKey));
  await writeFile(at('stranger.vkey'), formatVerifierKey(stranger.verifierKey));
  await writeFile(at('entry'), entries[258]!);
  await writeFile(at('with-entry.tlog-proof'), await proofOf(258, entries[258]));
  await writeFile(at('alone.tlog-proof'), await proofOf(258, undefined));
  await writeFile(at('wrong.tlog-proof'), await proofOf(258, entries[257]));
});
afterAll(() => rm(folder, { recursive: true }));

describe('verifying what is named', () => {
  it('does not wait for ever for a pipe that nobody writes into', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    await expect(verifyPath(at('pipe'), { keyFile: at('log.vkey') })).rejects.toMatchObject({
      code: 'log-unreadable',
      detail: `${at('pipe')}: it is not a file.`,
    });
  });

  it('names the folder that holds no log', async () => {
    await mkdir(at('no-log'));
    await expect(verifyPath(at('no-log'), { keyFile: at('log.vkey') })).rejects.toMatchObject({
      code: 'log-unreadable',
      detail: `${at('no-log')}: there is no log in it.`,
    });
  });

  it('takes a folder with the key beside it, and witnesses', async () => {
    const report = await verifyPath(at('log'), { witnessFiles: [at('committee.vkey')] });
    expect(report).toMatchObject({ subject: 'log', size: 300, findings: [] });
    expect(verdictOf(report)).toContain('witness.example/committee cosigned');
    const none = await verifyPath(at('log'), { keyFile: at('stranger.vkey') });
    expect(none.findings).toMatchObject([{ kind: 'wrong-key', where: 'checkpoint' }]);
  });

  it('names an older checkpoint as whoever asks has named it', async () => {
    const sinceFile = at('behind', 'log', 'checkpoint');
    const { findings } = await verifyPath(at('log'), { sinceFile });
    const text = `the checkpoint has 300 entries, and ${sinceFile} had 301 already.`;
    expect(findings).toMatchObject([{ kind: 'rolled-back', where: 'checkpoint', text }]);
  });

  it('says where the log is when the folder of its gateway is named', async () => {
    await expect(verifyPath(folder)).rejects.toMatchObject({
      code: 'log-unreadable',
      detail: `${folder}: it is no log, but holds one: ${at('log')}.`,
    });
  });

  it('takes a proof that holds its entry, or one whose entry is named', async () => {
    const held = await verifyPath(at('with-entry.tlog-proof'));
    expect(held).toMatchObject({ subject: 'proof', index: 258, size: 300, findings: [] });
    expect(verdictOf(held)).toBe(
      'This proof verifies: entry 258 stands in log.example/causeway, under the signed checkpoint of 300 entries.',
    );
    const named = await verifyPath(at('alone.tlog-proof'), { entryFile: at('entry') });
    expect(named.findings).toEqual([]);
    await expect(verifyPath(at('alone.tlog-proof'))).rejects.toMatchObject({ code: 'log-unreadable' });
  });

  it('refuses an option that it would pass over, before somebody takes for checked what was not', async () => {
    const misplaced = { code: 'usage-invalid' };
    const since = { sinceFile: at('log', 'checkpoint') };
    await expect(verifyPath(at('with-entry.tlog-proof'), since)).rejects.toMatchObject(misplaced);
    await expect(verifyPath(at('log'), { entryFile: at('entry') })).rejects.toMatchObject(misplaced);
    for (const bound of [{ uncosignedAtMostMs: 1 }, { copiedAtMs: 1 }]) {
      await expect(verifyPath(at('log'), bound)).rejects.toMatchObject(misplaced);
      const onFile = { ...bound, witnessFiles: [at('committee.vkey')] };
      await expect(verifyPath(at('with-entry.tlog-proof'), onFile)).rejects.toMatchObject(misplaced);
    }
  });

  it('holds what is not cosigned against now where a gateway keeps the folder up to date, and leaves no trace there', async () => {
    const witnessFiles = [at('committee.vkey')];
    expect((await verifyPath(at('behind', 'log'), { witnessFiles })).findings).toEqual([]);
    const lock = takeLock(at('behind', 'log.lock'))!;
    const before = await readdir(at('behind'));
    const { findings, copiedAtMs = 0 } = await verifyPath(at('behind', 'log'), { witnessFiles });
    expect(findings).toMatchObject([{ kind: 'unwitnessed', entry: 300 }]);
    expect(Math.abs(copiedAtMs - Date.now())).toBeLessThan(60_000);
    lock.release();
    expect((await verifyPath(at('behind', 'log'), { witnessFiles })).findings).toEqual([]);
    expect(await readdir(at('behind'))).toEqual(before.filter((name) => !name.endsWith('-journal')));
  });

  it('takes a key file that an editor has saved its way, and takes no such mark in signed text for a change', async () => {
    await writeFile(at('edited.vkey'), `\ufeff${formatVerifierKey(logSigner.verifierKey)}\r\n`);
    const proof = await proofOf(258, entries[258]);
    const verify = (text: string) =>
      writeFile(at('saved.tlog-proof'), text).then(() =>
        verifyPath(at('saved.tlog-proof'), { keyFile: at('edited.vkey') }),
      );
    expect((await verify(proof)).findings).toEqual([]);
    await expect(verify(proof.replaceAll('\n', '\r\n'))).rejects.toMatchObject({
      code: 'log-unreadable',
      detail: `${at('saved.tlog-proof')}: its lines end in CR LF, and those that were signed end in LF alone: fetch the original, as it was written.`,
    });
    await expect(verify(`\ufeff${proof}`)).rejects.toThrow('it begins with a byte order mark');
    const named = { keyFile: at('log.vkey'), sinceFile: at('saved-since') };
    await writeFile(at('saved-since'), checkpoint.replaceAll('\n', '\r\n'));
    await expect(verifyPath(at('log'), named)).rejects.toThrow('its lines end in CR LF');
  });

  it('takes a checkpoint that was kept by itself, and says what it does not prove', async () => {
    await writeFile(at('checkpoint-of-may'), checkpoint);
    const report = await verifyPath(at('checkpoint-of-may'), { witnessFiles: [at('committee.vkey')] });
    expect(report).toMatchObject({ subject: 'checkpoint', size: 300, findings: [] });
    expect(verdictOf(report)).toMatch(/^This checkpoint verifies: .*committee cosigned.*--since\.$/);
    const findingsOf = async (text: string, key = 'log.vkey') => {
      await writeFile(at('checkpoint-changed'), text);
      return (await verifyPath(at('checkpoint-changed'), { keyFile: at(key) })).findings;
    };
    expect(await findingsOf(checkpoint, 'stranger.vkey')).toMatchObject([{ kind: 'wrong-key' }]);
    expect(await findingsOf(checkpoint.replace('\n300\n', '\n301\n'))).toMatchObject([{ kind: 'edited' }]);
    expect(await findingsOf(checkpoint.replace('\n300\n', '\nmany\n'))).toMatchObject([{ kind: 'edited' }]);
  });

  it('says where a proof is wrong', async () => {
    const wrong = await verifyPath(at('wrong.tlog-proof'));
    expect(wrong.findings).toMatchObject([{ kind: 'edited', where: 'wrong.tlog-proof', entry: 258 }]);
    const text = await proofOf(258, entries[258]);
    await writeFile(at('cut.tlog-proof'), text.replace('index 258', 'index x'));
    expect((await verifyPath(at('cut.tlog-proof'))).findings).toMatchObject([
      { line: 3, where: 'cut.tlog-proof' },
    ]);
    await writeFile(at('resized.tlog-proof'), text.replace('\n300\n', '\n301\n'));
    expect((await verifyPath(at('resized.tlog-proof'))).findings).toMatchObject([{ kind: 'edited' }]);
    const foreign = await verifyPath(at('with-entry.tlog-proof'), { origin: 'log.example/other' });
    expect(foreign.findings).toMatchObject([{ kind: 'other-origin' }]);
  });
});

describe('causeway audit verify', () => {
  it('ends with a plain verdict and exit code 0 for what is good', async () => {
    const { code, stdout, stderr } = await runCauseway([
      ...['audit', 'verify', at('log'), '--key', at('log.vkey'), '--witness', at('committee.vkey')],
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^good {2}This log verifies: all 300 entries /);
  });

  it('holds what is not cosigned against the time of the copy, and says where none was given', async () => {
    const named = ['--key', at('log.vkey'), '--witness', at('committee.vkey')];
    const verify = async (...more: string[]) =>
      runInProcess(['audit', 'verify', at('behind', 'log'), ...named, ...more]);
    const without = await verify();
    expect([without.code, without.stderr]).toEqual([0, expect.stringContaining('--copied-at')]);
    expect(await verify('--copied-at', '2023-11-14T22:13:20Z')).toMatchObject({ code: 0, stderr: '' });
    const late = await verify('--copied-at', '2023-11-14T22:30Z');
    expect(late).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('if the clock that this is from is right') as string,
    });
    expect((await verify('--copied-at', 'now')).code).toBe(2);
    expect((await verify('--copied-at', 'soon')).stderr).toContain('It must be now, a time such as');
  });

  it('warns of a cosignature that is dated after the copy was made, and verifies all the same', async () => {
    const named = ['--key', at('log.vkey'), '--witness', at('committee.vkey')];
    const verify = async (time: string, ...more: string[]) =>
      runInProcess(['audit', 'verify', at('log'), ...named, '--copied-at', time, ...more]);
    const early = await verify('2023-11-14T22:08:19Z');
    expect(early.code).toBe(0);
    expect(early.stdout).toContain(
      'warning  The witness witness.example/committee has cosigned at 2023-11-14 22:13:20Z, after the copy was made (2023-11-14 22:08:19Z).',
    );
    const [verdict] = jsonLines((await verify('2023-11-14T22:08:19Z', '--json')).stdout);
    const cosignedLater = [{ name: committee.verifierKey.name, timeSeconds: cosignedAt / 1000 }];
    expect(verdict).toMatchObject({ good: true, cosignedLater });
    expect((await verify('2023-11-14T22:08:20Z')).stdout).not.toContain('warning');
  });

  it('says so when it took the key that lay beside the log', async () => {
    const { code, stdout, stderr } = await runInProcess(['audit', 'verify', at('log')]);
    expect(code).toBe(0);
    expect(stderr).toContain('whoever made the one could have made the other');
    expect(stdout).toContain('This log verifies');
  });

  it('says which and where with exit code 2 for what is not', async () => {
    const bad = new Map(files);
    const bundle = Buffer.from(files.get('tile/entries/000')!);
    bundle[20]! ^= 1;
    await writeLog(at('bad', 'log'), bad.set('tile/entries/000', bundle));
    const { code, stdout, stderr } = await runCauseway([
      ...['--json', 'audit', 'verify', at('bad', 'log'), '--key', at('log.vkey')],
    ]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(jsonLines(stdout)).toMatchObject([
      {
        type: 'verdict',
        good: false,
        findings: [{ kind: 'edited', where: 'tile/entries/000', entry: 0 }],
        verdict:
          'This log does not verify: entry 0, number 1 in tile/entries/000, is not the one that was logged there.',
      },
    ]);
  });

  it('ends with exit code 3 and without a stack trace for what cannot be read', async () => {
    await mkdir(at('empty'));
    await mkdir(at('checkpoint-is-a-folder', 'checkpoint'), { recursive: true });
    await writeFile(at('nothing'), 'nothing');
    await writeFile(at('broken.vkey'), 'example.com/foo+530d903a+AekyeRrm');
    for (const args of [
      [at('absent')],
      [at('empty')],
      [at('nothing')],
      [at('checkpoint-is-a-folder')],
      [at('log'), '--key', at('absent')],
      [at('log'), '--key', at('broken.vkey')],
      [at('log'), '--since', at('absent')],
      [at('log'), '--since', at('nothing')],
    ]) {
      const { code, stdout, stderr } = await runInProcess(['audit', 'verify', ...args]);
      expect({ code, stdout }, args.join(' ')).toEqual({ code: 3, stdout: '' });
      expect(stderr).toContain('log-unreadable');
      expect(stderr).not.toMatch(/^ +at /m);
    }
  });
});
