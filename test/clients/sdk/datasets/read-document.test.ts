import { expect, it } from 'vitest';
import { readDocument } from '../../../../clients/sdk/datasets/read-document.ts';

it('a document is read where it is JSON in UTF-8 and no group names a field twice', () => {
  expect(readDocument(Buffer.from('{"a":{"b":1},"c":[{"b":2},{"b":3}]}'))).toEqual({
    a: { b: 1 },
    c: [{ b: 2 }, { b: 3 }],
  });
  const refused = (body: Buffer, detail: string): void =>
    expect(() => readDocument(body)).toThrow(
      expect.objectContaining({ code: 'dataset-invalid', detail }) as Error,
    );
  refused(Buffer.from('{"a":'), 'It is not JSON in UTF-8.');
  refused(Buffer.from([0x22, 0xff, 0x22]), 'It is not JSON in UTF-8.');
  for (const text of ['{"a":1,"a":1}', '{"a":[{"b":1,"\\u0062":2}]}'])
    refused(Buffer.from(text), 'It names a field twice in one group.');
});
