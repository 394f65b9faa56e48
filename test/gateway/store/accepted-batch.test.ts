import { describe, expect, it } from 'vitest';
import { LinkIndex } from '../../../gateway/correlator/link-index.ts';
import { AcceptedBatchWriter } from '../../../gateway/store/accepted-batch.ts';
import { packTokens } from '../../../protocol/linkage/packed-set.ts';
import { encodeEnvelope, type Envelope } from '../../../protocol/wire/envelope.ts';
import { tokeniser } from '../../clients/sdk/linkage/people.ts';
import { sampleEnvelope } from '../../protocol/samples.ts';
import { travel } from './sample-acceptance.ts';
import { messageId } from './synthetic-messages.ts';

const morven = { given: 'Morven', family: 'Testcase', birthDate: '2016-03-04', postcode: 'ML1 9ZZ' };
const ailsa = { ...morven, given: 'Ailsa', birthDate: '2018-05-06' };

function envelopeOf(number: number, changes: Partial<Envelope> = {}): Envelope {
  const { inReplyTo: _, ...sample } = sampleEnvelope();
  return { ...sample, id: messageId(number), thread: messageId(number), ...changes };
}

describe('acceptances between threads', () => {
  it('say what their envelopes say, each with its own', () => {
    const first = envelopeOf(1, { category: 'concern', subjects: [] });
    const second = envelopeOf(2, {
      source: 'north-social-work/duty' as Envelope['source'],
      to: [first.source],
      category: 'answer',
      time: '2026-11-23T10:30:00.123Z',
      thread: messageId(1),
      inReplyTo: messageId(1),
    });
    const writer = new AcceptedBatchWriter();
    writer.add(7, 1_700_000_000_000, encodeEnvelope(first));
    writer.add(2 ** 40, 1_700_000_000_001, encodeEnvelope(second));
    const said = travel(writer).map(({ subjects, ...rest }) => ({ ...rest, subjects: subjects.length }));
    const of = ({ id, source, category, severity, to, thread, inReplyTo, time, subjects }: Envelope) => ({
      ...{ id, source, category, severity, to, thread, inReplyTo },
      time: Date.parse(time),
      subjects: subjects.length,
    });
    expect(said).toEqual([
      { position: 7, at: 1_700_000_000_000, ...of(first) },
      { position: 2 ** 40, at: 1_700_000_000_001, ...of(second) },
    ]);
  });

  it('describe each subject so that the index knows it from its tokens, both epochs included', () => {
    const moved = { ...tokeniser.tokensOf(ailsa), previous: { ...tokeniser.tokensOf(ailsa), epoch: 0 } };
    const subjects = [tokeniser.tokensOf(morven), moved, tokeniser.tokensOf(ailsa)];
    const writer = new AcceptedBatchWriter();
    writer.add(1, 1, encodeEnvelope(envelopeOf(1, { subjects: [] })));
    writer.add(2, 2, encodeEnvelope(envelopeOf(2, { subjects })));
    const packed = travel(writer)[1]!.subjects;
    const index = new LinkIndex();
    const records = subjects.map((subject) => index.admit(packTokens(subject)));
    expect(new Set(records).size).toBe(3);
    expect(packed.map((subject) => index.admit(subject))).toEqual(records);
    expect(index.size).toBe(3);
  });

  it('hold as many as are added, however many tokens they have', () => {
    const subjects = Array.from({ length: 16 }, () => tokeniser.tokensOf(morven));
    const writer = new AcceptedBatchWriter();
    for (let number = 1; number <= 200; number += 1) {
      writer.add(number, number, encodeEnvelope(envelopeOf(number, { subjects })));
    }
    const acceptances = travel(writer);
    expect(acceptances.map(({ id }) => id)).toEqual(acceptances.map(({ position }) => messageId(position)));
    expect(acceptances.every((each) => each.subjects.length === 16)).toBe(true);
  });

  it('refuse what a damaged disk has made of an envelope, without quoting it', () => {
    const writer = new AcceptedBatchWriter();
    const add = () => writer.add(1, 1, Buffer.from('{"id": Morven'));
    expect(add).toThrow(expect.objectContaining({ code: 'envelope-malformed' }));
    expect(add).not.toThrow(/Morven/);
  });
});
