import { BSON, Long } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { readRawMessage } from '../../../../gateway/store/mongodb/raw-message.ts';

const unit = Buffer.from('unit with \0 in it');
const raw = (document: BSON.Document): Buffer => Buffer.from(BSON.serialize(document));

describe('a message’s document as it comes', () => {
  it.each([
    ['short numbers', 7, 2 ** 31 - 1],
    ['numbers as doubles', 2 ** 40, 1_795_426_200_000],
  ])('is read with %s', (_, record, at) => {
    expect(readRawMessage(raw({ at, record, unit }))).toEqual({ record, at, unit });
  });

  it('is read with long numbers, in any order, and with nothing left of the unit', () => {
    const document = { unit: Buffer.alloc(0), record: Long.fromNumber(2 ** 41), at: Long.fromNumber(5) };
    expect(readRawMessage(raw(document))).toEqual({ record: 2 ** 41, at: 5, unit: Buffer.alloc(0) });
  });

  it.each([
    ['a field that was not asked for', { at: 1, record: 1, unit, lane: 1 }],
    ['another type', { at: '1', record: 1, unit }],
    ['a field missing', { at: 1, unit }],
  ])('is refused with %s', (_, document) => {
    expect(() => readRawMessage(raw(document))).toThrow(RangeError);
  });
});
