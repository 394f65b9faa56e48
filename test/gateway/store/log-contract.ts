/** What every engine of the store must do for the audit log, through the port alone. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { splitLeaves } from '../../../gateway/store/leaf-block.ts';
import {
  endedAtOnce,
  erasureMark,
  houseCase,
  type Store,
  type StoredLeaf,
} from '../../../gateway/store/port.ts';
import { parseLeaf } from '../../../protocol/audit/leaf.ts';
import { commitmentOf } from '../../../protocol/audit/commitment.ts';
import { decodeReceiptGroup } from '../../../protocol/wire/receipt-group.ts';
import { unreadableId } from '../../../protocol/wire/receipt.ts';
import { digestOf as textDigest } from '../../../protocol/proof/merkle.ts';
import { directoryEntryDigest } from '../../../protocol/wire/directory-entry-digest.ts';
import type { StoreFixture } from './contract/contract-store.ts';
import {
  acceptable,
  digestOf,
  directoryEntry,
  health,
  hourMs,
  messageId,
  noon,
  permit,
  police,
  refusable,
  school,
  settlementOf,
} from './synthetic-messages.ts';

export function logContract(name: string, createFixture: () => Promise<StoreFixture>): void {
  describe(`the audit log on ${name}`, () => {
    let fixture: StoreFixture;
    let store: Store;
    const opened: Store[] = [];

    const open = async (): Promise<Store> => {
      const another = await fixture.open();
      opened.push(another);
      return another;
    };
    const leaves = async (): Promise<readonly StoredLeaf[]> => store.readLeaves(0, 1_000);
    const happened = (text: string): { kind: string; text: string } => ({ kind: 'test.happened', text });

    beforeEach(async () => {
      fixture = await createFixture();
      store = await open();
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map(async (each) => each.close()));
      await fixture.remove();
    });

    test('counts without gaps over commits, processes and opening again, and is read from any index', async () => {
      await store.appendRecords([]);
      expect(await store.appendRecords([happened('line\nbreak “quoted”'), happened('b')])).toBe(0);
      const other = await open();
      fixture.clock.now += 1;
      expect(await other.appendRecords([happened('c')])).toBe(2);
      expect(await store.appendRecords([happened('d'), happened('e')])).toBe(3);
      await store.close();
      store = await open();
      await store.appendRecords([happened('f')]);
      const all = await leaves();
      expect(all.map(({ index, entry }) => [index, entry.text])).toEqual(
        ['line\nbreak “quoted”', 'b', 'c', 'd', 'e', 'f'].map((text, index) => [index, text]),
      );
      expect(all.map(({ at }) => at - noon)).toEqual([0, 0, 1, 1, 1, 1]);
      expect(await store.readLeaves(1, 3)).toEqual(all.slice(1, 4));
      expect(await store.readLeaves(4, 1)).toEqual(all.slice(4, 5));
      expect(await store.readLeaves(6, 10)).toEqual([]);
      expect(await store.countLeaves()).toBe(6);
    });

    test('what stands in the open names ids, codes and times; a commitment binds the rest', async () => {
      const message = acceptable(1, {
        recipients: [health, school].map((endpoint) => ({ endpoint, listening: true })),
      });
      const [outcome] = (await store.submit({ source: police, messages: [message, refusable(2)] })).outcomes;
      const deliveries = outcome?.outcome === 'accepted' ? outcome.deliveries : [];
      await store.markDelivered(deliveries);
      const settlement = settlementOf([message], school);
      await store.settle(settlement);
      await store.submit({ source: police, messages: [message] });
      const envelope = message.envelopeDigest.toString('base64url');
      const open = (await leaves()).map(({ leaf }) => parseLeaf(Buffer.from(leaf)));
      const commitment = expect.stringMatching(/^[\w-]{43}$/) as unknown;
      const at = noon;
      expect(open).toEqual([
        { kind: 'message.accepted', at, message: message.id, envelope, commitment },
        {
          kind: 'message.refused',
          at,
          message: messageId(2),
          envelope: refusable(2).envelopeDigest.toString('base64url'),
          code: 'policy-denied',
          commitment,
        },
        { kind: 'delivery.delivered', at, of: 0, nth: 0 },
        { kind: 'delivery.delivered', at, of: 0, nth: 1 },
        { kind: 'delivery.stored', at, of: 0, nth: 1, receipt: textDigest(settlement.group) },
        { kind: 'message.repeated', at, of: 0 },
      ]);
    });

    test('every commitment opens to the entry that was given', async () => {
      const message = acceptable(1);
      await store.submit({ source: police, messages: [message] });
      await store.appendRecords([happened('ärger')]);
      for (const { leaf, entry, opening } of await leaves()) {
        const { salt, body } = opening!;
        expect(JSON.parse(body)).toEqual(entry);
        const bound = commitmentOf(Buffer.concat([Buffer.from(salt, 'base64url'), Buffer.from(body)]));
        expect(parseLeaf(Buffer.from(leaf)).commitment).toBe(bound);
      }
      const salts = (await leaves()).map(({ opening }) => opening?.salt);
      expect(new Set(salts).size).toBe(salts.length);
    });

    test('an entry of the directory stands in its leaf by digest, and the directory names the leaf', async () => {
      await store.permitEnrolment(permit(health, 'secret', noon + hourMs), happened('permit'));
      const entry = directoryEntry(health);
      await store.enrol(digestOf('secret'), entry, noon, { kind: 'endpoint.enrolled' });
      expect((await store.readDirectory()).leaves).toEqual([1]);
      const revoked = { ...entry, status: 'revoked' as const, revokedAt: entry.enrolledAt };
      await store.replaceEntry(entry, revoked, { kind: 'endpoint.revoked' });
      expect((await store.readDirectory()).leaves).toEqual([2]);
      const open = (await leaves()).map(({ leaf }) => parseLeaf(Buffer.from(leaf)));
      expect(open[1]).toMatchObject({ endpoint: health, entry: directoryEntryDigest(entry) });
      expect(open[2]).toMatchObject({ endpoint: health, entry: directoryEntryDigest(revoked) });
    });

    test('runs of leaves give the same bytes, in whole commits', async () => {
      for (let number = 0; number < 5; number++) {
        await store.submit({ source: police, messages: [acceptable(number), acceptable(100 + number)] });
      }
      const all = await leaves();
      for (const from of [0, 1, 2, 9, 10]) {
        const runs = await store.readLeafRuns(from);
        const texts = runs.flatMap(({ first, leaves: run }) =>
          splitLeaves(run).map((leaf, place) => [first + place, leaf.toString()]),
        );
        expect(texts.filter(([index]) => Number(index) >= from)).toEqual(
          all.slice(from).map(({ index, leaf }) => [index, leaf]),
        );
        expect(runs[0]?.first ?? from).toBeLessThanOrEqual(from);
        expect(runs.every(({ first, count }) => first + count > from)).toBe(true);
      }
    });

    test('a message that begins a case that others have named before opens under the secret that the case has', async () => {
      const [late, early, next] = [
        acceptable(1),
        acceptable(2, { thread: messageId(1) }),
        acceptable(3, { thread: messageId(1) }),
      ];
      await store.submit({ source: police, messages: [early] });
      await store.submit({ source: police, messages: [late, next] });
      // Once more from the beginning, where nothing of a case is remembered.
      store = await open();
      expect((await leaves()).map(({ entry }) => entry)).toEqual(
        [early, late, next].map(({ record }) => JSON.parse(record) as unknown),
      );
      expect((await leaves()).map((leaf) => leaf.case)).toEqual([1, 1, 1].map(messageId));
      await store.settle(settlementOf([early, late, next], health));
      expect(await store.eraseCase(messageId(1), { kind: 'case.erased', authority: 'court' })).toBe('erased');
      expect((await leaves()).slice(0, 3).map(({ erased }) => erased)).toEqual([true, true, true]);
    });

    describe('erasing a case', () => {
      const erased = { kind: 'case.erased', authority: 'court' };

      test('takes body, salt, ciphertext and matter away, keeps every leaf, and says so in one', async () => {
        const thread = messageId(1);
        const messages = [acceptable(1), acceptable(2, { thread }), acceptable(3)];
        await store.submit({ source: police, messages });
        await store.settle(settlementOf(messages.slice(0, 2), health));
        const before = await leaves();
        expect(await store.eraseCase(thread, erased)).toBe('erased');
        const after = await leaves();
        expect(after.slice(0, before.length).map(({ leaf }) => leaf)).toEqual(before.map(({ leaf }) => leaf));
        expect(after.map((leaf) => leaf.erased)).toEqual([true, true, false, false, false, false, false]);
        expect(after[0]).not.toHaveProperty('opening');
        expect(after[2]?.entry).toEqual(JSON.parse(messages[2]!.record));
        expect(after.slice(-2).map(({ entry }) => entry)).toEqual([
          { ...erased, bodies: 2 },
          { kind: 'case.erased-bodies', case: thread, leaves: [0, 1] },
        ]);
      });

      test('opens each body that somebody proposes, finds those of its messages, and takes none of another case', async () => {
        const thread = messageId(1);
        const messages = [1, 2, 3].map((number) => acceptable(number, { thread }));
        for (const message of messages) await store.submit({ source: police, messages: [message] });
        await store.submit({ source: police, messages: [acceptable(4)] });
        await store.appendRecords([{ kind: 'gateway.started' }]);
        await store.submit({ source: police, messages: [refusable(5, { thread })] });
        await store.settle(settlementOf(messages, health));
        const proposed = { asOf: 6, leaves: [5, 0, 3, 4, 0] };
        expect(await store.eraseCase(thread, { ...erased, case: thread }, 'wait', proposed)).toBe('erased');
        expect((await leaves()).at(-1)?.entry.leaves).toEqual([0, 1, 2, 5]);
        expect((await leaves()).slice(0, 6).map((leaf) => leaf.tampered ?? leaf.erased)).toEqual([
          ...[true, true, true],
          ...[false, false, true],
        ]);
      });

      test('takes nothing twice that was proposed before somebody else erased the case', async () => {
        const thread = messageId(1);
        const [first, next] = [acceptable(1), acceptable(2, { thread })];
        await store.submit({ source: police, messages: [first] });
        await store.settle(settlementOf([first], health));
        const proposed = { asOf: await store.countLeaves(), leaves: [0] };
        await store.eraseCase(thread, { ...erased, case: thread }, 'wait', proposed);
        await store.submit({ source: police, messages: [next] });
        await store.settle(settlementOf([next], health));
        await store.eraseCase(thread, { ...erased, case: thread }, 'wait', proposed);
        const lists = (await leaves()).filter(({ entry }) => entry.kind === 'case.erased-bodies');
        expect(lists.map(({ entry }) => entry.leaves)).toEqual([[0], [4]]);
      });

      test('notes where its leaf is, so that nobody looks through the log for it', async () => {
        const first = acceptable(1);
        await store.submit({ source: police, messages: [first] });
        await store.settle(settlementOf([first], health));
        await store.eraseCase(first.thread, erased);
        const next = acceptable(2, { thread: first.thread });
        await store.submit({ source: police, messages: [next] });
        await store.settle(settlementOf([next], health));
        await store.eraseCase(first.thread, erased);
        const erasures = (await leaves()).filter(({ entry }) => entry.kind === 'case.erased');
        expect(erasures).toHaveLength(2);
        expect(await fixture.notedErasures(first.thread)).toEqual(erasures.map(({ index }) => index));
        expect(await fixture.notedErasures(messageId(2))).toEqual([]);
        expect((await store.readMarks()).get(erasureMark)).toBe(erasures.at(-1)?.index);
      });

      test('waits for deliveries to come to their end, and knows what it does not know', async () => {
        await store.submit({ source: police, messages: [acceptable(1)] });
        expect(await store.eraseCase(messageId(1), erased)).toBe('pending');
        expect((await leaves())[0]?.erased).toBe(false);
        expect(await store.eraseCase(messageId(7), erased)).toBe('unknown');
        expect(await leaves()).toHaveLength(1);
      });

      test('ends deliveries on its order, tells their senders, and still passes on what arrived all the same', async () => {
        const message = acceptable(1, {
          recipients: [health, school].map((endpoint) => ({ endpoint, listening: false })),
        });
        await store.submit({ source: police, messages: [message] });
        await store.settle(settlementOf([message], school));
        const streamEnd = await store.readReceiptsEnd(police);

        expect(await store.eraseCase(message.thread, erased, 'end')).toBe('erased');
        expect((await leaves()).slice(-3).map(({ entry }) => entry.kind)).toEqual([
          ...['delivery.expired', 'case.erased', 'case.erased-bodies'],
        ]);
        expect(await store.readQueue(health, message.lane, 0, 10)).toEqual([]);
        const state = await store.readMessage(police, message.id);
        expect(state?.deliveries.map((delivery) => delivery.state)).toEqual(['expired', 'stored']);
        const [told] = await store.readReceipts(police, streamEnd, 10);
        expect(decodeReceiptGroup(told!.group).receipts).toMatchObject([
          { kind: 'expired', message: message.id, recipient: health },
        ]);

        expect(await store.settle(settlementOf([message], health))).toEqual({ outcome: 'settled' });
      });

      test('ends so many at once, and is asked again for the others', async () => {
        const many = Array.from({ length: 17 }, (_, number) => {
          const recipients = Array.from({ length: 30 }, (_, nth) => ({
            endpoint: `agency-${nth}/desk` as EndpointAddress,
            listening: false,
          }));
          return acceptable(number + 1, { thread: messageId(1), recipients });
        });
        await store.submit({ source: police, messages: many });
        const ended = async (): Promise<number> =>
          (await leaves()).filter(({ entry }) => entry.kind === 'delivery.expired').length;

        expect(await store.eraseCase(messageId(1), erased, 'end')).toBe('pending');
        expect(await ended()).toBe(endedAtOnce);
        expect(await store.eraseCase(messageId(1), erased, 'end')).toBe('erased');
        expect(await ended()).toBe(510);
      });

      test('refuses the case of the gateway itself, whose bodies stay', async () => {
        await store.appendRecords([{ kind: 'gateway.started' }]);
        const before = await leaves();
        expect(await store.eraseCase(houseCase, erased)).toBe('unknown');
        expect(await leaves()).toEqual(before);
        expect(before.map((leaf) => leaf.erased)).toEqual([false]);
      });

      test('never takes away what was accepted meanwhile and is still on its way', async () => {
        const thread = messageId(1);
        const first = acceptable(1);
        await store.submit({ source: police, messages: [first] });
        await store.settle(settlementOf([first], health));
        for (let number = 2; number < 12; number++) {
          const next = acceptable(number, { thread });
          const [outcome] = await Promise.all([
            store.eraseCase(thread, erased),
            store.submit({ source: police, messages: [next] }),
          ]);
          const log = await leaves();
          const accepted = log.find(({ entry }) => entry.message === next.id);
          const erasure = log.findLastIndex(({ entry }) => entry.kind === 'case.erased');
          if (outcome === 'erased') expect(accepted?.index).toBeGreaterThan(erasure);
          expect(accepted?.erased).toBe(false);
          expect(log.filter(({ tampered }) => tampered !== undefined)).toEqual([]);
          await store.settle(settlementOf([next], health));
        }
      });

      test('is told from a secret that somebody deleted beside the store, which no leaf speaks of', async () => {
        const messages = [acceptable(1), acceptable(2), acceptable(3)];
        await store.submit({ source: police, messages });
        await store.settle(settlementOf(messages, health));
        await store.eraseCase(messageId(1), { ...erased, case: messageId(1) });
        await fixture.dropSecret(messageId(2));
        const erasedBy = (await store.countLeaves()) - 2;
        const [first, second, third] = await leaves();
        expect(first).toMatchObject({ erased: true, erasedBy });
        expect(first).not.toHaveProperty('tampered');
        expect(second).toMatchObject({ erased: false, tampered: 'secret-gone', case: messageId(2) });
        expect(second).not.toHaveProperty('erasedBy');
        // An erasure that finds no secret any more changes nothing about that.
        expect(await store.eraseCase(messageId(2), { ...erased, case: messageId(2) })).toBe('erased');
        expect((await leaves()).at(-1)?.entry).toMatchObject({ bodies: 0, hadSecret: false });
        expect((await leaves())[1]).toMatchObject({ erased: false, tampered: 'secret-gone' });
        expect(third?.entry).toEqual(JSON.parse(messages[2]!.record));
        // Nor does an erasure from before the leaf excuse it.
        await store.eraseCase(messageId(3), { ...erased, case: messageId(3) });
        const next = acceptable(4, { thread: messageId(3) });
        await store.submit({ source: police, messages: [next] });
        await fixture.dropSecret(messageId(3));
        expect((await leaves()).at(-1)).toMatchObject({ erased: false, tampered: 'secret-gone' });
        expect((await leaves())[2]).toMatchObject({ erased: true });
      });

      test('says of the own bodies of the gateway, which nobody may erase, that their secret is gone', async () => {
        await store.appendRecords([happened('a')]);
        await fixture.dropSecret(houseCase);
        expect((await leaves())[0]).toMatchObject({ erased: false, tampered: 'secret-gone' });
      });

      test('takes with it what was recorded of the case beside its messages, also where it has none', async () => {
        const [first, second] = [acceptable(1), acceptable(2)];
        await store.submit({ source: police, messages: [first, second] });
        await store.settle(settlementOf([first, second], health));
        await store.appendRecords([happened('a'), happened('b')], undefined, first.thread);
        await store.appendRecords([happened('c')], await store.takeLease('test', 60_000), messageId(9));
        await store.appendRecords([happened('d')]);
        expect((await leaves()).slice(4).map((leaf) => [leaf.entry.text, leaf.case])).toEqual([
          ['a', first.thread],
          ['b', first.thread],
          ['c', messageId(9)],
          ['d', houseCase],
        ]);
        for (const id of [first.thread, messageId(9)])
          expect(await store.eraseCase(id, { ...erased, case: id })).toBe('erased');
        const after = (await leaves()).slice(0, 8).filter((leaf) => leaf.case !== undefined);
        expect(after.map((leaf) => leaf.erased)).toEqual([true, false, true, true, true, false]);
        expect(after.flatMap(({ entry: { text = [] } }) => text)).toEqual(['d']);
      });

      test('takes along who used an id again for another envelope, and nobody is named for it afterwards', async () => {
        const thread = messageId(5);
        const message = acceptable(1, { thread });
        const other = acceptable(1, { variant: 'other' });
        await store.submit({ source: police, messages: [message] });
        await store.settle(settlementOf([message], health));
        await (await open()).submit({ source: police, messages: [other] });
        const before = (await leaves()).at(-1);
        expect(before).toMatchObject({ case: thread, entry: { source: police, code: 'id-conflict', of: 0 } });
        expect(await store.eraseCase(thread, { ...erased, case: thread })).toBe('erased');
        await store.submit({ source: police, messages: [other] });
        const all = await leaves();
        expect(all[before!.index]).toMatchObject({ erased: true });
        expect(all.at(-1)).toMatchObject({ case: houseCase, entry: { code: 'id-conflict', of: 0 } });
        expect(JSON.stringify(all)).not.toContain(police);
        expect(await store.eraseCase(thread, { ...erased, case: thread })).toBe('unknown');
      });

      test('leaves the id its first outcome, and lets the case live on with a new secret', async () => {
        const message = acceptable(1);
        await store.submit({ source: police, messages: [message] });
        await store.settle(settlementOf([message], health));
        const other = await open();
        await other.eraseCase(message.thread, erased);
        const { outcomes } = await store.submit({
          source: police,
          messages: [message, acceptable(2, { thread: message.thread })],
        });
        expect(outcomes.map(({ outcome }) => outcome)).toEqual(['duplicate', 'accepted']);
        expect((await leaves()).map((leaf) => leaf.erased)).toEqual([
          true,
          false,
          false,
          false,
          false,
          false,
        ]);
      });
    });

    test('whoever is not who they say cannot write into a case', async () => {
      const forged = refusable(1, { id: unreadableId, final: false, thread: undefined });
      await store.submit({ source: police, messages: [acceptable(2), forged] });
      expect((await leaves())[1]?.case).not.toBe((await leaves())[0]?.case);
    });
  });
}
