import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkContentMatches,
  decodeContent,
  encodeContent,
  maxContentHeaderBytes,
  type ContentHeader,
} from '../../../protocol/wire/content.ts';
import { messageId, recipient, refusalOf, sampleEnvelope, sender } from '../samples.ts';

const header = (change: Record<string, unknown> = {}): ContentHeader => ({
  id: messageId,
  source: sender,
  to: [recipient, 'strathclyde-police/@duty'],
  mediaType: 'application/json',
  dataschema: 'urn:causeway:dataset:concern-report:1.0',
  ...change,
});

const framed = (json: string, body = ''): Buffer => {
  const bytes = Buffer.from(`0000${json}${body}`);
  bytes.writeUInt32BE(Buffer.byteLength(json), 0);
  return bytes;
};
const codeOf = (call: () => unknown): string => refusalOf(call)?.code ?? 'accepted';

describe('Content', () => {
  it('comes back as it was, whatever the body', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.boolean(), (body, named) => {
        const full = header(named ? { name: 'Körperskizze 👶.pdf' } : { dataschema: undefined });
        const { header: read, body: bytes } = decodeContent(encodeContent(full, body));
        expect(read).toEqual(full);
        expect(Buffer.from(body).equals(bytes)).toBe(true);
      }),
    );
  });

  it('is read from a view into a larger array', () => {
    const content = encodeContent(header(), Buffer.from('body'));
    const larger = new Uint8Array(content.length + 20);
    larger.set(content, 7);
    expect(decodeContent(larger.subarray(7, 7 + content.length)).body.toString()).toBe('body');
  });

  it.each([
    ['id', 'x'],
    ['source', 'x'],
    ['to', []],
    ['to', ['nobody']],
    ['mediaType', 'json'],
    ['mediaType', 'text/html, text/plain'],
    ['mediaType', 'text/plain\r\nx: y'],
    ['name', ''],
    ['name', '..'],
    ['name', '../etc/passwd'],
    ['name', 'a\\b'],
    ['name', 'a\u0000b'],
    ['name', 'a\u202egpj.exe'],
    ['name', 'a'.repeat(256)],
    ['name', '\ud800'],
    ['dataschema', 'x'],
    ['extra', 1],
  ])('is refused when %s is %j, on either side', (name, value) => {
    const bad = header({ [name]: value });
    expect(codeOf(() => encodeContent(bad, Buffer.alloc(0)))).toBe('content-malformed');
    expect(codeOf(() => decodeContent(framed(JSON.stringify(bad))))).toBe('content-malformed');
  });

  it.each(['application/json', 'text/plain; charset=utf-8', 'text/plain;charset=UTF-8', 'image/svg+xml'])(
    'may be %s',
    (mediaType) => {
      expect(decodeContent(encodeContent(header({ mediaType }), Buffer.alloc(0))).header.mediaType).toBe(
        mediaType,
      );
    },
  );

  it('is refused when its header is cut short, too long, not compact, or missing', () => {
    const json = JSON.stringify(header());
    const content = framed(json);
    for (let length = 0; length < content.length; length++) {
      expect(codeOf(() => decodeContent(content.subarray(0, length)))).toBe('content-malformed');
    }
    const long = framed(`${json.slice(0, -1)},"name":"${'a'.repeat(maxContentHeaderBytes)}"}`);
    const bad = [
      long,
      framed(` ${json}`),
      framed(''),
      framed('{}'),
      framed(json.replace('{', '{"__proto__":1,')),
    ];
    for (const bytes of bad) expect(codeOf(() => decodeContent(bytes))).toBe('content-malformed');
  });

  it('never throws anything but content-malformed for random bytes', () => {
    const json = fc.oneof(
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify({ ...header(), name: value })),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          json.map((json) => framed(json)),
        ),
        (bytes) => {
          expect(['accepted', 'content-malformed']).toContain(codeOf(() => decodeContent(bytes)));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('fits its own message and no other', () => {
    const envelope = sampleEnvelope();
    checkContentMatches(header(), envelope);
    const others: [Record<string, unknown>, string][] = [
      [{ id: '01936d9c-7b2a-7c3d-8e4f-0123456789ac' }, '/id'],
      [{ source: recipient }, '/source'],
      [{ to: [recipient] }, '/to'],
      [{ to: ['strathclyde-police/@duty', recipient] }, '/to'],
      [{ dataschema: undefined }, '/dataschema'],
      [{ dataschema: 'urn:causeway:dataset:concern-report:1.1' }, '/dataschema'],
    ];
    for (const [change, at] of others) {
      const refusal = refusalOf(() => checkContentMatches(header(change), envelope));
      expect(refusal?.code).toBe('payload-misdirected');
      expect(refusal?.problems.map((problem) => problem.at)).toEqual([at]);
    }
  });
});
