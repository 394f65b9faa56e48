import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeUnit,
  decodeUnitFrame,
  encodeUnit,
  encodeUnitFrame,
  frameKind,
} from '../../../protocol/wire/frame.ts';
import { refusalOf } from '../samples.ts';

const part = fc.uint8Array({ maxLength: 300 });
const unit = fc
  .tuple(part, part, part)
  .map(([envelope, proof, payload]) => encodeUnit(envelope, proof, payload));
const units = fc.array(unit, { minLength: 1, maxLength: 20 });
const kind = fc.constantFrom('submit', 'deliver');

const codeOf = (call: () => unknown): string => refusalOf(call)?.code ?? 'accepted';

describe('Unit frames', () => {
  it('come back part for part and byte for byte', () => {
    fc.assert(
      fc.property(kind, units, (kind, units) => {
        const frame = encodeUnitFrame(
          kind,
          units.map(({ bytes }) => bytes),
        );
        expect(frameKind(frame)).toBe(kind);
        const decoded = decodeUnitFrame(frame);
        expect(decoded).toEqual(units);
        expect(
          encodeUnitFrame(
            kind,
            decoded.map(({ bytes }) => bytes),
          ),
        ).toEqual(frame);
        for (const { bytes } of decoded) expect(decodeUnit(bytes).bytes).toEqual(bytes);
      }),
    );
  });

  it('are refused when cut anywhere, and when bytes follow', () => {
    const frame = encodeUnitFrame(
      'submit',
      ['one', 'two'].map(
        (text) => encodeUnit(Buffer.from(text), Buffer.from('proof'), Buffer.from('payload')).bytes,
      ),
    );
    for (let length = 0; length < frame.length; length++) {
      expect(codeOf(() => decodeUnitFrame(frame.subarray(0, length)))).toBe('frame-malformed');
    }
    expect(codeOf(() => decodeUnitFrame(Buffer.concat([frame, Buffer.alloc(1)])))).toBe('frame-malformed');
  });

  it('are refused when their count is another than the number of units, 0 or above 256', () => {
    const { bytes } = encodeUnit(Buffer.from('e'), Buffer.from('p'), Buffer.from('c'));
    const frame = encodeUnitFrame('deliver', [bytes, bytes, bytes]);
    for (const count of [0, 1, 2, 4, 256, 257, 65_535]) {
      const wrong = Buffer.from(frame);
      wrong.writeUInt16BE(count, 1);
      expect(codeOf(() => decodeUnitFrame(wrong))).toBe('frame-malformed');
    }
    const full = encodeUnitFrame('deliver', Array<Buffer>(256).fill(bytes));
    expect(decodeUnitFrame(full)).toHaveLength(256);
    expect(() => encodeUnitFrame('deliver', Array<Buffer>(257).fill(bytes))).toThrow(RangeError);
    expect(() => encodeUnitFrame('deliver', [])).toThrow(RangeError);
  });

  it('are refused when a length field claims four gigabytes', () => {
    const { bytes } = encodeUnit(Buffer.from('e'), Buffer.from('p'), Buffer.from('c'));
    for (const at of [0, 6]) {
      const frame = encodeUnitFrame('submit', [bytes]);
      frame.writeUInt32BE(0xffff_ffff, 3 + at);
      expect(codeOf(() => decodeUnitFrame(frame))).toBe('frame-malformed');
    }
  });

  it('are refused under any other kind', () => {
    const { bytes } = encodeUnit(Buffer.from('e'), Buffer.from('p'), Buffer.from('c'));
    const frame = encodeUnitFrame('submit', [bytes]);
    for (const kind of [0, 3, 4, 255]) {
      frame[0] = kind;
      expect(codeOf(() => decodeUnitFrame(frame))).toBe('frame-malformed');
    }
    expect(codeOf(() => frameKind(Buffer.alloc(0)))).toBe('frame-malformed');
    expect(frameKind(Buffer.of(3))).toBe('receipts');
  });

  it('never throw anything but frame-malformed for random bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 64, size: 'max' }).map((bytes) => Buffer.from(bytes));
    const framed = bytes.map((rest) => Buffer.concat([Buffer.of(1, 0, 1), rest]));
    fc.assert(
      fc.property(fc.oneof(bytes, framed), (bytes) => {
        for (const call of [decodeUnitFrame, decodeUnit, frameKind]) {
          expect(['accepted', 'frame-malformed']).toContain(codeOf(() => call(bytes)));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
