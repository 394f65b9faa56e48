import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LogHistory } from '../../../gateway/audit/log-history.ts';
import { newestKept } from '../../../gateway/audit/signed-before.ts';
import { signCheckpoint } from '../../../protocol/proof/checkpoint.ts';
import { createSigner, temporaryFolder } from './synthetic-leaves.ts';

const signer = createSigner();
const { verifierKey } = signer;
const today = Date.UTC(2026, 4, 10, 12);
const dayMs = 24 * 3_600_000;

/** The size that is taken of those that were kept: days from today, and size. */
async function newestOf(
  kept: readonly (readonly [day: number, size: number])[],
  by = signer,
): Promise<unknown> {
  await using temporary = await temporaryFolder();
  const historyDir = join(temporary.dir, 'checkpoints');
  for (const [day, size] of kept) {
    const root = Buffer.alloc(32, size);
    const text = signCheckpoint({ origin: by.verifierKey.name, size, root }, by);
    await new LogHistory(historyDir).note({ size, root, text }, today + day * dayMs);
  }
  return (await newestKept({ historyDir, verifierKey, now: () => today }))?.size;
}

test('the largest that was kept is that of the newest day', async () => {
  expect(
    await newestOf([
      [-2, 3],
      [-1, 5],
      [-1, 7],
    ]),
  ).toBe(7);
  expect(await newestOf([])).toBeUndefined();
});

test('what was kept while a clock stood ahead does not hide what has been kept since', async () => {
  expect(
    await newestOf([
      [-1, 3],
      [30, 5],
      [31, 6],
      [0, 9],
    ]),
  ).toBe(9);
  expect(
    await newestOf([
      [-1, 3],
      [30, 5],
    ]),
  ).toBe(5);
});

test('those of another log are passed over', async () => {
  expect(await newestOf([[0, 9]], createSigner())).toBeUndefined();
});
