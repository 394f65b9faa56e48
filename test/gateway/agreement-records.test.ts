import { expect, test } from 'vitest';
import type { Pattern } from '../../gateway/correlator/patterns/pattern.ts';
import { loadedRecords, startedRecord } from '../../gateway/agreement-records.ts';
import type { Digest } from '../../protocol/ids.ts';

const policy = 'p'.repeat(43) as Digest;
const pattern = (id: string, version: number, change: object = {}): Pattern =>
  ({ id, version, key: `${id}@${version}`, file: 'a.yaml', line: 1, title: 't', ...change }) as Pattern;

const changes = (before: readonly Pattern[], now: readonly Pattern[]): unknown[] =>
  loadedRecords(policy, before, now)
    .slice(1)
    .map(({ kind: _, policy: __, ...rest }) => rest);

test('patterns are named with their versions, in order', () => {
  const now = [pattern('b', 2), pattern('a', 1)];
  const said = { policy, patterns: ['a@1', 'b@2'] };
  expect(startedRecord(policy, now)).toEqual({ kind: 'gateway.started', ...said });
  expect(loadedRecords(policy, now, now)).toEqual([{ kind: 'policy.loaded', ...said }]);
});

test('a pattern that came, went or has another version is a change', () => {
  const before = [pattern('a', 1), pattern('b', 1), pattern('c', 1)];
  const now = [pattern('d', 3), pattern('c', 1), pattern('b', 2)];
  expect(changes(before, now)).toEqual([
    { pattern: 'a', from: 1, to: null },
    { pattern: 'b', from: 1, to: 2 },
    { pattern: 'd', from: null, to: 3 },
  ]);
  expect(loadedRecords(policy, before, now)[1]).toMatchObject({ kind: 'pattern.changed', policy });
});

test('a rule that was changed under the same version is a change, and one that was moved is none', () => {
  const by = (field: string): object => ({ correlation: { field: new Map([['rule', field]]) } });
  expect(changes([pattern('a', 1, by('x'))], [pattern('a', 1, by('y'))])).toEqual([
    { pattern: 'a', from: 1, to: 1 },
  ]);
  const moved = { ...by('x'), file: 'b.yaml', line: 9 };
  expect(changes([pattern('a', 1, by('x'))], [pattern('a', 1, moved)])).toEqual([]);
});
