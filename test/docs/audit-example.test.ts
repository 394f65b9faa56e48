import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatVerifierKey } from '../../protocol/proof/verifier-key.ts';
import { committee, entriesOf, logSigner, sampleLog, writeLog } from '../clients/audit/sample-log.ts';

const has = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;
const present = has('python3', '--version') && has('openssl', 'version');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-audit-example-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe(`the program in docs/audit.md (${present ? 'run' : 'not run: python3 or openssl is absent'})`, () => {
  it.skipIf(!present)('finds our log good with nothing of ours, and a changed one bad', async () => {
    const document = await readFile(new URL('../../docs/audit.md', import.meta.url), 'utf8');
    const [, program = ''] = /```python\n(.*?)```/s.exec(document) ?? [];
    const script = join(folder, 'check.py');
    const key = join(folder, 'log.vkey');
    await writeFile(script, program);
    await writeFile(key, `${formatVerifierKey(logSigner.verifierKey)}\n`);
    const run = async (name: string, files: ReadonlyMap<string, Buffer>) => {
      await writeLog(join(folder, name), files);
      return spawnSync('python3', [script, join(folder, name), key], { encoding: 'utf8' });
    };
    const entries = entriesOf(700);
    const good = sampleLog(entries, { witness: committee });
    const { status, stdout, stderr } = await run('good', good);
    expect({ status, stderr: stderr.replace('Signature Verified Successfully\n', '') }).toEqual({
      status: 0,
      stderr: '',
    });
    expect(stdout).toContain('log.example/causeway: 700 entries lead to the signed root\n');
    const changed = sampleLog(entries, { shown: entries.with(3, Buffer.from('another')) });
    expect((await run('changed', changed)).stderr).toContain('another root');
  });
});
