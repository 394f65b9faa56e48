import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLogFile } from '../../../clients/audit/log-folder.ts';
import { verdictOf, type AuditReport } from '../../../clients/audit/finding.ts';
import { isLogEvidence, verifyLogEvidence } from '../../../clients/audit/verify-log-evidence.ts';
import { noteSigner } from '../../../protocol/proof/note-signer.ts';
import { proveConsistency, rootFromTiles, type TileReader } from '../../../protocol/proof/tile-proof.ts';
import { formatVerifierKey } from '../../../protocol/proof/verifier-key.ts';
import { jsonLines } from '../../cli/run-causeway.ts';
import { runInProcess } from '../../cli/run-in-process.ts';
import { entriesOf, filesIn, logSigner, newKeyPem, sampleLog } from './sample-log.ts';

const stranger = noteSigner(logSigner.verifierKey.name, newKeyPem());
const foundAt = '2026-11-23T09:30:00.000Z';
const seen = noteOf(sampleLog(entriesOf(200)));
const other = sampleLog(entriesOf(300, 'other'));
const read: TileReader = async (tile) => (await readLogFile(filesIn(other), tile))?.bytes ?? Buffer.alloc(0);
const trust = { keys: [logSigner.verifierKey] };

function noteOf(files: ReadonlyMap<string, Buffer>): string {
  return files.get('checkpoint')!.toString();
}

/** What the log shown has at the size of the one seen. */
async function proof() {
  return {
    fromSize: 200,
    fromRoot: (await rootFromTiles(200, read)).toString('base64'),
    path: (await proveConsistency(200, 300, read)).map((hash) => hash.toString('base64')),
  };
}

function fileOf(kind: string, facts: object): Buffer {
  return Buffer.from(JSON.stringify({ kind, foundAt, subject: 's', detail: 'd', ...facts }, null, 2));
}

function verify(kind: string, facts: object): AuditReport {
  const bytes = fileOf(kind, facts);
  expect(isLogEvidence(bytes)).toBe(true);
  return verifyLogEvidence(bytes, 'found.json', trust);
}

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'causeway-against-log-'))));
afterAll(() => rm(folder, { recursive: true }));

test('two roots of one size, or a proof of another root, show that the log has signed two histories', async () => {
  const samesize = verify('fork', { seen, shown: noteOf(sampleLog(entriesOf(200, 'other'))) });
  expect(samesize).toMatchObject({ size: 200, findings: [{ kind: 'forked', where: 'found.json' }] });
  const larger = verify('fork', { seen, shown: noteOf(other), proof: await proof() });
  expect(larger).toMatchObject({ size: 300, findings: [{ kind: 'forked' }] });
  expect(verdictOf(larger)).toMatch(
    /^This evidence proves that the log was forked: \S+ has signed two histories: of the first 200 entries .* in its checkpoint of 300 entries/,
  );
});

test('a smaller checkpoint shows that the log went back, by the word of the endpoint and both signatures', () => {
  const shown = noteOf(sampleLog(entriesOf(120)));
  const report = verify('rollback', { seen, shown });
  expect(report.findings).toMatchObject([{ kind: 'rolled-back' }]);
  expect(verdictOf(report)).toMatch(
    /^This evidence says that the log was rolled back: \S+ went back from 200 to 120 entries: .* at 2026-11-23T09:30:00\.000Z, is the word of whoever wrote found\.json; a log that has fewer than 200 entries now bears it out\.$/,
  );
});

test('whatever the key has not signed as a contradiction proves nothing, and it says so', async () => {
  const { fromSize, fromRoot, path } = await proof();
  const grown = noteOf(sampleLog(entriesOf(300)));
  const forged = noteOf(sampleLog(entriesOf(300, 'other'), { signer: stranger }));
  const cases: readonly (readonly [string, object, string])[] = [
    ['fork', { seen, shown: noteOf(other) }, 'unproven'],
    ['fork', { seen, shown: grown, proof: { fromSize, fromRoot, path } }, 'unproven'],
    ['fork', { seen, shown: noteOf(other), proof: { fromSize: 199, fromRoot, path } }, 'unproven'],
    ['fork', { seen, shown: noteOf(other), proof: { fromSize, fromRoot, path: path.slice(1) } }, 'unproven'],
    ['fork', { seen, shown: forged, proof: { fromSize, fromRoot, path } }, 'wrong-key'],
    ['fork', { seen, shown: noteOf(other).replace('\n300\n', '\n301\n') }, 'edited'],
    ['rollback', { seen, shown: grown }, 'unproven'],
    ['rollback', { seen, shown: seen }, 'unproven'],
    ['checkpoint', { seen: null, shown: forged }, 'unproven'],
    ['acceptance', { message: 'm', receipts: null, checkpoint: seen }, 'unproven'],
    ['fork', { seen, shown: 7 }, 'edited'],
    ['fork', { seen, shown: noteOf(other), proof: { fromSize, fromRoot: 'AA==', path } }, 'edited'],
  ];
  for (const [kind, facts, found] of cases) {
    const report = verify(kind, facts);
    expect(report.findings, JSON.stringify(facts)).toMatchObject([{ kind: found }]);
    expect(verdictOf(report)).toMatch(/^This evidence proves nothing against the log: /);
  }
});

test('the command ends with exit code 2 and the sentence, and says whose key it took', async () => {
  const file = join(folder, 'found.json');
  await writeFile(file, fileOf('fork', { seen, shown: noteOf(other), proof: await proof() }));
  await writeFile(join(folder, 'log.vkey'), `${formatVerifierKey(logSigner.verifierKey)}\n`);
  const { code, stdout, stderr } = await runInProcess(['audit', 'verify', file]);
  expect(code, stderr).toBe(2);
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(
    /^bad {2}This evidence proves that the log was forked: /,
  );
  expect(stderr).toContain('whoever made the one could have made the other');
  const json = await runInProcess(['audit', 'verify', file, '--key', join(folder, 'log.vkey'), '--json']);
  expect(jsonLines(json.stdout)[0]).toMatchObject({
    ...{ type: 'verdict', good: false, subject: 'log-evidence', size: 300 },
    findings: [{ kind: 'forked' }],
  });
});
