import { describe, expect, it } from 'vitest';
import { AcceptedBatchWriter } from '../../../gateway/store/accepted-batch.ts';
import { packAcceptance } from '../../../gateway/store/packed-acceptance.ts';
import { encodeEnvelope, type Envelope } from '../../../protocol/wire/envelope.ts';
import { tokeniser } from '../../clients/sdk/linkage/people.ts';
import { sampleEnvelope } from '../../protocol/samples.ts';
import { travel } from './sample-acceptance.ts';
import { messageId } from './synthetic-messages.ts';

const { inReplyTo: _, ...sample } = sampleEnvelope();
const morven = { given: 'Morven', family: 'Testcase', birthDate: '2016-03-04', postcode: 'ML1 9ZZ' };
const tokens = tokeniser.tokensOf(morven);

function envelopeOf(number: number, changes: Partial<Envelope> = {}): Envelope {
  return { ...sample, id: messageId(number), thread: messageId(number), ...changes };
}

/** The same with its members in another order: it has to be parsed. */
function reversed(envelope: Envelope): Buffer {
  return encodeEnvelope(Object.fromEntries(Object.entries(envelope).reverse()) as Envelope);
}

const addressed = ['a/b', 'a/@duty', 'c-d/e'] as Envelope['to'];
const envelopes = [
  envelopeOf(1, { subjects: [] }),
  envelopeOf(2, { subjects: [tokens, { ...tokens, previous: { ...tokens, epoch: 0 } }], to: addressed }),
  envelopeOf(3, { subjects: [tokens], thread: messageId(1), inReplyTo: messageId(2) }),
  envelopeOf(4, { subjects: Array.from({ length: 16 }, () => tokens), inReplyTo: messageId(3) }),
  envelopeOf(5, { thread: messageId(1), category: 'answer', time: '0999-11-23T10:30:00.123Z' }),
];

describe('what is packed of an envelope', () => {
  it('says what the envelope says, whatever its form', () => {
    const [read, unpacked] = [new AcceptedBatchWriter(), new AcceptedBatchWriter()];
    for (const [index, envelope] of envelopes.entries()) {
      for (const bytes of [encodeEnvelope(envelope), reversed(envelope)]) {
        read.add(index, 7, bytes);
        expect(unpacked.addPacked(index, 7, packAcceptance(bytes))).toBe(true);
      }
    }
    expect(travel(unpacked)).toEqual(travel(read));
    expect(travel(unpacked)).toHaveLength(2 * envelopes.length);
  });

  it('is the same of the same envelope, and much less', () => {
    const bytes = encodeEnvelope(envelopeOf(1, { subjects: [tokens] }));
    const packed = packAcceptance(bytes);
    expect(packAcceptance(bytes)).toEqual(packed);
    expect(packed.byteLength).toBeLessThan(bytes.byteLength / 2);
  });

  it('is known for another form, cut short or prolonged, and then nothing is added', () => {
    const packed = packAcceptance(encodeEnvelope(envelopes[2]!));
    const writer = new AcceptedBatchWriter();
    for (let length = 0; length < packed.byteLength; length += 1) {
      expect(writer.addPacked(1, 1, packed.subarray(0, length))).toBe(false);
    }
    expect(writer.addPacked(1, 1, Buffer.concat([packed, Buffer.alloc(1)]))).toBe(false);
    // The number that says so stands behind the time.
    const other = Buffer.from(packed);
    other[8]! ^= 1;
    expect(writer.addPacked(1, 1, other)).toBe(false);
    expect(writer.count).toBe(0);
  });

  it('is nothing of what is no envelope, which is refused without quoting it', () => {
    const pack = () => packAcceptance(Buffer.from('{"id": Morven'));
    expect(pack).toThrow(expect.objectContaining({ code: 'envelope-malformed' }));
    expect(pack).not.toThrow(/Morven/);
  });
});
