import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ladderLines } from '../../clients/cli/ladder-text.ts';
import type { MessageRecord } from '../../clients/sdk/ladder-table.ts';
import { createPaint } from '../../terminal/paint.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { clockText, minuteText, timeText } from '../../terminal/time-text.ts';

const root = join(import.meta.dirname, '../..');
const summer = Date.UTC(2026, 6, 1, 9, 30, 5);

test('people are shown times in UTC with a Z, whatever the zone of the computer', () => {
  expect(timeText(summer)).toBe('2026-07-01 09:30:05Z');
  expect(minuteText(new Date(summer))).toBe('2026-07-01 09:30Z');
  expect(clockText(summer)).toBe('09:30:05Z');
});

test('what became of a notice is shown so, at every rung', () => {
  const message = {
    ...{ id: 'x', category: 'concern', severity: 'urgent', time: new Date(summer).toISOString() },
    ...{ state: 'accepted', answer: { outcome: 'accepted', at: summer, record: 1 } },
    deliveries: [{ recipient: 'a/b', deliveredAt: summer, outcome: 'stored', settledAt: summer }],
  } as unknown as MessageRecord;
  const lines = ladderLines(message, { paint: createPaint(false) } as Terminal).join('\n');
  expect(lines.match(/09:30:05Z/g)).toHaveLength(4);
  expect(lines).not.toMatch(/\d\d:\d\d(?!Z|:)/);
});

test('no command cuts or formats a time in another way', () => {
  const files = globSync(['clients/cli/*.ts', 'gateway/cli/*.ts', 'terminal/*.ts'], { cwd: root });
  expect(files.length).toBeGreaterThan(50);
  const others = files.filter((file) =>
    /toISOString\(\)\s*\.slice\(0, 1[69]\)|toISOString\(\)\s*\.slice\(11|toLocale\w*String|toUTCString/.test(
      readFileSync(join(root, file), 'utf8'),
    ),
  );
  expect(others).toEqual([]);
});
