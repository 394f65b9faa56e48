import { expect, it } from 'vitest';
import { findAlertLeaf, isAlertTold, isOverdueOnRecord } from '../../../gateway/alerts/alert-leaf.ts';
import type { StoredLeaf } from '../../../gateway/store/port.ts';
import { messageId } from '../store/synthetic-messages.ts';

/** A log in which one leaf is what is looked for, and how many leaves of it were read. */
function logWith(wanted: number, size: number, erased?: number) {
  let read = 0;
  return {
    readLeaves: (from: number, limit: number): Promise<readonly StoredLeaf[]> => {
      const count = Math.max(0, Math.min(limit, size - from));
      read += count;
      return Promise.resolve(
        Array.from({ length: count }, (_, nth) => {
          const index = from + nth;
          const kind = index === wanted ? 'alert.overdue' : 'message.accepted';
          return {
            index,
            entry: { kind, message: messageId(1) },
            erased: index === erased,
          } as unknown as StoredLeaf;
        }),
      );
    },
    get read(): number {
      return read;
    },
  };
}

it('a leaf that stands soon after another one is found without opening hundreds', async () => {
  const log = logWith(103, 10_000);
  expect(await isOverdueOnRecord(log, messageId(1), 100)).toBe(true);
  expect(log.read).toBeLessThan(50);
});

it.each([
  [4_000, true],
  [20_000, false],
])('one that a crash put off to place %i is found where it is there', async (place, isThere) => {
  expect(await isOverdueOnRecord(logWith(place, 10_000), messageId(1), 100)).toBe(isThere);
});

it('what followed an acceptance that was erased is looked for nowhere', async () => {
  const log = logWith(20_000, 10_000, 100);
  expect(await findAlertLeaf(log, messageId(1), 100)).toBe('erased');
  expect(await isAlertTold(log, messageId(1), 100)).toBe(true);
  expect(await isOverdueOnRecord(log, messageId(1), 100)).toBe(true);
  expect(log.read).toBeLessThan(50);
});

it('what stands nowhere is not looked for to the end of a long log', async () => {
  const log = logWith(1_000_000, 1_000_000);
  expect(await findAlertLeaf(log, messageId(1), 100)).toBeUndefined();
  expect(log.read).toBeLessThan(110_000);
});
