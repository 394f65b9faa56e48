import { expect, it } from 'vitest';
import { Tally } from '../../bin/demo/tally.ts';
import { isAsTold } from '../../bin/demo/verdict.ts';

const good = { lost: 0, doubled: 0, alerts: 1, unexpected: 0, isLogGood: true };

it('a demonstration went as told only where an alert was raised, nothing was lost or doubled, and the log verifies', () => {
  expect(isAsTold(good, good)).toBe(true);
  const faults = [{ alerts: 0 }, { lost: 1 }, { doubled: 1 }, { unexpected: 1 }, { isLogGood: false }];
  for (const fault of faults) expect(isAsTold({ ...good, ...fault }, { ...good, ...fault })).toBe(false);
});

it('a story that raised no alert has none in its summary, and so did not go as told', () => {
  const tally = new Tally();
  tally.submit();
  tally.accept('notice', ['duty']);
  tally.arrive('notice', 'duty');
  tally.store('notice', 'duty');
  expect(isAsTold(tally.summary(null), good)).toBe(false);
});
