/** What every engine does with what is submitted. */
import { describe, expect, test } from 'vitest';
import { type EndpointAddress } from '../../../../protocol/ids.ts';
import { acceptedDetail, refusedDetail } from '../../../../protocol/wire/receipt-detail.ts';
import { unreadableId } from '../../../../protocol/wire/receipt.ts';
import {
  acceptable,
  health,
  messageId,
  noon,
  police,
  refusable,
  school,
  settlementOf,
  socialWork,
} from '../synthetic-messages.ts';
import type { ContractStore } from './contract-store.ts';

export function acceptingContract(at: ContractStore): void {
  const { reopen, submit, deliveriesOf, kinds } = at;

  describe('accepting', () => {
    test('a message is answered by a signed receipt that tells its record, who listens and who is away', async () => {
      const recipients = [
        { endpoint: health, listening: true },
        { endpoint: school, listening: false },
        { endpoint: socialWork, listening: true },
      ];
      const message = acceptable(1, { recipients });
      const { outcomes, parsed } = await submit([message]);
      const [first = 0] = deliveriesOf({ outcomes, receipts: Buffer.alloc(0) });
      expect(outcomes).toEqual([{ outcome: 'accepted', deliveries: [first, first + 1, first + 2] }]);
      expect(parsed).toHaveLength(1);
      const receipt = parsed[0]!;
      expect(receipt).toMatchObject({ kind: 'accepted', message: message.id, at: noon, recipient: '' });
      expect(receipt.envelopeDigest).toEqual(message.envelopeDigest);
      const detail = acceptedDetail(receipt);
      expect(detail).toEqual({ record: 0, listening: [health, socialWork], away: [school] });
      expect(await at.store.readLeaves(0, 10)).toMatchObject([
        { index: 0, at: noon, entry: JSON.parse(message.record) as unknown },
      ]);
      expect(await at.store.readMessage(police, message.id)).toEqual({
        id: message.id,
        source: police,
        acceptedAt: noon,
        record: 0,
        deliveries: recipients.map(({ endpoint }) => ({
          recipient: endpoint,
          state: 'queued',
          deliveredAt: null,
          settledAt: null,
        })),
      });
    });

    test('what an acceptance says besides is a leaf of its case right behind it, and only where it is accepted', async () => {
      const meaning = JSON.stringify({ kind: 'alert.raised', title: 'a pattern' });
      const recipients = [{ endpoint: health, listening: true }];
      const first = acceptable(1, { recipients, meaning });
      const inItsCase = acceptable(3, { recipients, meaning, thread: first.thread });
      await submit([first, acceptable(2), inItsCase]);
      await submit([first]);
      await submit([acceptable(1, { recipients, meaning, envelopeDigest: Buffer.alloc(32, 9) })]);
      await reopen();
      expect(await kinds()).toEqual([
        ...['message.accepted', 'alert.raised', 'message.accepted', 'message.accepted', 'alert.raised'],
        ...['message.repeated', 'message.refused'],
      ]);
      const leaves = await at.store.readLeaves(0, 10);
      for (const index of [1, 4])
        expect(leaves[index]).toMatchObject({ entry: JSON.parse(meaning) as unknown, case: first.thread });
      expect((await at.store.readMessage(police, inItsCase.id))?.record).toBe(3);
      await at.store.settle(settlementOf([first, inItsCase], health));
      await at.store.eraseCase(first.thread, { kind: 'case.erased', case: first.thread });
      const erased = (await at.store.readLeaves(0, 10)).filter((leaf) => leaf.erased);
      expect(erased.map(({ index }) => index)).toEqual(expect.arrayContaining([0, 1, 3, 4]));
    });

    test('thirty-two recipients keep their order and who of them listens, also in a duplicate', async () => {
      const recipients = Array.from({ length: 32 }, (_, index) => ({
        endpoint: `agency-${index}/desk` as EndpointAddress,
        listening: index % 3 === 0 || index === 31,
      }));
      const message = acceptable(1, { recipients });
      const first = acceptedDetail((await submit([message])).parsed[0]!);
      expect(first.listening).toEqual(recipients.filter((r) => r.listening).map((r) => r.endpoint));
      expect(first.away).toEqual(recipients.filter((r) => !r.listening).map((r) => r.endpoint));
      expect(acceptedDetail((await submit([message])).parsed[0]!)).toEqual(first);
    });

    test('outcomes and receipts come in the order of the messages, the bad among the good', async () => {
      const messages = [acceptable(1), refusable(2), acceptable(3), refusable(4, { final: false })];
      const { outcomes, parsed } = await submit(messages);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['accepted', 'refused', 'accepted', 'refused']);
      expect(parsed.map(({ kind }) => kind)).toEqual(['accepted', 'refused', 'accepted', 'refused']);
      expect(parsed.map(({ message }) => message)).toEqual(messages.map(({ id }) => id));
      expect(refusedDetail(parsed[1]!)).toEqual({ code: 'policy-denied', text: 'No rule permits it.' });
      expect((await at.store.readLeaves(0, 10)).map(({ entry }) => entry)).toEqual(
        messages.map((message) => JSON.parse(message.record) as unknown),
      );
    });

    test('delivery ids grow in the order of acceptance, also after opening again', async () => {
      const before = deliveriesOf(await submit([acceptable(1), acceptable(2)]));
      await reopen();
      const after = deliveriesOf(await submit([acceptable(3)]));
      const all = [...before, ...after];
      expect(all).toEqual([...new Set(all)].sort((a, b) => a - b));
    });

    test('submissions asked at once are all answered, each with receipts for its own messages', async () => {
      const frames = Array.from({ length: 40 }, (_, frame) =>
        Array.from({ length: 3 }, (__, index) => acceptable(frame * 10 + index)),
      );
      const results = await Promise.all(frames.map(async (messages) => submit(messages)));
      for (const [index, { parsed }] of results.entries()) {
        expect(parsed.map(({ message }) => message)).toEqual(frames[index]!.map(({ id }) => id));
      }
      const records = results.flatMap(({ parsed }) =>
        parsed.map((receipt) => acceptedDetail(receipt).record),
      );
      expect(records.sort((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_, index) => index));
      expect(await at.store.countPending(health)).toBe(120);
      expect(await at.store.countPending(health, 7)).toBe(7);
    });

    test('a submission that cannot be kept does not sink those beside it', async () => {
      const bad = { ...acceptable(2), unit: undefined as unknown as Buffer };
      const shortDigest = { ...acceptable(4), envelopeDigest: Buffer.alloc(31) };
      const circular: { kind: string; self?: unknown } = { kind: 'test.happened' };
      circular.self = circular;
      const unsignable = at.store.submit({ source: police, messages: [] });
      const results = await Promise.allSettled([
        submit([acceptable(1)]),
        unsignable,
        at.store.submit({ source: police, messages: [bad] }),
        at.store.submit({ source: police, messages: [shortDigest] }),
        at.store.appendRecords([circular]),
        submit([acceptable(3)]),
      ]);
      const codes = results.map((result) =>
        result.status === 'rejected' ? (result.reason as unknown) : 'kept',
      );
      const internal = expect.objectContaining({ code: 'internal-error' }) as unknown;
      expect(codes).toEqual(['kept', internal, internal, internal, internal, 'kept']);
      expect(await at.store.countPending(health)).toBe(2);
      expect(await kinds()).toEqual(['message.accepted', 'message.accepted']);
      expect(await at.store.readMessage(police, messageId(2))).toBeUndefined();
    });
  });

  describe('the first outcome of an id', () => {
    test('the same envelope again gets the first receipt, and nothing new is stored, also after opening again', async () => {
      const message = acceptable(1);
      const first = await submit([message]);
      at.fixture.clock.now += 60_000;
      for (const _ of [1, 2]) {
        const again = await submit([{ ...message, recipients: [{ endpoint: school, listening: false }] }]);
        expect(again.outcomes).toEqual([{ outcome: 'duplicate' }]);
        expect(again.parsed).toEqual(first.parsed);
        await reopen();
      }
      const repeated = { kind: 'message.repeated', of: 0 };
      const records = await at.store.readLeaves(0, 10);
      expect(records.map(({ entry }) => entry)).toEqual([JSON.parse(message.record), repeated, repeated]);
      expect(await at.store.countPending(school)).toBe(0);
    });

    test('another envelope with the same id is refused and recorded, whatever the caller decided', async () => {
      await submit([acceptable(1)]);
      const messages = [acceptable(1, { variant: 'other' }), refusable(1, { variant: 'third' })];
      for (const message of messages) {
        const { outcomes, parsed } = await submit([message]);
        expect(outcomes).toEqual([{ outcome: 'refused', code: 'id-conflict' }]);
        expect(parsed[0]).toMatchObject({ kind: 'refused', envelopeDigest: message.envelopeDigest });
        expect(refusedDetail(parsed[0]!)).toEqual({ code: 'id-conflict' });
      }
      expect(await at.store.countPending(health)).toBe(1);
      const [, conflict] = await at.store.readLeaves(0, 10);
      expect(conflict?.entry).toMatchObject({ kind: 'message.refused', code: 'id-conflict' });
    });

    test('twice in one submission counts as before and after', async () => {
      const message = acceptable(1);
      const { outcomes, parsed } = await submit([message, message, acceptable(1, { variant: 'other' })]);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['accepted', 'duplicate', 'refused']);
      expect(parsed[1]).toEqual(parsed[0]);
    });

    test('ids of different senders do not meet', async () => {
      await submit([acceptable(1)]);
      const { outcomes } = await submit([acceptable(1, { variant: 'other' })], school);
      expect(outcomes[0]?.outcome).toBe('accepted');
    });

    test('a final refusal is remembered: every later try gets it again', async () => {
      const first = await submit([refusable(1)]);
      at.fixture.clock.now += 60_000;
      await reopen();
      for (const message of [refusable(1, { code: 'recipient-unknown', text: undefined }), acceptable(1)]) {
        const again = await submit([message]);
        expect(again.outcomes).toEqual([{ outcome: 'refused', code: 'policy-denied' }]);
        expect(again.parsed).toEqual(first.parsed);
      }
      expect(await kinds()).toEqual(['message.refused', 'message.repeated', 'message.repeated']);
      const conflict = await submit([acceptable(1, { variant: 'other' })]);
      expect(conflict.outcomes).toEqual([{ outcome: 'refused', code: 'id-conflict' }]);
      expect(await at.store.readMessage(police, messageId(1))).toBeUndefined();
    });

    test('a message that is refused twice in one submission is told the same twice', async () => {
      const { outcomes, parsed } = await submit([refusable(1), refusable(1), acceptable(1)]);
      expect(outcomes).toEqual(
        Array.from({ length: 3 }, () => ({ outcome: 'refused', code: 'policy-denied' })),
      );
      expect(refusedDetail(parsed[0]!).text).toBe('No rule permits it.');
      expect(parsed.slice(1)).toEqual([parsed[0], parsed[0]]);
    });

    test('what the sender of a refused message was told goes with its case, but for the code', async () => {
      const begun = acceptable(1);
      await submit([begun, refusable(2, { thread: begun.thread }), refusable(3)]);
      await at.store.settle(settlementOf([begun], health));
      for (const of of [begun.thread, messageId(3)]) {
        const toldOf = of === begun.thread ? 2 : 3;
        const [before] = (await submit([refusable(toldOf)])).parsed;
        expect(refusedDetail(before!).text).toBe('No rule permits it.');
        expect(await at.store.eraseCase(of, { kind: 'case.erased', case: of })).toBe('erased');
        expect((await at.faults()).faults).toEqual([]);
        const { outcomes, parsed } = await submit([refusable(toldOf)]);
        expect(outcomes).toEqual([{ outcome: 'refused', code: 'policy-denied' }]);
        expect(parsed[0]).toMatchObject({ ...before!, detail: '{"code":"policy-denied"}' });
      }
    });

    test('a refusal is told again by its code alone where somebody has removed the secret of its case', async () => {
      await submit([refusable(1), refusable(2)]);
      await at.fixture.dropSecret(messageId(2));
      await reopen();
      const { parsed } = await submit([refusable(1), refusable(2)]);
      expect(parsed.map((receipt) => refusedDetail(receipt))).toEqual([
        { code: 'policy-denied', text: 'No rule permits it.' },
        { code: 'policy-denied' },
      ]);
    });

    test('a refusal is told in the words of its own leaf, whatever stands in its row', async () => {
      const words = [1, 2, 3].map((number) =>
        refusable(number, { text: `No rule permits it to ${number}.` }),
      );
      await submit(words);
      await submit([refusable(2, { variant: 'other' })]);
      // The leaf of another message, and the one about another envelope under the same id.
      for (const record of [0, 3]) {
        await at.fixture.setColumns(messageId(2), { record });
        await at.fixture.setColumns(messageId(3), { refusal: '{"code":"policy-denied","text":"Sent."}' });
        await reopen();
        const { parsed } = await submit(words);
        expect(parsed.map((receipt) => refusedDetail(receipt))).toEqual([
          { code: 'policy-denied', text: words[0]?.text },
          { code: 'policy-denied' },
          { code: 'policy-denied', text: words[2]?.text },
        ]);
      }
    });

    test('a message of an erased case that is refused again gives the case no secret anew', async () => {
      await submit([refusable(1)]);
      const erasure = { kind: 'case.erased', case: messageId(1) };
      expect(await at.store.eraseCase(messageId(1), erasure)).toBe('erased');
      await submit([refusable(1)]);
      expect(await at.store.eraseCase(messageId(1), erasure)).toBe('unknown');
    });

    test('a refusal that is not final is recorded and forgotten', async () => {
      await submit([refusable(1, { final: false, code: 'rate-limited', text: undefined })]);
      expect((await submit([acceptable(1)])).outcomes[0]?.outcome).toBe('accepted');
      expect(await kinds()).toEqual(['message.refused', 'message.accepted']);
    });

    test('a refusal that is not final does not disturb what was accepted', async () => {
      await submit([acceptable(1)]);
      const { outcomes } = await submit([refusable(1, { final: false, code: 'proof-invalid' })]);
      expect(outcomes).toEqual([{ outcome: 'refused', code: 'proof-invalid' }]);
      expect((await submit([acceptable(1)])).outcomes).toEqual([{ outcome: 'duplicate' }]);
    });

    test('a final refusal after the acceptance repeats the acceptance', async () => {
      const first = await submit([acceptable(1)]);
      const again = await submit([refusable(1, { code: 'envelope-expired' })]);
      expect(again.outcomes).toEqual([{ outcome: 'duplicate' }]);
      expect(again.parsed).toEqual(first.parsed);
    });

    test('envelopes that could not be read never conflict', async () => {
      const unreadable = { id: unreadableId, code: 'envelope-malformed' as const };
      const messages = [refusable(1, unreadable), refusable(2, unreadable)];
      const { parsed } = await submit(messages);
      expect(parsed.map((receipt) => refusedDetail(receipt).code)).toEqual([
        'envelope-malformed',
        'envelope-malformed',
      ]);
    });
  });
}
