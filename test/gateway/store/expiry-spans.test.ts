import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExpirySpans } from '../../../gateway/store/sqlite/expiry-spans.ts';
import { schema } from '../../../gateway/store/sqlite/schema.ts';

/** A database with spans, and a slow list of the same deliveries. */
function openSpans() {
  const database = new DatabaseSync(':memory:');
  database.exec(schema);
  const spans = new ExpirySpans(database);
  const insert = database.prepare(
    'INSERT INTO delivery (id, message, recipient, lane, expires_at, state) VALUES (?, 1, 1, 0, ?, 0)',
  );
  const settle = database.prepare('UPDATE delivery SET settled_at = 1 WHERE id = ?');
  const open = new Map<number, number>();
  return {
    open,
    /** Accepts deliveries in one transaction. */
    accept: (from: number, times: readonly number[]): void => {
      times.forEach((expiresAt, nth) => {
        insert.run(from + nth, expiresAt);
        spans.add(from + nth, expiresAt);
        open.set(from + nth, expiresAt);
      });
      spans.flush();
    },
    end: (delivery: number): void => {
      settle.run(delivery);
      open.delete(delivery);
    },
    due: (now: number, limit: number) => spans.due(now, limit),
    settle: (now: number) => spans.settle(now),
    count: () => database.prepare('SELECT count(*) AS spans FROM expiry_span').get()?.spans,
  };
}

const soonestOf = (open: ReadonlyMap<number, number>): number | null =>
  open.size === 0 ? null : Math.min(...open.values());

test('a transaction of many deliveries writes few spans, and one that was rolled back none', () => {
  const { accept, count } = openSpans();
  accept(1, Array<number>(600).fill(50));
  expect(count()).toBe(3);
  accept(601, [70]);
  expect(count()).toBe(4);
});

test('a span goes once nothing in it is open', () => {
  const { accept, end, due, settle, count } = openSpans();
  accept(1, [30, 10, 20]);
  end(2);
  expect(due(15, 10)).toEqual([]);
  expect(settle(15)).toBe(20);
  for (const delivery of due(30, 10)) end(delivery);
  expect(settle(30)).toBeNull();
  expect(count()).toBe(0);
});

test('whatever is accepted, ended and asked, what is due is what a list of all says', () => {
  const time = fc.integer({ min: 0, max: 40 });
  const step = fc.oneof(
    fc.record({
      accept: fc.array(time, { minLength: 1, maxLength: 8 }),
      gap: fc.integer({ min: 0, max: 2 }),
    }),
    fc.record({ end: fc.nat() }),
    fc.record({ ask: time, limit: fc.integer({ min: 1, max: 6 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const spans = openSpans();
      let next = 1;
      for (const each of steps) {
        if ('accept' in each) {
          next += each.gap;
          spans.accept(next, each.accept);
          next += each.accept.length;
        } else if ('end' in each) {
          const ids = [...spans.open.keys()];
          if (ids.length > 0) spans.end(ids[each.end % ids.length] ?? 0);
        } else {
          const expected = [...spans.open]
            .filter(([, expiresAt]) => expiresAt <= each.ask)
            .sort(([oneId, one], [otherId, other]) => one - other || oneId - otherId)
            .slice(0, each.limit)
            .map(([delivery]) => delivery);
          expect(spans.due(each.ask, each.limit)).toEqual(expected);
          for (const delivery of expected) spans.end(delivery);
          expect(spans.settle(each.ask)).toBe(soonestOf(spans.open));
        }
      }
    }),
  );
});
