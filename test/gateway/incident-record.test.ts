import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { IncidentRecord } from '../../gateway/incident-record.ts';
import type { RecordEntry } from '../../gateway/store/port.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A record over a store that can fail, and what has been written. */
function openRecord() {
  const written: RecordEntry[] = [];
  const errors: unknown[] = [];
  const store = { isFailing: false };
  const appendRecords = (records: readonly RecordEntry[]): Promise<number> => {
    if (store.isFailing) return Promise.reject(new Error('full'));
    written.push(...records);
    return Promise.resolve(0);
  };
  return {
    record: new IncidentRecord({ appendRecords }, (error) => errors.push(error)),
    written,
    errors,
    store,
  };
}

const refused = { kind: 'request.refused', code: 'certificate-required' } as const;
const broken = { kind: 'session.error', code: 'frame-malformed', endpoint: 'a/b' } as const;

test('equal incidents of an endpoint within a second become one line with a count', async () => {
  const { record, written } = openRecord();
  expect([record.note(broken), record.note(broken), record.note({ ...broken, endpoint: 'a/c' })]).toEqual([
    true,
    false,
    true,
  ]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(record.note(broken)).toBe(true);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written).toEqual([
    { ...broken, count: 2 },
    { ...broken, endpoint: 'a/c', count: 1 },
    { ...broken, count: 1 },
  ]);
});

test('strangers write a line of each kind at once, and from then on one a minute with the count', async () => {
  const { record, written } = openRecord();
  for (let second = 0; second < 600; second++) {
    for (let nth = 0; nth < 5; nth++) record.note(refused);
    if (second === 30) record.note({ ...refused, code: 'not-found' });
    record.note(broken);
    await vi.advanceTimersByTimeAsync(1_000);
    if (second === 0)
      expect(written).toEqual([
        { ...refused, count: 5 },
        { ...broken, count: 1 },
      ]);
    if (second === 30) expect(written).toContainEqual({ ...refused, code: 'not-found', count: 1 });
  }
  await record.flush();
  const lines = written.filter(({ code }) => code === refused.code);
  expect(lines.length).toBeGreaterThan(9);
  expect(lines.length).toBeLessThan(13);
  expect(lines.reduce((sum, { count }) => sum + Number(count), 0)).toBe(3_000);
  expect(written.filter(({ kind }) => kind === broken.kind)).toHaveLength(600);
});

test('what could not be written is written with the next, and lost by nobody', async () => {
  const { record, written, errors, store } = openRecord();
  store.isFailing = true;
  record.note(refused);
  record.note(broken);
  await vi.advanceTimersByTimeAsync(1_000);
  record.note(refused);
  expect(errors).toHaveLength(1);
  store.isFailing = false;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written).toEqual([
    { ...refused, count: 2 },
    { ...broken, count: 1 },
  ]);
});

test('of too many different ones the rest is counted together', async () => {
  const { record, written } = openRecord();
  for (let nth = 0; nth < 300; nth++) record.note({ ...broken, endpoint: `a/e${nth}` });
  await record.flush();
  expect(written).toHaveLength(201);
  expect(written.at(-1)).toEqual({ ...broken, endpoint: 'others', count: 100 });
});
