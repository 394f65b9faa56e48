import { expect, it } from 'vitest';
import { exchangeOfFile, police, socialWork } from '../clients/sdk/exchange.ts';
import { jsonLines } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

const exchangeOf = exchangeOfFile(police, socialWork);

it('trust, the first command of a home, shows where the log has each entry', async () => {
  const home = exchangeOf().homes.get(police.address)!;
  const { code, stdout, stderr } = await runInProcess([
    'directory',
    'trust',
    '--all',
    '--home',
    home,
    '--json',
  ]);
  expect(code, stderr).toBe(0);
  const listed = jsonLines(stdout);
  expect(listed.map(({ endpoint }) => endpoint)).toContain(socialWork.address);
  for (const { leaf } of listed) expect(leaf).toEqual(expect.any(Number));
});

it.each([
  ['', 'A fingerprint has 64 characters; this one has 0.'],
  ['dcf7 dea7', 'A fingerprint has 64 characters; this one has 8.'],
  ['../x', 'A fingerprint has 64 characters; this one has 4.'],
  ['g'.repeat(64), 'the digits 0 to 9 and the letters a to f only.'],
])('a slip of the hand in a fingerprint, %j, is no key that has changed', async (fingerprint, words) => {
  const trust = ['directory', 'trust', socialWork.address, '--fingerprint', fingerprint];
  const { code, stderr } = await runInProcess([...trust, '--home', 'nowhere']);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(words) as unknown });
});

it('a fingerprint is taken as it was read out, in groups and in any case', async () => {
  const home = exchangeOf().homes.get(police.address)!;
  const run = (...args: string[]) => runInProcess(['directory', ...args, '--home', home, '--json']);
  const other = jsonLines((await run('list')).stdout).find((one) => one.endpoint === socialWork.address);
  const read = String(other!.openpgpFingerprint);
  const typed = read.toUpperCase().replace(/(.{4})/g, '$1 ');
  expect(await run('trust', socialWork.address, '--fingerprint', typed)).toMatchObject({ code: 0 });
  expect(await run('trust', socialWork.address, '--fingerprint', 'f'.repeat(64))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('key-changed') as unknown,
  });
});
