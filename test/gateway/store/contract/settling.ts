/** How every engine ends deliveries, and tells their senders. */
import { describe, expect, test } from 'vitest';
import type { FreshGroup } from '../../../../gateway/store/port.ts';
import { type EndpointAddress } from '../../../../protocol/ids.ts';
import {
  acceptable,
  digestOf,
  health,
  hourMs,
  messageId,
  noon,
  police,
  school,
  settlementOf,
} from '../synthetic-messages.ts';
import type { ContractStore } from './contract-store.ts';

export function settlingContract(at: ContractStore): void {
  const { reopen, readGroup, submit, deliveriesOf, kinds, states, queue } = at;

  describe('settling', () => {
    test('passes the group on byte for byte and ends the deliveries', async () => {
      const messages = [acceptable(1), acceptable(2)];
      const deliveries = deliveriesOf(await submit(messages));
      at.fixture.clock.now += 7;
      const settlement = settlementOf(messages, health, 'stored', deliveries);
      expect(await at.store.settle(settlement)).toEqual({ outcome: 'settled' });
      expect(await at.store.readReceipts(police, 0, 10)).toEqual([
        { position: noon + 7, group: settlement.group },
      ]);
      expect(await queue()).toEqual([]);
      expect(await at.store.countPending(health)).toBe(0);
      expect((await at.store.readMessage(police, messageId(2)))?.deliveries).toEqual([
        { recipient: health, state: 'stored', deliveredAt: null, settledAt: noon + 7 },
      ]);
      expect(await kinds()).toEqual([
        'message.accepted',
        'message.accepted',
        'delivery.stored',
        'delivery.stored',
      ]);
    });

    test('finds the deliveries itself where they are not named, or named wrongly', async () => {
      const messages = [acceptable(1), acceptable(2), acceptable(3)];
      const [first] = deliveriesOf(await submit(messages));
      expect(await at.store.settle(settlementOf([messages[1]!], health))).toEqual({ outcome: 'settled' });
      const named = settlementOf([messages[2]!], health, 'stored', [first!]);
      expect(await at.store.settle(named)).toEqual({ outcome: 'settled' });
      expect(await queue()).toEqual([first]);
    });

    test('one recipient’s receipt leaves the deliveries to others open', async () => {
      const recipients = [health, school].map((endpoint) => ({ endpoint, listening: true }));
      const message = acceptable(1, { recipients });
      await submit([message]);
      await at.store.settle(settlementOf([message], school, 'refused'));
      expect(await states(1)).toEqual(['queued', 'refused']);
      expect(await at.store.countPending(school)).toBe(0);
      expect(await kinds()).toEqual(['message.accepted', 'delivery.refused']);
    });

    test('again changes nothing, also after opening again; a part that is new passes the group on', async () => {
      const messages = [acceptable(1), acceptable(2)];
      await submit(messages);
      await at.store.settle(settlementOf([messages[0]!], health));
      await reopen();
      expect(await at.store.settle(settlementOf([messages[0]!], health, 'refused'))).toEqual({
        outcome: 'repeated',
      });
      expect(await states(1)).toEqual(['stored']);
      expect(await at.store.settle(settlementOf(messages, health))).toEqual({ outcome: 'settled' });
      expect((await at.store.readReceipts(police, 0, 10)).map(({ position }) => position)).toEqual([
        noon,
        noon + 1,
      ]);
      expect(await at.store.readLeaves(0, 100)).toHaveLength(4);
    });

    test('nothing changes when a receipt names no delivery to this recipient', async () => {
      const message = acceptable(1);
      const [delivery] = deliveriesOf(await submit([message]));
      const other = { ...acceptable(1), envelopeDigest: digestOf('another') };
      const unknown = 'nobody/here' as EndpointAddress;
      for (const settlement of [
        settlementOf([message], school, 'stored', [delivery!]),
        settlementOf([message], unknown),
        settlementOf([message, acceptable(2)], health),
        settlementOf([other], health, 'stored', [delivery!]),
        settlementOf([], health),
      ]) {
        expect(await at.store.settle(settlement)).toEqual({ outcome: 'unmatched' });
      }
      expect(await states(1)).toEqual(['queued']);
      expect(await kinds()).toEqual(['message.accepted']);
    });

    test('nothing changes when the messages have several senders', async () => {
      const messages = [acceptable(1), acceptable(2)];
      await submit([messages[0]!]);
      await submit([messages[1]!], school);
      expect(await at.store.settle(settlementOf(messages, health))).toEqual({ outcome: 'unmatched' });
      expect(await at.store.countPending(health)).toBe(2);
    });

    test('deliveries marked together are each told once, also when some were marked before', async () => {
      const messages = [1, 2, 3, 4].map((number) => acceptable(number));
      const deliveries = deliveriesOf(await submit(messages));
      await at.store.markDelivered([deliveries[1]!]);
      await at.store.markDelivered([...deliveries, deliveries[0]!]);
      const groups = await at.store.readReceipts(police, 0, 10);
      const told = groups.flatMap(({ group }) => readGroup(group).map(({ message }) => message));
      expect(told).toEqual([2, 1, 3, 4].map((number) => messageId(number)));
    });

    test('the stream tells `delivered` before what the recipient signed', async () => {
      const messages = [acceptable(1)];
      const deliveries = deliveriesOf(await submit(messages));
      await Promise.all([
        at.store.markDelivered(deliveries),
        at.store.settle(settlementOf(messages, health, 'stored', deliveries)),
      ]);
      const [delivered, stored] = await at.store.readReceipts(police, 0, 10);
      expect(readGroup(delivered!.group)[0]?.kind).toBe('delivered');
      expect(stored?.group).toEqual(settlementOf(messages, health).group);
    });
  });

  describe('expiry', () => {
    test('ends what is due in the order of the times, tells the senders, and says what is due next', async () => {
      const expiring = [30, 10, 20].map((offset, index) => acceptable(index, { expiresAt: noon + offset }));
      const [late, early, middle] = deliveriesOf(await submit(expiring));
      expect(await at.store.expire(noon, 10)).toEqual({ expired: [], nextDueAt: noon + 10 });
      expect(await at.store.expire(noon + 20, 1)).toEqual({ expired: [early], nextDueAt: noon + 20 });
      expect(await at.store.expire(noon + 30, 10)).toEqual({ expired: [middle, late], nextDueAt: null });
      const groups = await at.store.readReceipts(police, 0, 10);
      const receipts = groups.flatMap(({ group }) => readGroup(group));
      expect(receipts.map(({ kind, message, recipient }) => [kind, message, recipient])).toEqual([
        ['expired', messageId(1), health],
        ['expired', messageId(2), health],
        ['expired', messageId(0), health],
      ]);
      expect(await queue()).toEqual([]);
      expect((await kinds()).slice(3)).toEqual(['delivery.expired', 'delivery.expired', 'delivery.expired']);
      await at.store.markDelivered([late!]);
      expect(await states(0)).toEqual(['expired']);
    });

    test('what is final does not expire', async () => {
      const message = acceptable(1);
      await submit([message]);
      await at.store.settle(settlementOf([message], health));
      expect(await at.store.expire(noon + 2 * hourMs, 10)).toEqual({ expired: [], nextDueAt: null });
    });

    test('what the recipient has stored all the same counts as stored, and nothing else does', async () => {
      const messages = [acceptable(1), acceptable(2)];
      await submit(messages);
      await at.store.expire(noon + 2 * hourMs, 10);
      expect(await at.store.settle(settlementOf([messages[0]!], health))).toEqual({ outcome: 'settled' });
      expect(await at.store.settle(settlementOf([messages[1]!], health, 'refused'))).toEqual({
        outcome: 'repeated',
      });
      expect([await states(1), await states(2)]).toEqual([['stored'], ['expired']]);
    });
  });

  describe('receipt streams', () => {
    const grow = async (count: number): Promise<void> => {
      for (let number = 0; number < count; number++) {
        await submit([acceptable(number)]);
        await at.store.settle(settlementOf([acceptable(number)], health));
      }
    };

    test('are read after a position, in order, within a limit', async () => {
      await grow(4);
      const positions = async (after: number, limit: number): Promise<number[]> =>
        (await at.store.readReceipts(police, after, limit)).map(({ position }) => position);
      expect(await positions(0, 10)).toEqual([noon, noon + 1, noon + 2, noon + 3]);
      expect(await positions(noon, 2)).toEqual([noon + 1, noon + 2]);
      expect(await positions(noon + 3, 10)).toEqual([]);
      expect(await at.store.readReceipts('nobody/here' as EndpointAddress, 0, 10)).toEqual([]);
      expect(await at.store.readReceiptsEnd(police)).toBe(noon + 3);
      expect(await at.store.readReceiptsEnd('nobody/here' as EndpointAddress)).toBe(0);
    });

    test('are read about a mebibyte at a time, one group at least', async () => {
      const sizes = [600_000, 600_000, 1_500_000, 10];
      await submit(sizes.map((_, index) => acceptable(index)));
      for (const [index, size] of sizes.entries()) {
        await at.store.settle({
          ...settlementOf([acceptable(index)], health),
          group: Buffer.alloc(size, index),
        });
      }
      const positions = async (after: number): Promise<number[]> =>
        (await at.store.readReceipts(police, after, 100)).map(({ position }) => position);
      const read = [await positions(0), await positions(noon + 1), await positions(noon + 2)];
      expect(read).toEqual([[noon, noon + 1], [noon + 2], [noon + 3]]);
    });

    test('forget what the endpoint has, and never give a position twice', async () => {
      await grow(3);
      const has = async (position: number): Promise<boolean> => at.store.hasReceiptPosition(police, position);
      await at.store.forgetReceipts(police, noon + 1);
      await at.store.forgetReceipts(police, noon);
      expect((await at.store.readReceipts(police, 0, 10)).map(({ position }) => position)).toEqual([
        noon + 2,
      ]);
      expect([await has(noon), await has(noon + 2), await has(noon + 3)]).toEqual([true, true, false]);
      await at.store.forgetReceipts(police, noon + 1000);
      expect(await at.store.readReceiptsEnd(police)).toBe(noon + 2);
      expect([await has(noon + 2), await has(noon + 1000)]).toEqual([true, false]);
      expect(await at.store.hasReceiptPosition('nobody/here' as EndpointAddress, 1)).toBe(false);
      await at.store.forgetReceipts('nobody/here' as EndpointAddress, 1);
      await reopen();
      await submit([acceptable(9)]);
      await at.store.settle(settlementOf([acceptable(9)], health));
      expect((await at.store.readReceipts(police, 0, 10)).map(({ position }) => position)).toEqual([
        noon + 3,
      ]);
    });

    test('give what comes later a later position than anything before, also what a backup has forgotten', async () => {
      await grow(2);
      at.fixture.clock.now = noon - hourMs;
      await submit([acceptable(8)]);
      await at.store.settle(settlementOf([acceptable(8)], health));
      at.fixture.clock.now = noon + hourMs;
      await submit([acceptable(9)]);
      await at.store.settle(settlementOf([acceptable(9)], health));
      const groups = await at.store.readReceipts(police, 0, 10);
      expect(groups.map(({ position }) => position)).toEqual([noon, noon + 1, noon + 2, noon + hourMs]);
      expect(await at.store.hasReceiptPosition(police, noon + 3)).toBe(false);
    });

    test('a listener is told of every group, in order, with its bytes', async () => {
      const events: [EndpointAddress, number, FreshGroup | undefined][] = [];
      at.store.listen({
        onReceipts: (endpoint, position, fresh) => events.push([endpoint, position, fresh]),
        onChange: () => undefined,
      });
      await grow(3);
      const groups = await at.store.readReceipts(police, 0, 10);
      expect(events).toEqual(
        groups.map(({ position, group }, index) => [
          ...[police, position],
          { group, previous: groups[index - 1]?.position ?? 0 },
        ]),
      );
    });
  });
}
