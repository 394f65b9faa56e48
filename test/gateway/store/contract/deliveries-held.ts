/** What every engine tells of deliveries and of signed receipts, for them to be held against the log. */
import { describe, expect, test } from 'vitest';
import {
  acceptableAsWritten,
  erasureOf,
  health,
  hourMs,
  messageId,
  noon,
  school,
  settlementOf,
} from '../synthetic-messages.ts';
import type { ContractStore, EditedDelivery } from './contract-store.ts';

const [first, second, third] = [1, 2, 3].map((number) => acceptableAsWritten(number)) as [
  ReturnType<typeof acceptableAsWritten>,
  ReturnType<typeof acceptableAsWritten>,
  ReturnType<typeof acceptableAsWritten>,
];
const underWay: EditedDelivery = {
  ...{ state: 'queued', isOpen: true },
  ...{ deliveredAt: null, deliveredRecord: null, settledAt: null, settledRecord: null },
};

/** As it leaves the second of the three below, once that is delivered and stored. */
const asStored: EditedDelivery = {
  ...{ state: 'stored', isOpen: false },
  ...{ deliveredAt: noon + hourMs / 4, deliveredRecord: 4, settledAt: noon + hourMs / 2, settledRecord: 6 },
};

export function deliveriesHeldContract(at: ContractStore): void {
  const { submit, deliveriesOf } = at;

  describe('a delivery that is held against the log', () => {
    /** Of three messages the first and the second are delivered by leaves 3 and 4, and stored by 5 and 6, an hour later. */
    const deliver = async (): Promise<void> => {
      const deliveries = deliveriesOf(await submit([first, second, third]));
      at.fixture.clock.now += hourMs / 4;
      await at.store.markDelivered(deliveries.slice(0, 2));
      at.fixture.clock.now += hourMs / 4;
      await at.store.settle(settlementOf([first, second], health));
      expect(await at.deliveryFaults()).toEqual([]);
    };

    const untold: [string, EditedDelivery, string][] = [
      ['stored', { state: 'stored', settledAt: noon, isOpen: false }, 'settled untold unnamed'],
      ['out of the queue', { settledAt: noon, isOpen: false }, 'settled untold unnamed'],
      [
        'by the leaf of another',
        { state: 'stored', settledAt: noon, settledRecord: 5, isOpen: false },
        'settled untold 5',
      ],
      [
        'by its acceptance',
        { state: 'expired', settledAt: noon, settledRecord: 2, isOpen: false },
        'settled untold 2',
      ],
      [
        'by a leaf to come',
        { state: 'stored', settledAt: noon, settledRecord: 999, isOpen: false },
        'settled untold 999',
      ],
      ['delivered', { state: 'delivered', deliveredAt: noon }, 'delivered untold unnamed'],
    ];

    test('is named of whose step no leaf tells', async () => {
      await deliver();
      for (const [how, edited, fault] of untold) {
        await at.fixture.setDelivery(messageId(3), edited);
        expect([how, await at.deliveryFaults()]).toEqual([how, [`${messageId(3)} ${fault}`]]);
        expect([how, (await at.faults()).faults]).toEqual([how, []]);
        await at.fixture.setDelivery(messageId(3), underWay);
      }
      expect(await at.deliveryFaults()).toEqual([]);
    });

    const edits: [string, EditedDelivery, string[]][] = [
      ['refused', { state: 'refused' }, ['settled otherwise 6']],
      ['expired', { state: 'expired' }, ['settled otherwise 6']],
      ['at another time', { settledAt: noon }, ['settled otherwise 6']],
      ['delivered at another time', { deliveredAt: noon }, ['delivered otherwise 4']],
      ['by another leaf', { settledRecord: 5 }, ['settled untold 5']],
      ['by no leaf', { settledRecord: null }, ['settled untold unnamed']],
      ['not at all', underWay, ['delivered taken-back 4', 'settled taken-back 6']],
      [
        'not, and only delivered',
        { state: 'delivered', settledAt: null, isOpen: true },
        ['settled taken-back 6'],
      ],
      [
        'as it was, and yet open',
        { isOpen: true, settledAt: null, settledRecord: null },
        ['settled taken-back 6', 'settled untold unnamed'],
      ],
    ];

    test('is named of which a leaf tells what the store does not', async () => {
      await deliver();
      for (const [how, edited, faults] of edits) {
        await at.fixture.setDelivery(messageId(2), edited);
        const found = (await at.deliveryFaults()).sort();
        expect([how, found]).toEqual([how, faults.map((fault) => `${messageId(2)} ${fault}`)]);
        await at.fixture.setDelivery(messageId(2), asStored);
      }
      expect(await at.deliveryFaults()).toEqual([]);
    });

    test('is named that was taken back, and has come to another end since', async () => {
      await deliver();
      await at.fixture.setDelivery(messageId(2), underWay);
      await at.reopen();
      expect(await at.store.settle(settlementOf([second], health, 'refused'))).toEqual({
        outcome: 'settled',
      });
      const faults = ['delivered taken-back 4', 'settled otherwise 6'];
      expect(await at.deliveryFaults()).toEqual(faults.map((fault) => `${messageId(2)} ${fault}`));
    });

    test('is not amiss that expired, was refused, or was stored although it had expired', async () => {
      await submit([first, second, third]);
      await at.store.settle(settlementOf([first], health, 'refused'));
      await at.store.expire(noon + 2 * hourMs, 10);
      await at.store.settle(settlementOf([second], health));
      expect(await at.kinds()).toContain('delivery.expired');
      expect(await at.deliveryFaults()).toEqual([]);
      await at.fixture.setDelivery(messageId(3), { state: 'refused' });
      expect(await at.deliveryFaults()).toEqual([`${messageId(3)} settled otherwise 5`]);
    });

    test('is not amiss to several recipients, of an erased case, or without its payload; and is named there, too', async () => {
      const both = acceptableAsWritten(4, {
        recipients: [health, school].map((endpoint) => ({ endpoint, listening: true })),
      });
      const deliveries = deliveriesOf(await submit([first, both, second]));
      await at.store.markDelivered(deliveries);
      await at.store.settle(settlementOf([both, first], health));
      await at.store.settle(settlementOf([both], school));
      await at.store.eraseCase(messageId(4), erasureOf(4));
      await at.store.eraseCase(messageId(2), erasureOf(2), 'end');
      await at.store.retirePayloads([1], { kind: 'payload.retired' });
      expect(await at.deliveryFaults()).toEqual([]);
      await at.fixture.setDelivery(messageId(4), { state: 'expired' });
      expect(await at.deliveryFaults()).toEqual([expect.stringMatching(`${messageId(4)} settled otherwise`)]);
    });

    const places: [string, number][] = [
      ['close to the others', 1],
      ['far away', 1_000],
    ];

    test.each(places)('is counted that somebody put in %s, and named once it was made', async (_, place) => {
      const { id, recipients } = third;
      const decisions = recipients.map(({ endpoint, listening }) => ({ recipient: endpoint, listening }));
      const record = JSON.stringify({ kind: 'message.accepted', message: id, decisions });
      await submit([first, second, { ...third, record }]);
      expect(await at.deliveryFaults()).toEqual([]);
      const added = await at.fixture.addDelivery(messageId(3), school, place);
      await at.reopen();
      expect(await at.deliveryFaults()).toEqual(['1 too many']);
      expect(await at.queue(school)).toEqual([added]);
      // MongoDB takes no receipt for an id that was not given yet, and lets it expire; SQLite does it the other way round.
      await at.store.settle(settlementOf([third], school, 'stored', [added]));
      await at.store.expire(noon + 2 * hourMs, 10);
      expect(await at.deliveryFaults()).toEqual([
        expect.stringMatching(`^${messageId(3)} settled unheard-of \\d$`),
        '1 too many',
      ]);
    });

    test('is not told of as unheard of that its message has lost', async () => {
      await deliver();
      await at.fixture.setDelivery(messageId(2), null);
      expect(await at.deliveryFaults()).toEqual([]);
      expect((await at.faults()).faults).toEqual([`${messageId(2)} changed`]);
    });

    test('is held against what recipients signed, which is named where it was changed or is gone', async () => {
      await deliver();
      await at.store.settle(settlementOf([third], health));
      const { group } = settlementOf([first, second], health);
      await at.fixture.setGroup(5, Buffer.concat([group, Buffer.from('x')]));
      expect(await at.deliveryFaults()).toEqual(['group changed 5']);
      await at.fixture.setGroup(5, group);
      expect(await at.deliveryFaults()).toEqual([]);
      await at.fixture.setGroup(6, Buffer.from('x'));
      expect(await at.deliveryFaults()).toEqual(['group changed 6']);
      await at.fixture.setGroup(6, null);
      await at.fixture.setGroup(7, null);
      expect(await at.deliveryFaults()).toEqual(['group gone 7']);
      await at.fixture.setGroup(5, null);
      expect(await at.deliveryFaults()).toEqual(['group gone 5', 'group gone 7']);
    });
  });
}
