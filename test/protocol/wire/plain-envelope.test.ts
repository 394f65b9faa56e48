import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCompactJson } from '../../../protocol/wire/compact-json.ts';
import { envelopeSchema, type Envelope } from '../../../protocol/wire/envelope-schema.ts';
import { readPlainEnvelope } from '../../../protocol/wire/plain-envelope.ts';
import { plainEnvelope } from '../samples.ts';

/** What the schema makes of a text, or undefined where it refuses it. */
function readBySchema(text: string): unknown {
  try {
    return envelopeSchema.safeParse(parseCompactJson(Buffer.from(text), 'envelope-malformed')).data;
  } catch {
    return undefined;
  }
}

const of = (characters: string, minLength: number, maxLength = minLength): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...Array.from(characters)), minLength, maxLength });
const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const slug = of('abz09-', 1, 63).filter((text) => !/^-|-$/.test(text));
const address = fc.tuple(slug, slug).map((parts) => parts.join('/'));
const id = fc.uuid({ version: 7 });
const timestamp = fc
  .date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
  .map((date) => date.toISOString());
const safeCount = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const subject = fc.record({
  epoch: fc.nat(1_000_000),
  tokens: fc.dictionary(of('abc', 1, 8), fc.array(of(base64url, 22, 43), { maxLength: 3 }), { maxKeys: 3 }),
});
const recipients = fc.uniqueArray(
  fc.tuple(slug, fc.constantFrom('', '@'), slug).map(([agency, at, name]) => `${agency}/${at}${name}`),
  { minLength: 1, maxLength: 32 },
);

/** Envelopes as the schema has them, their names in its order. */
const envelopes = fc
  .record({ to: recipients, with: fc.record({ dataschema: fc.boolean(), inReplyTo: fc.boolean() }) })
  .chain(({ to, with: { dataschema, inReplyTo } }) =>
    fc.record({
      id,
      source: address,
      type: fc.constant('notice'),
      time: timestamp,
      expires: timestamp,
      to: fc.constant(to),
      sequence: fc.array(safeCount, { minLength: to.length, maxLength: to.length }),
      category: slug,
      severity: fc.constantFrom('immediate', 'urgent', 'concern', 'info'),
      purpose: slug,
      basis: slug,
      ...(dataschema
        ? { dataschema: fc.constantFrom('urn:causeway:dataset:concern:1', 'urn:causeway:dataset:a-1:1.20.3') }
        : {}),
      subjects: fc.array(subject, { maxLength: 3 }),
      thread: id,
      ...(inReplyTo ? { inReplyTo: id } : {}),
      payloadDigest: of(base64url, 43),
      payloadBytes: safeCount,
      recipientKeys: fc.array(of('0123456789abcdef', 64), { minLength: 1, maxLength: 4 }),
      attachments: fc.constant([]),
      signingKey: of(base64url, 43),
    }),
  );

describe('The plain form of an envelope', () => {
  it('is recognised in whatever the schema accepts, and read as the schema reads it', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        const text = JSON.stringify(envelope);
        const read = readPlainEnvelope(text);
        expect(read).toEqual(envelope);
        expect(read).toEqual(readBySchema(text));
        expect(JSON.stringify(read)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('is read as the schema reads it whatever was read before, and however that was changed by its reader', () => {
    const parts = [
      'to',
      'sequence',
      'category',
      'severity',
      'purpose',
      'basis',
      'recipientKeys',
      'signingKey',
    ];
    const shared = fc.subarray(parts as (keyof Envelope)[]);
    fc.assert(
      fc.property(envelopes, envelopes, shared, (first, second, names) => {
        const same = Object.fromEntries(names.map((name) => [name, first[name]]));
        for (const envelope of [first, { ...second, ...same }, first]) {
          const text = JSON.stringify(envelope);
          const read = readPlainEnvelope(text);
          expect(read).toEqual(readBySchema(text));
          read?.to.reverse();
          read?.recipientKeys.pop();
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is never seen in a text that the schema refuses or reads differently', () => {
    const pieces = fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.constantFrom(
        '"',
        '\\',
        ',',
        ':',
        '{',
        '}',
        '[',
        ']',
        '[]',
        ' ',
        '\n',
        '0',
        '-',
        '1e3',
        '.5',
        '/@',
        '\u0130',
      ),
      fc.constantFrom('"id":1,', '"subjects":[],', '{"__proto__":1}', '"thread":"', ',"type":"notice"'),
    );
    const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), drop: fc.nat(40), put: pieces });
    const edits = fc.array(edit, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(envelopes, edits, (envelope, changes) => {
        let text = JSON.stringify(envelope);
        for (const { at, drop, put } of changes) {
          const from = Math.floor(at * text.length);
          text = text.slice(0, from) + put + text.slice(from + (drop > 20 ? 0 : drop));
        }
        const read = readPlainEnvelope(text);
        if (read !== undefined) expect(read).toEqual(readBySchema(text));
      }),
      { numRuns: 3000 },
    );
  });

  it('is never seen in an envelope of which one field is anything else', () => {
    const names = Object.keys(plainEnvelope());
    fc.assert(
      fc.property(envelopes, fc.constantFrom(...names), fc.jsonValue(), (envelope, name, value) => {
        const text = JSON.stringify({ ...envelope, [name]: value });
        const read = readPlainEnvelope(text);
        if (read !== undefined) expect(read).toEqual(readBySchema(text));
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves to the schema what is unusual though not wrong', () => {
    const sample = plainEnvelope();
    const reversed = Object.fromEntries(Object.entries(sample).reverse());
    for (const unusual of [reversed, { ...sample, attachments: [1] }]) {
      const text = JSON.stringify(unusual);
      expect(readPlainEnvelope(text)).toBeUndefined();
      expect(readBySchema(text)).toEqual(unusual);
    }
  });

  it('is not seen in days that do not exist, numbers too large, recipients named twice, or too many', () => {
    const sample = plainEnvelope();
    const many = Array.from({ length: 33 }, (_, index) => `agency/endpoint-${index}`);
    const wrong = [
      { time: '2026-02-29T09:30:00.000Z' },
      { payloadBytes: '9007199254740992' },
      { sequence: [1, '9007199254740993'] },
      { to: ['a/b', 'a/b'], sequence: [1, 1] },
      { to: ['a/b', 'a/c'], sequence: [1] },
      { to: many, sequence: many.map(() => 1) },
      { subjects: Array(17).fill({ epoch: 0, tokens: {} }) },
    ];
    for (const change of wrong) {
      const text = JSON.stringify({ ...sample, ...change }).replace(/"(\d{16})"/g, '$1');
      expect(readPlainEnvelope(text)).toBeUndefined();
      expect(readBySchema(text)).toBeUndefined();
    }
  });
});
