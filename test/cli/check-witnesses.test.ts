import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { cosigner } from '../../protocol/proof/note-signer.ts';
import { addSignatures } from '../../protocol/proof/note.ts';
import { formatVerifierKey } from '../../protocol/proof/verifier-key.ts';
import { timeText } from '../../terminal/time-text.ts';
import { jsonLines } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

let dir: string;
let home: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-witnesses-'));
  home = join(dir, 'gateway');
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

type Line = { readonly check: string; readonly verdict: string; readonly detail: string };

async function checkWitnesses(): Promise<Line[]> {
  const { stdout } = await runInProcess(['gateway', 'check', home, '--json']);
  return (jsonLines(stdout) as Line[]).filter(({ check }) => check === 'witness');
}

it('says of each witness when it cosigned last, and warns where leaves have waited for it for long', async () => {
  await runInProcess(['gateway', 'init', home]);
  const settings = join(home, 'gateway.yaml');
  const witnesses = ['committee.example', 'agency.example'].map((name) => {
    const { privateKey } = generateKeyPairSync('ed25519');
    return cosigner(name, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  });
  const lines = witnesses.map(
    ({ verifierKey }) =>
      `    - { url: 'https://${verifierKey.name}', key: '${formatVerifierKey(verifierKey)}' }\n`,
  );
  writeFileSync(
    settings,
    readFileSync(settings, 'utf8').replace('  witnesses: []\n', `  witnesses:\n${lines.join('')}`),
  );
  await runInProcess(['enrol-token', 'strathclyde-police/control', '--dir', home]);
  expect(await runInProcess(['audit', 'checkpoint', '--dir', home])).toMatchObject({ code: 0 });
  const checkpoint = readFileSync(join(home, 'log/checkpoint'), 'utf8');
  const text = checkpoint.slice(0, checkpoint.indexOf('\n\n') + 1);
  const seconds = Math.floor(Date.now() / 1000);
  const cosigned = addSignatures(checkpoint, [witnesses[0]!.cosign(text, seconds)]);
  writeFileSync(join(home, 'log/checkpoint.witnessed'), cosigned);

  const soon = await checkWitnesses();
  expect(soon.map(({ verdict }) => verdict)).toEqual(['good', 'good']);
  const now = Date.now();
  vi.spyOn(Date, 'now').mockReturnValue(now + 11 * 60_000);
  const [committee, agency] = await checkWitnesses();
  expect([committee?.verdict, agency?.verdict]).toEqual(['good', 'warn']);
  expect(committee?.detail).toContain(`committee.example: cosigned last at ${timeText(seconds * 1000)}, `);
  expect(agency?.detail).toContain('agency.example: has cosigned nothing yet of the ');
  expect(agency?.detail).toContain('leaves wait for it for more than ten minutes');
});
