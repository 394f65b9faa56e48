import { appendFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { logHistoryFileOf, LogHistory, readLogHistory } from '../../../gateway/audit/log-history.ts';
import { temporaryFolder } from './synthetic-leaves.ts';

const now = Date.UTC(2026, 4, 10);
const entry = { at: now, size: 3, checkpoint: 'text' };

test('a line that is no checkpoint as it is kept is passed over, and those around it are read', async () => {
  await using temporary = await temporaryFolder();
  const { dir } = temporary;
  const history = new LogHistory(dir);
  const note = async (size: number): Promise<void> =>
    history.note({ size, text: 'text', root: Buffer.alloc(32) }, now, true);
  await note(3);
  const strange = [
    ...[null, 5, [], {}, { ...entry, at: -1 }, { ...entry, at: '1' }, { ...entry, at: 0.5 }],
    ...[
      { ...entry, size: -1 },
      { ...entry, size: 2 ** 53 },
      { ...entry, size: '3' },
    ],
    ...[
      { ...entry, checkpoint: 3 },
      { at: now, size: 3 },
      { ...entry, more: 1 },
    ],
  ].map((value) => JSON.stringify(value));
  const cutOff = JSON.stringify(entry).slice(0, -5);
  await appendFile(join(dir, logHistoryFileOf(now)), [...strange, cutOff, ''].join('\n'));
  await note(4);
  expect(await readLogHistory(dir)).toEqual([entry, { ...entry, size: 4 }]);
});

test('a line that a crash cut off does not spoil the one that is kept after it', async () => {
  await using temporary = await temporaryFolder();
  const { dir } = temporary;
  const note = async (history: LogHistory, size: number): Promise<void> =>
    history.note({ size, text: 'text', root: Buffer.alloc(32) }, now, true);
  const before = new LogHistory(dir);
  for (const size of [1, 2]) await note(before, size);
  const file = join(dir, logHistoryFileOf(now));
  await truncate(file, (await stat(file)).size - 10);
  const after = new LogHistory(dir);
  for (const size of [3, 4]) await note(after, size);
  expect((await readLogHistory(dir)).map(({ size }) => size)).toEqual([1, 3, 4]);
});
