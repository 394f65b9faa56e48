import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const dir = mkdtempSync(join(tmpdir(), 'causeway-bench-inputs-'));
afterAll(() => {
  rmSync(dir, { recursive: true });
});

function fileOf(name: string, text: string): string {
  const file = join(dir, name);
  writeFileSync(file, text);
  return file;
}

async function run(
  bench: string,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [`bench/${bench}.ts`, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const [code] = (await once(child, 'close')) as [number];
  return { code, stdout, stderr };
}

test.each([
  ['an unknown option', 'generate-register', ['--sed', '1'], /Unknown option '--sed'/],
  [
    'a folder that is not there',
    'generate-register',
    ['--people', '1', '--out', '/no/such/x'],
    /^\/no\/such\/x: there/,
  ],
  ['no register', 'linkage', [], /^name a register, or two: npm run bench:linkage/],
  ['a register that is not there', 'linkage', ['/no/such.csv'], /^\/no\/such\.csv: there is no such file/],
  ['a register of another form', 'linkage', ['package.json'], /the register has no column rec_id/],
  [
    'an empty register',
    'linkage',
    [fileOf('empty.csv', '')],
    /^.*empty\.csv: the register has no column rec_id/,
  ],
  [
    'a header alone',
    'linkage',
    [fileOf('header.csv', 'rec_id, surname\n')],
    /header\.csv: there are no records/,
  ],
  [
    'an open quote',
    'linkage',
    [fileOf('quote.csv', 'rec_id, surname\n\nr1, "Mc\n')],
    /quote\.csv:3: column 2/,
  ],
  [
    'an empty stream',
    'correlator',
    ['--stream', fileOf('empty.ndjson', ''), '--truth', '/no/such.json'],
    /empty\.ndjson: there are no notices/,
  ],
  [
    'a notice without its time',
    'correlator',
    ['--stream', fileOf('timeless.ndjson', '{"id":"x"}\n'), '--truth', '/no/such.json'],
    /timeless\.ndjson:1: time is missing or empty$/m,
  ],
  [
    'a truth that is no list',
    'correlator',
    [
      '--stream',
      fileOf(
        'one.ndjson',
        '{"id":"x","time":"2026-01-01T00:00:00Z","arrived":"2026-01-01T00:00:00Z","source":"a/b","category":"c","severity":"concern","subject":{}}\n',
      ),
      '--truth',
      fileOf('truth.json', '{}'),
    ],
    /truth\.json: the whole must be a list$/m,
  ],
  [
    'a stream that is not there',
    'correlator',
    ['--stream', '/no/such.ndjson', '--truth', '/no/such.json'],
    /^\/no\/such\.ndjson: there is no such file/,
  ],
  [
    'a number that is none',
    'audit',
    ['--leaves', 'many'],
    /^--leaves takes a whole number of at least 1, not/,
  ],
  [
    'no children',
    'generate-stream',
    ['--out', 'x', '--children', '0'],
    /^--children takes a whole number of/,
  ],
  [
    'children of whom none has a twin',
    'generate-stream',
    ['--out', 'x', '--children', '5'],
    /^there are too few children: episodes have to be about some with a twin$/m,
  ],
  [
    'a seed that is none',
    'generate-stream',
    ['--out', 'x', '--seed', 'x'],
    /^--seed takes a whole number from 0/,
  ],
  [
    'nobody',
    'generate-register',
    ['--people', '0'],
    /^--people takes a whole number of at least 1, not '0'$/m,
  ],
  ['a share beyond 1', 'generate-register', ['--ids', '7'], /^--ids takes a number from 0 to 1, not '7'$/m],
  [
    'a multiplier that is none',
    'generate-register',
    ['--errors', 'x'],
    /^--errors takes a number of at least 0/,
  ],
  ['a stage that is no number', 'correlator-cost', ['--stages', 'abc'], /^--stages takes whole numbers/],
  [
    'stages that fall',
    'correlator-mongodb',
    ['--stages', '50000,20000'],
    /^--stages .* that rise, .*'50000,20000'/,
  ],
])('%s is one plain line, and exit code 2', async (_what, bench, args, words) => {
  const { code, stderr } = await run(bench, ...args);
  expect(stderr).toMatch(words);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(code).toBe(2);
});

test('--help is the usage line', async () => {
  const { code, stdout } = await run('linkage', '--help');
  expect(stdout).toMatch(/^usage: node bench\/linkage\.ts FILE … \[--no-id\] .*\n$/);
  expect(code).toBe(0);
});

test('what is only strange in a register is told, and measured all the same', async () => {
  const register = fileOf('strange.csv', 'rec_id, surname\nr1, Reid\nr2\nr2, Kaur\n');
  const { code, stdout, stderr } = await run('linkage', register);
  expect(stderr).toMatch(/^look again: .*strange\.csv:3: 1 columns.*, and 1 lines more$/m);
  expect(JSON.parse(stdout)).toHaveProperty('same');
  expect(code).toBe(0);
});

test('the tables of linkage end with one line of JSON, as every bench does', async () => {
  const { code, stdout, stderr } = await run('linkage-table', '--people', '20');
  expect(code, stderr).toBe(0);
  const [last = '', ...tables] = stdout.trimEnd().split('\n').reverse();
  expect(JSON.parse(last)).toMatchObject({
    ...{ bench: 'linkage-table', people: 20 },
    comparisons: [{ rows: Array.from({ length: 5 }, () => ({ by: expect.any(String) as string })) }, {}],
  });
  expect(tables).toContainEqual(expect.stringMatching(/^\| `same` and `possible` \|/));
});
