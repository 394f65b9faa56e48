import { readFileSync } from 'node:fs';
import { globSync } from 'node:fs';
import { expect, test } from 'vitest';
import { kindsMeantBy, leafKinds } from '../../../gateway/audit/leaf-kinds.ts';

/** Where leaves are written, each with its kind as a literal. */
const literal = /(?:kind: |recordReading\(store, |record\()'([a-z]+\.[a-z-]+)'/g;

test('names every kind that the gateway writes', () => {
  const root = new URL('../../../', import.meta.url).pathname;
  const files = globSync('gateway/**/*.ts', { cwd: root });
  const written = files.flatMap((file) =>
    Array.from(readFileSync(`${root}${file}`, 'utf8').matchAll(literal), ([, kind]) => kind),
  );
  expect(new Set(written).size).toBeGreaterThan(25);
  expect(written.filter((kind) => !(leafKinds as readonly (string | undefined)[]).includes(kind))).toEqual(
    [],
  );
  expect(new Set(leafKinds).size).toBe(leafKinds.length);
});

test('takes a kind, or the first word of some, and nothing else', () => {
  expect(kindsMeantBy('message.refused')).toEqual(['message.refused']);
  expect(kindsMeantBy('delivery')).toHaveLength(4);
  for (const wrong of ['message.refuse', 'mesage', 'message.', '', 'refused']) {
    expect(kindsMeantBy(wrong)).toEqual([]);
  }
});
