/** How every engine gives what was accepted to those who read it in order. */
import { describe, expect, test } from 'vitest';
import { encodeUnit } from '../../../../protocol/wire/frame.ts';
import {
  acceptable,
  health,
  hourMs,
  messageId,
  noon,
  refusable,
  sampleEnvelopeOf,
  school,
  settlementOf,
} from '../synthetic-messages.ts';
import { record, type ContractStore } from './contract-store.ts';

export function acceptancesContract(at: ContractStore): void {
  const { open, reopen, submit } = at;

  describe('reading acceptances in order', () => {
    const unitOf = (number: number, bytes = 20): Buffer => {
      const envelope = sampleEnvelopeOf(number, bytes);
      return Buffer.from(encodeUnit(envelope, Buffer.alloc(67), Buffer.from('payload')).bytes);
    };
    const numbersOf = async (after = 0, limit = 100, since = 0): Promise<number[]> =>
      (await at.store.readAcceptances(after, limit, since)).map(({ category }) =>
        Number(category.replace('category-', '')),
      );

    test('gives what envelopes say with position and time, leaves refusals out, and goes on where it was left', async () => {
      await submit([refusable(1), acceptable(2, { unit: unitOf(2) })]);
      at.fixture.clock.now += 5;
      await submit([3, 4].map((number) => acceptable(number, { unit: unitOf(number) })));
      await submit([acceptable(2, { unit: unitOf(2) }), refusable(5)]);
      const all = await at.store.readAcceptances(0, 100, 0);
      expect(all.map(({ at }) => at - noon)).toEqual([0, 5, 5]);
      const positions = all.map(({ position }) => position);
      // Behind the leaves of messages 2, 3 and 4, which the first refusal precedes.
      expect(positions).toEqual([2, 3, 4]);
      expect(await numbersOf()).toEqual([2, 3, 4]);
      expect(await numbersOf(0, 2)).toEqual([2, 3]);
      expect(await numbersOf(positions[1])).toEqual([4]);
      expect(await numbersOf(positions[2])).toEqual([]);
      await reopen();
      expect(await at.store.readAcceptances(0, 100, 0)).toEqual(all);
    });

    test('leaves out what was accepted before a time', async () => {
      await submit([acceptable(1, { unit: unitOf(1) })]);
      at.fixture.clock.now += 10;
      await submit([acceptable(2, { unit: unitOf(2) })]);
      expect(await numbersOf(0, 100, noon + 10)).toEqual([2]);
      expect(await numbersOf(0, 100, noon)).toEqual([1, 2]);
      expect(await numbersOf(0, 100, noon + 11)).toEqual([]);
    });

    test('begins at any time of a long history, though the clocks of gateways differ a little', async () => {
      const times = [0, 90, 80, 100, 500, 450, 470, 900].map((minutes) => noon + minutes * 60_000);
      for (const [index, time] of times.entries()) {
        at.fixture.clock.now = time;
        await submit([
          acceptable(index, { unit: unitOf(index), expiresAt: time + hourMs }),
          refusable(100 + index),
        ]);
      }
      for (const since of [noon - 1, ...times, noon + 24 * hourMs]) {
        const younger = times.flatMap((time, index) => (time >= since ? [index] : []));
        expect(await numbersOf(0, 100, since)).toEqual(younger);
      }
    });

    test('leaves out what was erased, and the rest keeps its position', async () => {
      const kept = acceptable(2, { unit: unitOf(2), thread: messageId(9) });
      const gone = acceptable(1, { unit: unitOf(1) });
      await submit([gone, kept]);
      await at.store.settle(settlementOf([gone], health));
      const before = await at.store.readAcceptances(0, 100, 0);
      expect(await at.store.eraseCase(messageId(1), record)).toBe('erased');
      expect(await at.store.readAcceptances(0, 100, 0)).toEqual(before.slice(1));
    });

    test('gives large ones in portions of one at least, that go on behind each other', async () => {
      for (let number = 1; number <= 5; number++) {
        await submit([acceptable(number, { unit: unitOf(number, number === 3 ? 1_100_000 : 700_000) })]);
      }
      const ids: string[] = [];
      for (let after = 0; ;) {
        const portion = await at.store.readAcceptances(after, 100, 0);
        const last = portion.at(-1);
        if (last === undefined) break;
        ids.push(...portion.map(({ id }) => id));
        after = last.position;
      }
      expect(ids).toEqual([1, 2, 3, 4, 5].map(messageId));
    });

    test('goes on behind many that were erased', async () => {
      const erased = Array.from({ length: 5 }, (_, index) =>
        acceptable(index, { unit: unitOf(index), thread: messageId(99) }),
      );
      await submit(erased);
      await submit([acceptable(7, { unit: unitOf(7) })]);
      await at.store.settle(settlementOf(erased, health));
      expect(await at.store.eraseCase(messageId(99), record)).toBe('erased');
      expect(await numbersOf(0, 2)).toEqual([7]);
    });

    test('sees what another process had accepted', async () => {
      const other = await open();
      await other.submit({ source: school, messages: [acceptable(1, { unit: unitOf(1) })] });
      expect(await numbersOf()).toEqual([1]);
    });
  });
}
