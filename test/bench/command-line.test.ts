import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

async function run(bench: string, ...args: string[]): Promise<{ code: number; stderr: string }> {
  const child = spawn(process.execPath, [`bench/${bench}.ts`, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const [code] = (await once(child, 'close')) as [number];
  return { code, stderr };
}

test.each([
  ['an unknown option', 'generate-register', ['--sed', '1'], /Unknown option '--sed'/],
  [
    'a folder that is not there',
    'generate-register',
    ['--people', '1', '--out', '/no/such/x'],
    /^\/no\/such\/x: there/,
  ],
  ['no register', 'linkage', [], /^name a register: npm run bench:linkage/],
  ['a register that is not there', 'linkage', ['/no/such.csv'], /^\/no\/such\.csv: there is no such file/],
  ['a register of another form', 'linkage', ['package.json'], /the register has no column rec_id/],
  [
    'a stream that is not there',
    'correlator',
    ['--stream', '/no/such.ndjson', '--truth', '/no/such.json'],
    /^\/no\/such\.ndjson: there is no such file/,
  ],
  ['a number that is none', 'audit', ['--leaves', 'many'], /^--leaves and --proofs are whole numbers/],
])('%s is one plain line, and exit code 2', async (_what, bench, args, words) => {
  const { code, stderr } = await run(bench, ...args);
  expect(stderr).toMatch(words);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(code).toBe(2);
});
