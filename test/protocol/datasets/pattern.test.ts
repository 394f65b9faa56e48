import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linearRegExp, RefusedPattern } from '../../../protocol/datasets/pattern.ts';

const pieces = [
  'a',
  'é',
  '.',
  '\\s',
  '\\S',
  '\\d',
  '\\w',
  '\\b',
  '\\.',
  '\\[',
  '\\v',
  '[a.]',
  '[\\s]',
  '[^\\s-]',
  '[^.]',
  '[[:alpha:][a]',
  '[a(?i:]',
  '[é[]',
  '[^]',
  '[a[^]',
  '[\\]^[]',
  '\\0',
  '\\cA',
  '\\/',
  '\\u{e9}',
  '\\u00e9',
  '\\xe9',
  '\\p{L}',
  '\\p{Script=Greek}',
  '[^\\P{sc=Greek}é]',
  '(?:a|α)',
];
const anchors = fc.constantFrom('', '^');
const pattern = fc
  .tuple(
    anchors,
    fc.array(fc.tuple(fc.constantFrom(...pieces), fc.constantFrom('', '?', '{1,2}')), {
      minLength: 1,
      maxLength: 5,
    }),
    fc.constantFrom('', '$'),
  )
  .map(([begin, parts, end]) => {
    const body = parts.map(([piece, times]) => (piece === '\\b' ? piece : piece + times)).join('');
    return `${begin}${body}${end}`;
  });
const text = fc.string({
  unit: fc.constantFrom(
    'a',
    'é',
    'α',
    ':',
    '.',
    '[',
    ' ',
    '7',
    '\n',
    '\r',
    '\v',
    '\u00a0',
    '\u2028',
    '\u3000',
    '\ufeff',
    '😀',
  ),
  maxLength: 6,
});

test('a pattern matches what JSON Schema says that it matches', () => {
  fc.assert(
    fc.property(pattern, text, (source, value) => {
      const expected = new RegExp(source, 'u').test(value);
      expect(linearRegExp(source, 'u').test(value), `${source} on ${JSON.stringify(value)}`).toBe(expected);
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  [
    'what only other languages know',
    ['(?i)a', '\\Aa\\z', '[[:digit:]]', '(?P<x>a)', '{', '[]a', '\\8', 'a\\Z'],
  ],
  ['a flag for a part', ['(?i:a)', '(?s:.)', '(?m:^a)', '(?-i:a)']],
  ['what takes more than the length of the text', ['(?=a)', '(?<!a)b', '(a)\\1', '(?<q>a)\\k<q>']],
  ['half a character', ['\\ud83d\\ude00']],
  ['what cannot be said to RE2', ['[\\S]', '[\\b]', 'a{1,2000}', '\\p{Script=Grek}']],
])('%s is refused', (_what, patterns) => {
  for (const each of patterns) expect(() => linearRegExp(each, 'u'), each).toThrow(RefusedPattern);
});
