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
