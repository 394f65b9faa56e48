/** How every engine is opened by several, and closed. */
import { describe, expect, test } from 'vitest';
import type { StoreVersions } from '../../../../gateway/store/port.ts';
import { type EndpointAddress } from '../../../../protocol/ids.ts';
import { acceptedDetail } from '../../../../protocol/wire/receipt-detail.ts';
import { acceptable, health, noon, police, settlementOf } from '../synthetic-messages.ts';
import { record, type ContractStore } from './contract-store.ts';

export function sharingContract(at: ContractStore): void {
  const { open, readGroup, submit, deliveriesOf, queue } = at;

  describe('several processes', () => {
    test('each continues what the other began', async () => {
      const other = await open();
      const first = deliveriesOf(await submit([acceptable(1)]));
      const second = deliveriesOf(await other.submit({ source: police, messages: [acceptable(2)] }));
      const third = deliveriesOf(await submit([acceptable(3)]));
      expect(await queue()).toEqual([...first, ...second, ...third]);
      expect((await other.submit({ source: police, messages: [acceptable(1)] })).outcomes).toEqual([
        { outcome: 'duplicate' },
      ]);
      await other.settle(settlementOf([acceptable(1)], health));
      await at.store.settle(settlementOf([acceptable(2)], health));
      expect((await other.readReceipts(police, 0, 10)).map(({ position }) => position)).toEqual([
        noon,
        noon + 1,
      ]);
    });

    test('at once, both keep everything', async () => {
      const other = await open();
      const work = [at.store, other].flatMap((each, which) =>
        Array.from({ length: 20 }, async (_, index) =>
          each.submit({ source: police, messages: [acceptable(which * 100 + index)] }),
        ),
      );
      const results = await Promise.all(work);
      const records = results.map(({ receipts }) => acceptedDetail(readGroup(receipts)[0]!).record);
      expect(records.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index));
      expect(await queue()).toHaveLength(40);
    });

    test('a listener hears of what another process committed', async () => {
      await submit([acceptable(1)]);
      const changes = Promise.withResolvers<StoreVersions>();
      const receipts = Promise.withResolvers<[EndpointAddress, number]>();
      at.store.listen({
        onReceipts: (endpoint, position) => receipts.resolve([endpoint, position]),
        onChange: (versions) => changes.resolve(versions),
      });
      const other = await open();
      await other.settle(settlementOf([acceptable(1)], health));
      await other.requestPolicyReload(record);
      expect(await changes.promise).toEqual({ directory: 0, policy: noon });
      expect(await receipts.promise).toEqual([police, noon]);
    });
  });

  describe('life', () => {
    test('a probe writes and leaves no trace', async () => {
      await at.store.probe();
      expect(await at.store.readLeaves(0, 10)).toEqual([]);
    });

    test('closing finishes what is queued; afterwards everything is refused', async () => {
      const pending = [1, 2, 3].map(async (number) => submit([acceptable(number)]));
      await at.store.close();
      await Promise.all(pending);
      await expect(at.store.probe()).rejects.toMatchObject({ code: 'store-unavailable' });
      await expect(at.store.readDirectory()).rejects.toMatchObject({ code: 'store-unavailable' });
      await at.store.close();
      at.store = await open();
      expect(await at.store.countPending(health)).toBe(3);
    });
  });
}
