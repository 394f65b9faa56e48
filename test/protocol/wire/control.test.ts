import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CausewayError, errorCodes } from '../../../protocol/errors.ts';
import {
  errorFrame,
  parseClientFrame,
  parseGatewayFrame,
  type GatewayFrame,
} from '../../../protocol/wire/control.ts';
import { limits } from '../../../protocol/limits.ts';
import { hasRepeatedName } from '../../../protocol/wire/repeated-name.ts';
import { recipient, refusalOf } from '../samples.ts';

const codeOf = (call: () => unknown): string => refusalOf(call)?.code ?? 'accepted';
const fromClient = (value: unknown): string => codeOf(() => parseClientFrame(JSON.stringify(value)));
const fromGateway = (value: unknown): string => codeOf(() => parseGatewayFrame(JSON.stringify(value)));

const welcome = {
  type: 'welcome',
  endpoint: recipient,
  clock: 1_795_426_200_000,
  limits,
  pending: 0,
  directoryVersion: 4,
  policyDigest: 'A'.repeat(43),
  receiptKey: 'B'.repeat(43),
  checkpoint: null,
};

describe('Control frames of the client', () => {
  it.each([
    [{ type: 'hello', client: 'example/1.0', receiptsAfter: 0 }],
    [{ type: 'hello', client: 'example/1.0', receiptsAfter: null }],
    [{ type: 'credit', messages: limits.maxCredit }],
    [{ type: 'received', units: 0 }],
    [{ type: 'receipts-stored', through: 12 }],
    [{ type: 'goodbye' }],
  ])('are read: %j', (frame) => {
    expect(parseClientFrame(JSON.stringify(frame))).toEqual(frame);
    expect(fromGateway(frame)).toBe('frame-malformed');
  });

  it.each([
    [{ type: 'hello', client: '', receiptsAfter: 0 }],
    [{ type: 'hello', client: 'x'.repeat(101), receiptsAfter: 0 }],
    [{ type: 'hello', client: 'x' }],
    [{ type: 'hello', client: 'x', receiptsAfter: -1 }],
    [{ type: 'credit', messages: 0 }],
    [{ type: 'credit', messages: limits.maxCredit + 1 }],
    [{ type: 'credit', messages: '1' }],
    [{ type: 'received', units: 0.5 }],
    [{ type: 'received', units: 2 ** 53 }],
    [{ type: 'goodbye', reason: 'tired' }],
    [{ type: 'Goodbye' }],
    [{}],
    [[]],
    [null],
    ['hello'],
  ])('are refused: %j', (frame) => expect(fromClient(frame)).toBe('frame-malformed'));

  it('are refused when they are not JSON, without quoting what they are', () => {
    const refusal = refusalOf(() => parseClientFrame('{"type":Synthetic Child}'));
    expect(refusal?.code).toBe('frame-malformed');
    expect(refusal?.message).not.toContain('Synthetic');
    expect(refusal?.cause).toBeUndefined();
  });

  it('are refused with names that objects treat apart, and when nested deep', () => {
    expect(codeOf(() => parseClientFrame('{"type":"goodbye","__proto__":{}}'))).toBe('frame-malformed');
    expect(codeOf(() => parseClientFrame('{"__proto__":{"type":"goodbye"}}'))).toBe('frame-malformed');
    expect(codeOf(() => parseClientFrame('['.repeat(8000) + ']'.repeat(8000)))).toBe('frame-malformed');
  });

  it.each([
    ['one after the other', '{"type":"credit","messages":1,"messages":2}'],
    ['with the same value', '{"type":"goodbye","type":"goodbye"}'],
    ['escaped', '{"type":"credit","messages":1,"mess\\u0061ges":2}'],
    ['with white space before the colon', '{"type":"goodbye", "type"\n\t: "goodbye"}'],
    ['in an object within', '{"type":"goodbye","x":[{"a":1},{"a":1,"b":{},"a":2}]}'],
  ])('are refused when a name stands twice: %s', (_, text) => {
    for (const parse of [parseClientFrame, parseGatewayFrame]) {
      expect(refusalOf(() => parse(text))).toMatchObject({
        code: 'frame-malformed',
        message: expect.stringContaining('stands twice') as string,
      });
    }
  });

  it('may have white space, any order, and texts that look like names', () => {
    const client = 'a":{"receiptsAfter":1,"client": \\';
    const text = `{ "receiptsAfter" : 0,\n"client":${JSON.stringify(client)}, "type":"hello" }`;
    expect(parseClientFrame(text)).toEqual({ type: 'hello', client, receiptsAfter: 0 });
  });

  it('may hold a string of millions of escapes', () => {
    const text = `{"a":"${'\\n'.repeat(4_000_000)}","b":0`;
    expect(hasRepeatedName(`${text}}`)).toBe(false);
    expect(hasRepeatedName(`${text},"a":1}`)).toBe(true);
  });

  it('say that a name stands twice exactly where another name was added again', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.nat(), (object, nth) => {
        const text = JSON.stringify(object);
        expect(hasRepeatedName(text)).toBe(false);
        const name = Object.keys(object)[nth % Object.keys(object).length];
        expect(hasRepeatedName(`${text.slice(0, -1)},${JSON.stringify(name)}:0}`)).toBe(true);
      }),
    );
  });

  it('are limited in bytes, not in characters', () => {
    const frame = (filler: string): string => `{"type":"goodbye"}${filler}`;
    const room = limits.maxControlBytes - frame('').length;
    expect(codeOf(() => parseClientFrame(frame(' '.repeat(room))))).toBe('accepted');
    expect(codeOf(() => parseClientFrame(frame(' '.repeat(room + 1))))).toBe('frame-too-large');
    expect(codeOf(() => parseClientFrame(frame('€'.repeat(room / 3 + 1))))).toBe('frame-too-large');
  });

  it('never throw anything but frame-malformed for random text', () => {
    const types = fc.constantFrom(
      'hello',
      'credit',
      'received',
      'receipts-stored',
      'goodbye',
      'welcome',
      'error',
    );
    const typed = fc
      .tuple(types, fc.dictionary(fc.string(), fc.jsonValue()))
      .map(([type, rest]) => JSON.stringify({ ...rest, type }));
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), typed), (text) => {
        for (const parse of [parseClientFrame, parseGatewayFrame]) {
          expect(['accepted', 'frame-malformed']).toContain(codeOf(() => parse(text)));
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('Control frames of the gateway', () => {
  it.each([
    [welcome],
    [{ ...welcome, checkpoint: 'causeway.example\n1\n' }],
    [{ type: 'receipts-taken', frames: 3 }],
    [{ type: 'directory-changed', version: 5 }],
    [{ type: 'draining', reconnectMs: 1000 }],
    [{ type: 'error', code: 'draining', text: 'x', closing: true }],
    [{ type: 'error', code: 'of-a-later-version', text: 'x', closing: true }],
  ])('are read: %j', (frame) => {
    expect(parseGatewayFrame(JSON.stringify(frame))).toEqual(frame);
    expect(fromClient(frame)).toBe('frame-malformed');
  });

  it.each([
    [{ ...welcome, endpoint: 'x' }],
    [{ ...welcome, limits: {} }],
    [{ ...welcome, limits: { ...limits, another: 1 } }],
    [{ ...welcome, checkpoint: undefined }],
    [{ type: 'error', code: 'No such code', text: 'x', closing: true }],
    [{ type: 'draining' }],
  ])('are refused: %j', (frame) => expect(fromGateway(frame)).toBe('frame-malformed'));

  it('report every error of the catalogue', () => {
    for (const code of errorCodes) {
      const frame: GatewayFrame = errorFrame(new CausewayError(code, { detail: 'More.' }), false);
      expect(parseGatewayFrame(JSON.stringify(frame))).toEqual(frame);
      expect(frame).toMatchObject({ type: 'error', code, closing: false });
    }
  });
});
