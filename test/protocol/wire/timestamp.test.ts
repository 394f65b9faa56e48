import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readTimestamp } from '../../../protocol/wire/timestamp.ts';

it('reads every timestamp from the year 100 on as the language does', () => {
  const from = new Date('0100-01-01T00:00:00.000Z');
  const until = new Date('9999-12-31T23:59:59.999Z');
  fc.assert(
    fc.property(fc.date({ min: from, max: until, noInvalidDate: true }), (date) => {
      expect(readTimestamp(date.toISOString())).toBe(date.getTime());
    }),
    { numRuns: 2_000, examples: [[from], [until], [new Date(0)], [new Date('2028-02-29T23:59:59.999Z')]] },
  );
});
