import { BSON, Long } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { readRawMessage } from '../../../../gateway/store/mongodb/raw-message.ts';

const unit = Buffer.from('unit with \0 in it');
const raw = (document: BSON.Document): Buffer => Buffer.from(BSON.serialize(document));

describe('a document about a message, as it comes', () => {
  it.each([
    ['short numbers', 7, 2 ** 31 - 1],
    ['numbers as doubles', 2 ** 40, 1_795_426_200_000],
  ])('is read with %s', (_, record, at) => {
    expect(readRawMessage(raw({ at, record, unit }))).toEqual({ record, at, bytes: unit });
  });

  it('is read with long numbers, in any order, and with nothing left of the unit', () => {
    const document = { unit: Buffer.alloc(0), record: Long.fromNumber(2 ** 41), at: Long.fromNumber(5) };
    expect(readRawMessage(raw(document))).toEqual({ record: 2 ** 41, at: 5, bytes: Buffer.alloc(0) });
  });

  it('is read with what was packed, and without', () => {
    expect(readRawMessage(raw({ _id: 7, at: 5, packed: unit }))).toEqual({ record: 7, at: 5, bytes: unit });
    expect(readRawMessage(raw({ _id: 7, at: 5 }))).toEqual({ record: 7, at: 5, bytes: undefined });
  });

  it.each([
    ['a field that was not asked for', { at: 1, record: 1, unit, lane: 1 }],
    ['another type', { at: '1', record: 1, unit }],
    ['a field missing', { at: 1, unit }],
    ['bytes for a number', { at: 1, record: unit }],
    ['a number for bytes', { at: 1, record: 1, packed: 1 }],
  ])('is refused with %s', (_, document) => {
    expect(() => readRawMessage(raw(document))).toThrow(RangeError);
  });
});
