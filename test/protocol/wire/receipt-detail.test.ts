import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptedDetail, acceptedDetailSchema } from '../../../protocol/wire/receipt-detail.ts';
import { refusalOf, sampleReceipt } from '../samples.ts';

const read = (detail: string): unknown => acceptedDetail(sampleReceipt({ kind: 'accepted', detail }));

/** What JSON and the schema make of it, or undefined where they refuse it. */
function readBySchema(detail: string): unknown {
  try {
    return acceptedDetailSchema.safeParse(JSON.parse(detail)).data;
  } catch {
    return undefined;
  }
}

const addresses = fc.array(fc.constantFrom('a/b', 'police/duty', 'no address', ']', '"'), { maxLength: 3 });
const record = fc.oneof(fc.nat(), fc.constantFrom(Number.MAX_SAFE_INTEGER, 2 ** 53, -1, 1.5));
const details = fc.oneof(
  fc.record({ record, listening: addresses, away: addresses }).map((detail) => JSON.stringify(detail)),
  fc.constantFrom(
    '{"record":1,"record":2,"listening":[],"away":[]}',
    '{"record":1,"listening":[],"away":[],"record":2}',
    '{"record":01,"listening":[],"away":[]}',
    '{"record":1,"listening":[]],"away":[]}',
    '{"record":1,"listening":[],"away":[]}}',
    ' {"record":1,"listening":[],"away":[]}',
    '{"record":1,"listening":[,],"away":[]}',
    '{"record":1,"listening":[],"away":[],"more":1}',
    '',
  ),
);

describe('the detail of an accepted receipt', () => {
  it('is read as the schema reads it whatever was read before, and however that was changed by its reader', () => {
    fc.assert(
      fc.property(fc.array(details, { minLength: 1, maxLength: 6 }), (texts) => {
        for (const text of [...texts, ...texts]) {
          const expected = readBySchema(text);
          if (expected === undefined) expect(refusalOf(() => read(text))?.code).toBe('receipt-malformed');
          else {
            const detail = read(text) as { listening: string[] };
            expect(detail).toEqual(expected);
            detail.listening.push('changed');
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
