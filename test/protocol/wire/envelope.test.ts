import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeEnvelope, parseEnvelope } from '../../../protocol/wire/envelope.ts';
import { limits } from '../../../protocol/limits.ts';
import { plainEnvelope, recipient, refusalOf, sampleEnvelope } from '../samples.ts';

const parseText = (text: string): unknown => parseEnvelope(Buffer.from(text, 'utf8'));
const good = JSON.stringify(plainEnvelope());

/** What is wrong with the sample after a change, as JSON Pointers. */
function pointersAfter(change: Record<string, unknown>): string[] {
  const refusal = refusalOf(() => parseText(JSON.stringify({ ...plainEnvelope(), ...change })));
  if (refusal !== undefined) expect(refusal.code).toBe('envelope-malformed');
  for (const { at } of refusal?.problems ?? []) expect(refusal?.detail).toContain(at || 'the whole');
  return refusal?.problems.map(({ at }) => at) ?? [];
}

function refusalOfText(text: string): string {
  return refusalOf(() => parseText(text))?.code ?? 'accepted';
}

describe('Envelopes', () => {
  it('come back as they were, and their bytes too', () => {
    const envelope = sampleEnvelope();
    const bytes = encodeEnvelope(envelope);
    expect(parseEnvelope(bytes)).toEqual(envelope);
    expect(encodeEnvelope(parseEnvelope(bytes))).toEqual(bytes);
  });

  it('may have their names in any order', () => {
    const reversed = Object.fromEntries(Object.entries(plainEnvelope()).reverse());
    expect(parseText(JSON.stringify(reversed))).toEqual(sampleEnvelope());
  });

  it('need every field but dataschema and inReplyTo', () => {
    for (const name of Object.keys(plainEnvelope())) {
      const optional = name === 'dataschema' || name === 'inReplyTo';
      expect(pointersAfter({ [name]: undefined })).toEqual(optional ? [] : [`/${name}`]);
    }
  });

  const wrong: [string, unknown, string?][] = [
    ['id', '01936d9c-7b2a-4c3d-8e4f-0123456789ab'],
    ['id', '01936D9C-7B2A-7C3D-8E4F-0123456789AB'],
    ['source', 'nhs-lanarkshire'],
    ['source', 'nhs-lanarkshire/@duty'],
    ['source', 'nhs/one/two'],
    ['source', 'Nhs/one'],
    ['type', 'alert'],
    ['time', '2026-11-23T09:30:00Z'],
    ['time', '2026-11-23T09:30:00.000+00:00'],
    ['time', '2026-02-30T09:30:00.000Z'],
    ['time', 1_795_426_200_000],
    ['expires', 'tomorrow'],
    ['to', [recipient, recipient], '/to'],
    ['to', [recipient, '@duty'], '/to/1'],
    ['to', recipient],
    ['sequence', [1]],
    ['sequence', [1, 0], '/sequence/1'],
    ['sequence', [1, 1.5], '/sequence/1'],
    ['sequence', [1, '2'], '/sequence/1'],
    ['category', 'Concern'],
    ['category', 'a'.repeat(64)],
    ['severity', 'grave'],
    ['purpose', ''],
    ['basis', 'public task'],
    ['dataschema', 'urn:causeway:dataset:concern-report'],
    ['dataschema', null],
    ['subjects', null],
    ['subjects', [{ epoch: -1, tokens: {} }], '/subjects/0/epoch'],
    ['subjects', [{ epoch: 0 }], '/subjects/0/tokens'],
    ['subjects', [{ epoch: 0, tokens: {}, name: 'x' }], '/subjects/0'],
    ['subjects', [{ epoch: 0, tokens: { a: ['short'] } }], '/subjects/0/tokens/a/0'],
    ['subjects', Array(17).fill({ epoch: 0, tokens: {} })],
    ['thread', 'none'],
    ['inReplyTo', ''],
    ['payloadDigest', 'A'.repeat(42)],
    ['payloadDigest', `${'A'.repeat(42)}=`],
    ['payloadBytes', 0],
    ['payloadBytes', -1],
    ['recipientKeys', []],
    ['recipientKeys', ['A'.repeat(64)], '/recipientKeys/0'],
    ['recipientKeys', ['a'.repeat(40)], '/recipientKeys/0'],
    ['attachments', {}],
    ['attachments', Array(33).fill(1)],
    ['signingKey', 7],
  ];
  it.each(wrong)('are refused when %s is %j, with a pointer to it', (name, value, at = `/${name}`) => {
    expect(pointersAfter({ [name]: value })).toEqual([at]);
  });

  it('are refused with no recipient and with 33', () => {
    expect(pointersAfter({ to: [], sequence: [] })).toEqual(['/to', '/sequence']);
    const to = Array.from({ length: 33 }, (_, index) => `agency/endpoint-${index}`);
    expect(pointersAfter({ to, sequence: to.map(() => 1) })).toEqual(['/to', '/sequence']);
  });

  it('are refused with a name that nobody knows, and the name is not repeated in the error', () => {
    const secret = 'Synthetic Child';
    for (const change of [
      { [secret]: 1 },
      { subjects: [{ epoch: 1, tokens: { [secret]: ['A'.repeat(22)] } }] },
    ]) {
      const refusal = refusalOf(() => parseText(JSON.stringify({ ...plainEnvelope(), ...change })));
      expect(refusal?.code).toBe('envelope-malformed');
      expect(JSON.stringify([refusal?.message, refusal?.problems])).not.toContain(secret);
    }
  });

  it('are refused when they are not JSON, without quoting what they are', () => {
    const refusal = refusalOf(() => parseText('{"id": Synthetic Child}'));
    expect(refusal?.code).toBe('envelope-malformed');
    expect(refusal?.cause).toBeUndefined();
    expect(refusal?.message).not.toContain('Synthetic');
  });

  it('are refused with a repeated name, whichever value comes first', () => {
    expect(refusalOfText(good.replace('{', '{"severity":"info",'))).toBe('envelope-malformed');
    expect(refusalOfText(good.replace('{', '{"severity":"urgent",'))).toBe('envelope-malformed');
    expect(refusalOfText(good.replace('"epoch":3', '"epoch":3,"epoch":3'))).toBe('envelope-malformed');
  });

  it('are refused with white space, a byte order mark, unusual escapes or unusual numbers', () => {
    const spoiled = [
      ` ${good}`,
      `${good}\n`,
      good.replace(':', ': '),
      `\ufeff${good}`,
      good.replace('notice', 'notic\\u0065'),
      good.replace('urn:', '\\/urn:'),
      good.replace('2048', '2048.0'),
      good.replace('2048', '2.048e3'),
      good.replace('2048', '9007199254740993'),
      `${good}${good}`,
      good.slice(0, -1),
      '',
    ];
    for (const text of spoiled) expect(refusalOfText(text)).toBe('envelope-malformed');
  });

  it('are refused when they are not UTF-8', () => {
    const bytes = Buffer.from(good);
    const at = bytes.indexOf('concern');
    for (const wrong of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      const spoiled = Buffer.from(bytes);
      spoiled.set(wrong, at);
      expect(refusalOf(() => parseEnvelope(spoiled))?.code).toBe('envelope-malformed');
    }
  });

  it('are refused with the name __proto__ at any depth', () => {
    const spoiled = [
      good.replace('{', '{"__proto__":{"severity":"info"},'),
      good.replace('"tokens":{', '"tokens":{"__proto__":["AAAAAAAAAAAAAAAAAAAAAA"],'),
      good.replace('"epoch":3', '"epoch":3,"__proto__":null'),
      good.replace('"attachments":[]', '"attachments":[{"__proto__":1}]'),
      good.replace('{', '{"constructor":1,'),
    ];
    for (const text of spoiled) expect(refusalOfText(text)).toBe('envelope-malformed');
  });

  it('are refused when nested thousands deep', () => {
    for (const depth of [10_000, 30_000]) {
      const deep = '['.repeat(depth) + ']'.repeat(depth);
      expect(refusalOfText(deep)).toBe('envelope-malformed');
      expect(refusalOfText(good.replace('"attachments":[]', `"attachments":[${deep}]`))).toBe(
        'envelope-malformed',
      );
      expect(refusalOfText('['.repeat(depth))).toBe('envelope-malformed');
    }
  });

  it('are refused above 64 KiB before anything is parsed', () => {
    const padded = (bytes: number): Buffer =>
      Buffer.concat([Buffer.from(good), Buffer.alloc(bytes - good.length, 0x20)]);
    expect(refusalOf(() => parseEnvelope(padded(limits.maxEnvelopeBytes + 1)))?.code).toBe(
      'envelope-too-large',
    );
    expect(refusalOf(() => parseEnvelope(padded(limits.maxEnvelopeBytes)))?.code).toBe('envelope-malformed');
  });

  it('never throw anything but envelope-malformed for random JSON, bytes and spoiled fields', () => {
    const field = fc.tuple(fc.constantFrom(...Object.keys(plainEnvelope())), fc.jsonValue());
    const text = fc.oneof(
      fc.json(),
      fc.string(),
      field.map(([name, value]) => JSON.stringify({ ...plainEnvelope(), [name]: value })),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          text.map((text) => Buffer.from(text)),
          fc.uint8Array(),
        ),
        (bytes) => {
          expect([undefined, 'envelope-malformed']).toContain(refusalOf(() => parseEnvelope(bytes))?.code);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
