/** How every engine keeps the queue of an endpoint. */
import { describe, expect, test } from 'vitest';
import { type EndpointAddress } from '../../../../protocol/ids.ts';
import { acceptable, health, messageId, noon, police, sampleUnitOf, school } from '../synthetic-messages.ts';
import type { ContractStore } from './contract-store.ts';

export function deliveringContract(at: ContractStore): void {
  const { reopen, readGroup, submit, deliveriesOf, queue } = at;

  describe('the queue', () => {
    test('gives the deliveries of one endpoint and lane in order, with their bytes', async () => {
      const messages = [
        acceptable(1),
        acceptable(2, { lane: 0, severity: 'immediate' }),
        acceptable(3),
        acceptable(4, { recipients: [{ endpoint: school, listening: false }] }),
      ];
      const [first, second, third] = deliveriesOf(await submit(messages));
      expect(await queue(health, 0)).toEqual([second]);
      expect(await queue(health, 1)).toEqual([first, third]);
      const [item] = await at.store.readQueue(health, 1, 0, 1);
      expect(item).toEqual({
        delivery: first,
        lane: 1,
        message: messages[0]!.id,
        envelopeDigest: messages[0]!.envelopeDigest,
        expiresAt: messages[0]!.expiresAt,
        unit: messages[0]!.unit,
      });
      expect((await at.store.readQueue(health, 1, first!, 10)).map((q) => q.delivery)).toEqual([third]);
      expect(await at.store.readQueue(health, 1, third!, 10)).toEqual([]);
      expect(await at.store.readQueue('nobody/here' as EndpointAddress, 1, 0, 10)).toEqual([]);
      expect(await at.store.countPending(health)).toBe(3);
      expect(await at.store.countPending('nobody/here' as EndpointAddress)).toBe(0);
    });

    test('gives about 1 MiB at once, and at least one', async () => {
      const units = [1, 2, 3].map((number) => sampleUnitOf(number, Buffer.alloc(700 * 1024, 7)));
      await submit(units.map((unit, index) => acceptable(index + 1, { unit })));
      const queued = await at.store.readQueue(health, 1, 0, 10);
      expect(queued).toHaveLength(2);
      expect(queued[0]?.unit?.equals(units[0]!)).toBe(true);
    });

    test('survives opening again, with what was delivered and is not settled', async () => {
      const deliveries = deliveriesOf(await submit([acceptable(1), acceptable(2)]));
      await at.store.markDelivered([deliveries[0]!]);
      await reopen();
      expect(await queue()).toEqual(deliveries);
    });

    test('gives nothing whose time has come, even before it was ended', async () => {
      await submit([acceptable(1, { expiresAt: noon + 10 }), acceptable(2)]);
      at.fixture.clock.now = noon + 10;
      expect(await queue()).toHaveLength(1);
      expect(await at.store.countPending(health)).toBe(2);
    });
  });

  describe('marking as delivered', () => {
    test('puts one signed group into each sender’s stream, and leaves others alone', async () => {
      const ours = deliveriesOf(await submit([acceptable(1), acceptable(2)]));
      const theirs = deliveriesOf(await submit([acceptable(3)], school));
      at.fixture.clock.now += 5;
      await at.store.markDelivered([...ours, ...theirs, 999_999]);
      await at.store.markDelivered(ours);
      await at.store.markDelivered([]);
      const groups = await at.store.readReceipts(police, 0, 10);
      expect(groups.map(({ position }) => position)).toEqual([noon + 5]);
      const receipts = readGroup(groups[0]!.group);
      expect(receipts).toMatchObject(
        [1, 2].map((number) => ({
          kind: 'delivered',
          message: messageId(number),
          at: noon + 5,
          recipient: health,
          detail: '',
        })),
      );
      expect(receipts[0]?.envelopeDigest).toEqual(acceptable(1).envelopeDigest);
      expect(await at.store.readReceipts(school, 0, 10)).toHaveLength(1);
      expect((await at.store.readMessage(police, messageId(1)))?.deliveries).toEqual([
        { recipient: health, state: 'delivered', deliveredAt: noon + 5, settledAt: null },
      ]);
      const delivered = (await at.store.readLeaves(3, 10)).map(({ entry }) => entry);
      expect(delivered[0]).toEqual({ kind: 'delivery.delivered', of: 0, nth: 0 });
      expect(delivered).toHaveLength(3);
    });

    test('more receipts than a group may hold make several groups without a gap', async () => {
      const messages = Array.from({ length: 300 }, (_, index) => acceptable(index));
      const deliveries = [
        ...deliveriesOf(await submit(messages.slice(0, 200))),
        ...deliveriesOf(await submit(messages.slice(200))),
      ];
      await at.store.markDelivered(deliveries);
      const groups = await at.store.readReceipts(police, 0, 10);
      expect(groups.map(({ position }) => position)).toEqual([noon, noon + 1]);
      const named = groups.flatMap(({ group }) => readGroup(group).map(({ message }) => message));
      expect(named).toEqual(messages.map(({ id }) => id));
    });
  });
}
