/** What every engine tells of messages, for them to be held against the log. */
import { describe, expect, test } from 'vitest';
import { holdMessagesAgainst } from '../../../../gateway/audit/messages-against-log.ts';
import type { AcceptableMessage, Store } from '../../../../gateway/store/port.ts';
import {
  acceptable,
  acceptableAsWritten,
  erasureOf,
  health,
  hourMs,
  messageId,
  noon,
  police,
  refusable,
  sampleUnitOf,
  school,
  settlementOf,
  socialWork,
} from '../synthetic-messages.ts';
import type { ContractStore, EditedColumns, EditedDelivery } from './contract-store.ts';

export function outcomesContract(at: ContractStore): void {
  const { submit } = at;

  describe('a message that is held against the log', () => {
    /** What is known of it besides, as the relay has it recorded. */
    const recorded = (number: number): AcceptableMessage => {
      const message = acceptableAsWritten(number, {
        recipients: [
          { endpoint: health, listening: true },
          { endpoint: school, listening: false },
        ],
      });
      const { id, lane, recipients } = message;
      const decisions = recipients.map(({ endpoint, listening }) => ({ recipient: endpoint, listening }));
      const entry = { kind: 'message.accepted', source: police, message: id, decisions, lane };
      return { ...message, record: JSON.stringify(entry) };
    };
    const edits: [string, EditedColumns, string][] = [
      ['who sent it', { source: health }, 'changed'],
      ['when it was accepted', { at: noon - 1 }, 'unlike'],
      ['which leaf says so', { record: 0 }, 'unlike'],
      ['when it expires', { expiresAt: noon + 2 * hourMs }, 'changed'],
      ['its category', { category: 'welfare' }, 'changed'],
      ['its severity', { severity: 'immediate' }, 'changed'],
      ['its case', { thread: messageId(1) }, 'changed'],
      ['its lane', { lane: 0 }, 'changed'],
      ['fewer recipients', { recipients: [health] }, 'changed'],
      ['more recipients', { recipients: [health, school, health] }, 'changed'],
      ['who was listening', { listening: 3 }, 'changed'],
      ['that it was refused', { refusal: '{"code":"policy-denied"}' }, 'unlike'],
    ];

    test.each(edits)('is amiss beside whose bytes something else stands: %s', async (_, edited, fault) => {
      await submit([recorded(1), recorded(2), recorded(3)]);
      expect(await at.faults()).toEqual({ looked: 3, faults: [], unknown: 0 });
      await at.fixture.setColumns(messageId(2), edited);
      expect(await at.faults()).toEqual({ looked: 3, faults: [`${messageId(2)} ${fault}`], unknown: 0 });
    });

    const deliveryEdits: [string, EditedDelivery | null][] = [
      ['to another recipient', { recipient: school }],
      ['in another lane', { lane: 0 }],
      ['until another time', { expiresAt: noon + 1 }],
      ['that is gone', null],
    ];

    test.each(deliveryEdits)('is amiss with a delivery %s', async (_, edited) => {
      await submit([recorded(1), recorded(2), recorded(3)]);
      await at.fixture.setDelivery(messageId(2), edited);
      expect(await at.faults()).toEqual({ looked: 3, faults: [`${messageId(2)} changed`], unknown: 0 });
    });

    test('is amiss whose case was erased, and whose time is not that of its leaf', async () => {
      await submit([acceptableAsWritten(1), acceptableAsWritten(2)]);
      await at.store.settle(settlementOf([acceptableAsWritten(2)], health));
      await at.store.eraseCase(messageId(2), erasureOf(2));
      expect((await at.faults()).faults).toEqual([]);
      await at.fixture.setColumns(messageId(2), { at: noon - 1 });
      expect((await at.faults()).faults).toEqual([`${messageId(2)} unlike`]);
    });

    test('is amiss that was emptied although its case was not erased, and one that is back after its erasure', async () => {
      await submit([recorded(1), recorded(2)]);
      for (const recipient of [health, school])
        await at.store.settle(settlementOf([recorded(1), recorded(2)], recipient));
      await at.fixture.emptyMessage(messageId(2));
      expect((await at.faults()).faults).toEqual([`${messageId(2)} emptied`]);
      await at.fixture.dropSecret(messageId(2));
      expect((await at.faults()).faults).toEqual([`${messageId(2)} emptied`]);
      await at.store.eraseCase(messageId(1), erasureOf(1));
      expect((await at.faults()).faults).toEqual([`${messageId(2)} emptied`]);
      const { unit, category, severity, thread } = recorded(1);
      await at.fixture.setColumns(messageId(1), { thread });
      expect((await at.faults()).faults).toEqual([`${messageId(1)} put-back`, `${messageId(2)} emptied`]);
      await at.fixture.setUnit(messageId(1), unit);
      await at.fixture.setColumns(messageId(1), { category, severity, thread });
      expect((await at.faults()).faults).toEqual([`${messageId(1)} put-back`, `${messageId(2)} emptied`]);
    });

    test('is amiss that keeps of all only the name of its case, and not where that was erased meanwhile', async () => {
      await submit([recorded(1)]);
      for (const recipient of [health, school]) await at.store.settle(settlementOf([recorded(1)], recipient));
      await at.fixture.emptyMessage(messageId(1));
      await at.fixture.setColumns(messageId(1), { thread: messageId(1) });
      expect((await at.faults()).faults).toEqual([`${messageId(1)} emptied`]);
      const readOutcomes: Store['readOutcomes'] = async (ids) => {
        const before = await at.store.readOutcomes(ids);
        expect(await at.store.eraseCase(messageId(1), erasureOf(1))).toBe('erased');
        return before;
      };
      const { faults } = await holdMessagesAgainst({ ...at.store, readOutcomes }, at.store);
      expect(faults.first).toEqual([]);
    });

    const answer = { code: 'policy-denied', text: 'No rule permits it.' };
    const refusals: [string, string, string][] = [
      ['its code', JSON.stringify({ ...answer, code: 'recipient-unknown' }), 'unlike'],
      ['its text', JSON.stringify({ ...answer, text: 'Send it again.' }), 'changed'],
      ['no JSON', 'refused', 'unlike'],
    ];

    test.each(refusals)('is amiss that was refused with other words: %s', async (_, refusal, fault) => {
      const entry = { kind: 'message.refused', source: police, ...answer };
      await submit([acceptableAsWritten(1), refusable(2, { record: JSON.stringify(entry) })]);
      await submit([refusable(3, { final: false, thread: undefined }), refusable(2, { variant: 'other' })]);
      expect(await at.faults()).toEqual({ looked: 2, faults: [], unknown: 0 });
      await at.fixture.setColumns(messageId(2), { refusal });
      expect((await at.faults()).faults).toEqual([`${messageId(2)} ${fault}`]);
    });

    test('is amiss that was refused where its words are back after its erasure, and not where they always stood beside the leaf', async () => {
      await submit([refusable(1)]);
      await at.fixture.setColumns(messageId(1), { refusal: JSON.stringify(answer) });
      expect((await at.faults()).faults).toEqual([]);
      await at.store.eraseCase(messageId(1), erasureOf(1));
      expect((await at.faults()).faults).toEqual([`${messageId(1)} put-back`]);
    });

    test('is missed where it is gone, accepted or refused, and counted where no leaf tells of it', async () => {
      await submit([acceptableAsWritten(1), acceptableAsWritten(2), refusable(3), refusable(4)]);
      await at.fixture.copyMessage(messageId(4), messageId(5));
      expect(await at.faults()).toEqual({ looked: 4, faults: [], unknown: 1 });
      await at.fixture.deleteMessage(messageId(2));
      await at.fixture.deleteMessage(messageId(3));
      const faults = [`${messageId(2)} gone`, `${messageId(3)} gone`];
      expect(await at.faults()).toEqual({ looked: 4, faults, unknown: 1 });
    });

    test('is told from one of the same id by another sender', async () => {
      await submit([acceptableAsWritten(1)]);
      await submit([acceptableAsWritten(1, {}, socialWork)], socialWork);
      expect(await at.faults()).toEqual({ looked: 2, faults: [], unknown: 0 });
    });

    test('is looked up with others until there are enough bytes', async () => {
      const large = 600 * 1024;
      const messages = [1, 2, 3].map((number) =>
        acceptable(number, { unit: sampleUnitOf(number, Buffer.alloc(large)) }),
      );
      await submit(messages);
      const ids = [4, 1, 2, 3].map(messageId);
      const { outcomes, looked } = await at.store.readOutcomes(ids);
      expect(looked).toBe(3);
      expect(outcomes.map(({ message }) => message)).toEqual(ids.slice(1, looked));
      const rest = await at.store.readOutcomes(ids.slice(looked));
      expect(looked + rest.looked).toBe(4);
      expect(await at.store.countKept()).toEqual({ messages: 3, deliveries: 3, leaves: 3 });
    });

    test('is counted with its deliveries and its leaf as of one moment, while others come', async () => {
      const done = new AbortController();
      const coming = (async () => {
        for (let number = 1; !done.signal.aborted; number++) await submit([acceptable(number)]);
      })();
      try {
        for (let count = 0; count < 40; count++) {
          const { messages, deliveries, leaves } = await at.store.countKept();
          expect({ deliveries, leaves }).toEqual({ deliveries: messages, leaves: messages });
        }
      } finally {
        done.abort();
        await coming;
      }
    });
  });
}
