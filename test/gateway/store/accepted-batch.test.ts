import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinkIndex } from '../../../gateway/correlator/link-index.ts';
import { AcceptedBatchWriter } from '../../../gateway/store/accepted-batch.ts';
import { PlainAcceptance } from '../../../gateway/store/plain-acceptance.ts';
import type { Acceptance } from '../../../gateway/store/port.ts';
import { packTokens } from '../../../protocol/linkage/packed-set.ts';
import { recipes } from '../../../protocol/linkage/recipes.ts';
import { encodeEnvelope, envelopeSchema, type Envelope } from '../../../protocol/wire/envelope.ts';
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

  const token = fc.stringMatching(/^[A-Za-z0-9_-]{22,43}$/);
  const name = fc.constantFrom(...recipes.map((recipe) => recipe.name));
  const ofLater = fc.constantFrom('of-a-later-version', 'name-birthday', 'name');
  const setOf = (names: fc.Arbitrary<string>) =>
    fc.record({
      epoch: fc.nat(1_000_000),
      tokens: fc.dictionary(names, fc.array(token, { maxLength: 4 }), { maxKeys: 12 }),
    });
  const subjectOf = (names: fc.Arbitrary<string>) =>
    fc
      .tuple(setOf(names), fc.option(setOf(names), { nil: undefined }))
      .map(([set, previous]) => (previous === undefined ? set : { ...set, previous }));
  const changesWith = (names: fc.Arbitrary<string>): fc.Arbitrary<Partial<Envelope>> =>
    fc.record(
      {
        time: fc
          .date({ min: new Date('0001-01-01'), max: new Date('9999-01-01'), noInvalidDate: true })
          .map((date) => date.toISOString()),
        to: fc.constantFrom(['a/b'], ['a/b', 'a/@duty', 'c-d/e']),
        category: fc.constantFrom('concern', 'answer'),
        dataschema: fc.constant('urn:causeway:dataset:concern-report:1.0'),
        subjects: fc.array(subjectOf(names), { maxLength: 3 }),
        thread: fc.constant(messageId(77)),
      },
      { requiredKeys: ['subjects'] },
    );

  /** As JSON in the order of the schema, and in another one. */
  const printed = (changes: Partial<Envelope>, answers: boolean): readonly [plain: Buffer, other: Buffer] => {
    const envelope = { ...envelopeOf(1, changes), ...(answers && { inReplyTo: messageId(5) }) };
    const ordered: Partial<Envelope> = {};
    for (const key of Object.keys(envelopeSchema.shape) as (keyof Envelope)[]) {
      if (envelope[key] !== undefined) Object.assign(ordered, { [key]: envelope[key] });
    }
    const reversed = Object.fromEntries(Object.entries(ordered).reverse());
    return [encodeEnvelope(ordered as Envelope), encodeEnvelope(reversed as Envelope)];
  };
  const whole = (writer: AcceptedBatchWriter): unknown[] =>
    travel(writer).map(({ subjects, ...rest }: Acceptance) => ({
      ...rest,
      subjects: subjects.map(({ words, from, length }) => [...words.subarray(from, from + length)]),
    }));

  it('say the same of an envelope in the plain form, which is never parsed, as of one in any other', () => {
    const words = new Int32Array(10_000);
    const added = (bytes: Buffer): unknown[] => {
      const writer = new AcceptedBatchWriter();
      for (const position of [1, 2]) writer.add(position, 9, bytes);
      return whole(writer);
    };
    fc.assert(
      fc.property(changesWith(name), fc.boolean(), (changes, answers) => {
        const [plain, other] = printed(changes, answers);
        const isEarly = changes.time?.startsWith('0') === true;
        expect(new PlainAcceptance().read(plain, words, 0) >= 0).toBe(!isEarly);
        expect(new PlainAcceptance().read(other, words, 0)).toBe(-1);
        expect(added(plain)).toEqual(added(other));
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(changesWith(fc.oneof(name, ofLater)), fc.boolean(), (changes, answers) => {
        const [plain, other] = printed(changes, answers);
        expect(added(plain)).toEqual(added(other));
      }),
      { numRuns: 500 },
    );
  });

  it('say what is answered, and all else, wherever in an envelope a member stands', () => {
    const added = (bytes: Buffer): unknown[] => {
      const writer = new AcceptedBatchWriter();
      writer.add(1, 9, bytes);
      return whole(writer);
    };
    const place = fc.nat(Object.keys(envelopeSchema.shape).length);
    fc.assert(
      fc.property(changesWith(name), place, place, (changes, from, to) => {
        const [plain] = printed(changes, true);
        const members = Object.entries(JSON.parse(plain.toString()) as Envelope);
        members.splice(to, 0, ...members.splice(from, 1));
        expect(added(encodeEnvelope(Object.fromEntries(members) as Envelope))).toEqual(added(plain));
      }),
      { numRuns: 1_000 },
    );
  });

  it('never read beyond what a damaged disk has left, nor hang on it', () => {
    const words = new Int32Array(10_000);
    const [whole] = printed({ subjects: [tokeniser.tokensOf(morven)] }, true);
    const reader = new PlainAcceptance();
    for (let length = 0; length < whole.byteLength; length += 1) {
      expect(reader.read(whole.subarray(0, length), words, 0)).toBe(-1);
    }
    fc.assert(
      fc.property(fc.nat(whole.byteLength - 1), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(whole);
        damaged[at] = byte;
        expect(reader.read(damaged, words, 0)).toBeLessThan(words.length);
      }),
      { numRuns: 3_000 },
    );
  });

  it('refuse what a damaged disk has made of an envelope, without quoting it', () => {
    const writer = new AcceptedBatchWriter();
    const add = () => writer.add(1, 1, Buffer.from('{"id": Morven'));
    expect(add).toThrow(expect.objectContaining({ code: 'envelope-malformed' }));
    expect(add).not.toThrow(/Morven/);
  });
});
