/** What every engine does with a message whose bytes are not what was accepted. */
import { describe, expect, test } from 'vitest';
import { withoutPayload } from '../../../../gateway/store/retired-unit.ts';
import type { DamagedMessage } from '../../../../gateway/store/port.ts';
import {
  acceptableAsWritten,
  erasureOf,
  health,
  messageId,
  noon,
  refusable,
  settlementOf,
} from '../synthetic-messages.ts';
import type { ContractStore } from './contract-store.ts';

const unitOf = (number: number): Buffer => acceptableAsWritten(number).unit;

export function damageContract(at: ContractStore): void {
  const { submit, deliveriesOf } = at;

  describe('a message that is damaged', () => {
    const changed = (place: number): Buffer => {
      const unit = Buffer.from(unitOf(2));
      unit[place < 0 ? unit.byteLength + place : place]! ^= 1;
      return unit;
    };
    const damages: [string, Buffer][] = [
      ['its lengths are overwritten', changed(1)],
      ['a byte of its envelope is another', changed(40)],
      ['a byte of its payload is another', changed(-1)],
      ['it is cut short', unitOf(2).subarray(0, 100)],
      ['its payload is gone', withoutPayload(unitOf(2))!],
      ['it is full of zeros', Buffer.alloc(500)],
      ['it is empty', Buffer.alloc(0)],
    ];
    const told: DamagedMessage[] = [];
    const listen = (): void => {
      told.length = 0;
      const onDamaged = (message: DamagedMessage): unknown => told.push(message);
      at.store.listen({ onReceipts: () => undefined, onChange: () => undefined, onDamaged });
    };
    const second = { message: messageId(2), leaf: 2 };

    test.each(damages)('keeps its place in the queue, named and without bytes: %s', async (_, unit) => {
      listen();
      const messages = [acceptableAsWritten(1), refusable(9), acceptableAsWritten(2), acceptableAsWritten(3)];
      const deliveries = deliveriesOf(await submit(messages));
      expect(await at.faults()).toEqual({ looked: 4, faults: [], unknown: 0 });
      await at.fixture.setUnit(messageId(2), unit);
      const queued = await at.store.readQueue(health, 1, 0, 10);
      expect(queued.map(({ delivery }) => delivery)).toEqual(deliveries);
      expect(queued.map((each) => each.unit)).toEqual([unitOf(1), undefined, unitOf(3)]);
      expect(queued[2]).toMatchObject({ envelopeDigest: acceptableAsWritten(3).envelopeDigest });
      expect(told).toEqual([second]);
      expect(await at.faults()).toEqual({ looked: 4, faults: [`${messageId(2)} changed`], unknown: 0 });
      await at.fixture.setUnit(messageId(2), unitOf(2));
      expect((await at.store.readQueue(health, 1, 0, 10))[1]?.unit).toEqual(unitOf(2));
    });

    test('keeps its place in the queue also where nothing is left of it', async () => {
      listen();
      await submit([acceptableAsWritten(1), refusable(9), acceptableAsWritten(2)]);
      await at.fixture.setUnit(messageId(2), null);
      const queued = await at.store.readQueue(health, 1, 0, 10);
      expect(queued.map(({ unit }) => unit)).toEqual([unitOf(1), undefined]);
      expect(told).toEqual([second]);
    });

    test('expires as others do, and keeps no payload from going', async () => {
      const messages = [1, 2, 3].map((number) => acceptableAsWritten(number, { expiresAt: noon + 10 }));
      await submit(messages);
      await at.fixture.setUnit(messageId(2), Buffer.alloc(500, 255));
      expect((await at.store.expire(noon + 10, 10)).expired).toHaveLength(3);
      expect(await at.store.retirePayloads([1, 2, 3], { kind: 'payload.retired' })).toBe(2);
      expect((await at.faults()).faults).toEqual([`${messageId(2)} changed`]);
    });

    test('is none that was erased, or whose payload was retired', async () => {
      const messages = [1, 2].map((number) => acceptableAsWritten(number));
      await submit(messages);
      await at.store.settle(settlementOf(messages, health));
      await at.store.retirePayloads([1], { kind: 'payload.retired' });
      await at.store.eraseCase(messageId(2), erasureOf(2));
      expect(await at.faults()).toEqual({ looked: 2, faults: [], unknown: 0 });
    });
  });
}
