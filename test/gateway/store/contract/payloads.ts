/** How every engine lets payloads go. */
import { describe, expect, test } from 'vitest';
import { decodeUnit, encodeUnit } from '../../../../protocol/wire/frame.ts';
import {
  acceptable,
  digestOf,
  health,
  hourMs,
  messageId,
  noon,
  refusable,
  sampleUnitOf,
  school,
  settlementOf,
} from '../synthetic-messages.ts';
import { record, type ContractStore } from './contract-store.ts';

export function payloadsContract(at: ContractStore): void {
  const { open, reopen, submit, states } = at;

  describe('retiring payloads', () => {
    const unitOf = (number: number, payloadBytes = 40): Buffer => {
      return sampleUnitOf(number, Buffer.alloc(payloadBytes, `ciphertext ${number} `));
    };
    const sent = (number: number, changes: Parameters<typeof acceptable>[1] = {}) =>
      acceptable(number, { unit: unitOf(number), ...changes });
    const retired = { kind: 'payload.retired', reason: 'its time is over' };
    const later = noon + hourMs;
    const kept = async (): Promise<number[]> =>
      (await at.store.readPayloads(0, 100, later)).payloads.map(({ position }) => position);
    const unitNow = async (number: number): Promise<Buffer> =>
      (await at.store.readEvidence(messageId(number)))[0]!.unit;

    test('they are listed with category, size, and when all of their deliveries had ended', async () => {
      const both = [health, school].map((endpoint) => ({ endpoint, listening: false }));
      const message = sent(2, { recipients: both, category: 'police-concern' });
      const [first, third] = [sent(1), sent(3, { expiresAt: noon + 30 })];
      await submit([first, message, refusable(9), third]);
      at.fixture.clock.now += 10;
      await at.store.settle(settlementOf([first, message], health));
      at.fixture.clock.now += 10;
      await at.store.settle(settlementOf([message], school, 'refused'));
      const { payloads, through } = await at.store.readPayloads(0, 100, later);
      const unitBytes = unitOf(1).byteLength;
      expect(payloads).toEqual([
        { position: 1, category: 'concern-report', unitBytes, endedAt: noon + 10, isStored: true },
        { position: 2, category: 'police-concern', unitBytes, endedAt: noon + 20, isStored: false },
        { position: 4, category: 'concern-report', unitBytes, endedAt: null, isStored: false },
      ]);
      expect(through).toBe(4);
      at.fixture.clock.now = noon + 40;
      await at.store.expire(noon + 40, 10);
      expect((await at.store.readPayloads(2, 100, later)).payloads).toEqual([
        { position: 4, category: 'concern-report', unitBytes, endedAt: noon + 40, isStored: false },
      ]);
    });

    test('listing goes on where it was left, in portions, and stops at what is too young', async () => {
      await submit([sent(1), sent(2)]);
      at.fixture.clock.now += 5;
      await submit([sent(3)]);
      const portions: [number, number][] = [];
      for (let after = 0; ;) {
        const { payloads, through } = await at.store.readPayloads(after, 1, noon + 5);
        if (through === after) break;
        portions.push([through, payloads.length]);
        after = through;
      }
      expect(portions).toEqual([
        [1, 1],
        [2, 1],
      ]);
      expect(await at.store.readPayloads(0, 100, noon)).toEqual({ payloads: [], through: 0 });
    });

    test('the payload goes; envelope, proof, acceptance, outcome and receipts stay', async () => {
      const [gone, stays] = [sent(1), sent(2)];
      await submit([gone, stays]);
      await at.store.settle(settlementOf([gone, stays], health));
      const before = await at.store.readAcceptances(0, 100, 0);
      const evidence = await at.store.readEvidence(gone.id);
      expect(await at.store.retirePayloads([1], retired)).toBe(1);
      const { envelope, proof } = decodeUnit(unitOf(1));
      const rest = encodeUnit(envelope, proof, Buffer.alloc(0)).bytes;
      expect(await at.store.readEvidence(gone.id)).toEqual([{ ...evidence[0]!, unit: rest }]);
      expect(await unitNow(2)).toEqual(stays.unit);
      expect(await kept()).toEqual([2]);
      await reopen();
      expect(await at.store.readAcceptances(0, 100, 0)).toEqual(before);
      const again = await submit([gone]);
      expect(again.outcomes).toEqual([{ outcome: 'duplicate' }]);
      expect(await states(1)).toEqual(['stored']);
      expect(await unitNow(1)).toEqual(rest);
    });

    test('one leaf tells of all that went together, under which agreement and of which messages', async () => {
      const messages = [1, 2, 3].map((number) => sent(number));
      await submit(messages);
      await at.store.settle(settlementOf(messages, health));
      const policy = digestOf('agreement').toString('base64url');
      expect(await at.store.retirePayloads([1, 3], { kind: 'payload.retired', policy })).toBe(2);
      const last = (await at.store.readLeaves(0, 100)).at(-1)!;
      expect(last.entry).toEqual({ kind: 'payload.retired', policy, count: 2, leaves: [0, 2] });
      expect(JSON.parse(last.leaf)).toMatchObject({ kind: 'payload.retired', policy });
    });

    test('nothing goes that is under way, went before, was refused or erased, or never was; nor is it recorded', async () => {
      const both = [health, school].map((endpoint) => ({ endpoint, listening: false }));
      const half = sent(1, { recipients: both });
      const [gone, erased] = [sent(2), sent(3)];
      await submit([half, gone, erased, refusable(4)]);
      await at.store.settle(settlementOf([half, gone, erased], health));
      await at.store.retirePayloads([2], retired);
      await at.store.eraseCase(erased.thread, record);
      const leaves = await at.store.countLeaves();
      expect(await at.store.retirePayloads([1, 2, 3, 4, 5, 99], retired)).toBe(0);
      expect(await at.store.countLeaves()).toBe(leaves);
      expect(await unitNow(1)).toEqual(half.unit);
      expect((await at.store.readQueue(school, 1, 0, 10)).map(({ unit }) => unit)).toEqual([half.unit]);
      expect(await kept()).toEqual([1]);
    });

    test('a case is erased as before where payloads of it went, and a late `stored` still counts', async () => {
      const [late, other] = [sent(1, { expiresAt: noon + 1 }), sent(2)];
      await submit([late, other]);
      await at.store.settle(settlementOf([other], health));
      await at.store.expire(noon + 1, 10);
      expect(await at.store.retirePayloads([1, 2], retired)).toBe(2);
      expect(await at.store.settle(settlementOf([late], health))).toEqual({ outcome: 'settled' });
      expect(await states(1)).toEqual(['stored']);
      expect(await at.store.eraseCase(other.thread, record)).toBe('erased');
      expect(await unitNow(2)).toEqual(Buffer.alloc(0));
    });

    test('two that retire the same at once take each payload once', async () => {
      const messages = Array.from({ length: 20 }, (_, number) => sent(number));
      await submit(messages);
      await at.store.settle(settlementOf(messages, health));
      const other = await open();
      const positions = messages.map((_, index) => index + 1);
      const counts = await Promise.all(
        [at.store, other].map(async (each) => each.retirePayloads(positions, retired)),
      );
      expect(counts.sort((a, b) => a - b)).toEqual([0, 20]);
      expect(await kept()).toEqual([]);
    });
  });
}
