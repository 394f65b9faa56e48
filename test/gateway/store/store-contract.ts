/** What every engine of the store must do: each sentence of `gateway/store/port.ts`, through the port alone. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CaseId, Store, StoreVersions, SubmissionResult } from '../../../gateway/store/port.ts';
import { gatewayAddress, type EndpointAddress } from '../../../protocol/ids.ts';
import type { SigningKey } from '../../../protocol/proof/signing.ts';
import { encodeUnit } from '../../../protocol/wire/frame.ts';
import { decodeReceiptGroup, verifyReceiptGroup } from '../../../protocol/wire/receipt-group.ts';
import { acceptedDetail, refusedDetail } from '../../../protocol/wire/receipt-detail.ts';
import { unreadableId, type Receipt } from '../../../protocol/wire/receipt.ts';
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
  sampleEnvelopeOf,
  school,
  settlementOf,
  socialWork,
} from './synthetic-messages.ts';

/** One empty database of an engine. */
export type StoreFixture = {
  /** Opens the database, as another process would. */
  open(): Promise<Store>;
  /** The clock of every store opened. */
  readonly clock: { now: number };
  /** The key that verifies the gateway's receipts. */
  readonly receiptKey: SigningKey;
  /** Deletes the secret of a case beside the store, as somebody could who has the database. */
  dropSecret(id: CaseId): Promise<void>;
  /** The leaves of a case's erasures as the engine has noted them, rising. */
  notedErasures(id: CaseId): Promise<readonly number[]>;
  /** Deletes everything; all stores are closed. */
  remove(): Promise<void>;
};

const record = { kind: 'test.happened' };

export function storeContract(name: string, createFixture: () => Promise<StoreFixture>): void {
  describe(`the store on ${name}`, () => {
    let fixture: StoreFixture;
    let store: Store;
    const opened: Store[] = [];

    const open = async (): Promise<Store> => {
      const another = await fixture.open();
      opened.push(another);
      return another;
    };
    const reopen = async (): Promise<void> => {
      await store.close();
      opened.splice(opened.indexOf(store), 1);
      store = await open();
    };
    const readGroup = (group: Buffer): readonly Receipt[] => {
      const parsed = decodeReceiptGroup(group);
      verifyReceiptGroup(parsed, fixture.receiptKey);
      expect(parsed.issuer).toBe(gatewayAddress);
      return parsed.receipts;
    };
    const submit = async (
      messages: Parameters<Store['submit']>[0]['messages'],
      source: EndpointAddress = police,
    ): Promise<SubmissionResult & { parsed: readonly Receipt[] }> => {
      const result = await store.submit({ source, messages });
      return { ...result, parsed: readGroup(result.receipts) };
    };
    const deliveriesOf = (result: SubmissionResult): number[] =>
      result.outcomes.flatMap((outcome) => (outcome.outcome === 'accepted' ? outcome.deliveries : []));
    const kinds = async (): Promise<string[]> =>
      (await store.readLeaves(0, 1000)).map(({ entry }) => entry.kind);
    const states = async (number: number, source = police): Promise<string[] | undefined> =>
      (await store.readMessage(source, messageId(number)))?.deliveries.map(({ state }) => state);
    const queue = async (recipient: EndpointAddress = health, lane: 0 | 1 = 1): Promise<number[]> =>
      (await store.readQueue(recipient, lane, 0, 100)).map(({ delivery }) => delivery);

    beforeEach(async () => {
      fixture = await createFixture();
      store = await open();
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map(async (each) => each.close()));
      await fixture.remove();
    });

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
        expect(await store.readLeaves(0, 10)).toMatchObject([
          { index: 0, at: noon, entry: JSON.parse(message.record) as unknown },
        ]);
        expect(await store.readMessage(police, message.id)).toEqual({
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
        expect(outcomes.map(({ outcome }) => outcome)).toEqual([
          'accepted',
          'refused',
          'accepted',
          'refused',
        ]);
        expect(parsed.map(({ kind }) => kind)).toEqual(['accepted', 'refused', 'accepted', 'refused']);
        expect(parsed.map(({ message }) => message)).toEqual(messages.map(({ id }) => id));
        expect(refusedDetail(parsed[1]!)).toEqual({ code: 'policy-denied', text: 'No rule permits it.' });
        expect((await store.readLeaves(0, 10)).map(({ entry }) => entry)).toEqual(
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
        expect(await store.countPending(health)).toBe(120);
      });

      test('a submission that cannot be kept does not sink those beside it', async () => {
        const bad = { ...acceptable(2), unit: undefined as unknown as Buffer };
        const shortDigest = { ...acceptable(4), envelopeDigest: Buffer.alloc(31) };
        const circular: { kind: string; self?: unknown } = { kind: 'test.happened' };
        circular.self = circular;
        const unsignable = store.submit({ source: police, messages: [] });
        const results = await Promise.allSettled([
          submit([acceptable(1)]),
          unsignable,
          store.submit({ source: police, messages: [bad] }),
          store.submit({ source: police, messages: [shortDigest] }),
          store.appendRecords([circular]),
          submit([acceptable(3)]),
        ]);
        const codes = results.map((result) =>
          result.status === 'rejected' ? (result.reason as unknown) : 'kept',
        );
        const internal = expect.objectContaining({ code: 'internal-error' }) as unknown;
        expect(codes).toEqual(['kept', internal, internal, internal, internal, 'kept']);
        expect(await store.countPending(health)).toBe(2);
        expect(await kinds()).toEqual(['message.accepted', 'message.accepted']);
        expect(await store.readMessage(police, messageId(2))).toBeUndefined();
      });
    });

    describe('the first outcome of an id', () => {
      test('the same envelope again gets the first receipt, and nothing new is stored, also after opening again', async () => {
        const message = acceptable(1);
        const first = await submit([message]);
        fixture.clock.now += 60_000;
        for (const _ of [1, 2]) {
          const again = await submit([{ ...message, recipients: [{ endpoint: school, listening: false }] }]);
          expect(again.outcomes).toEqual([{ outcome: 'duplicate' }]);
          expect(again.parsed).toEqual(first.parsed);
          await reopen();
        }
        const repeated = { kind: 'message.repeated', of: 0 };
        const records = await store.readLeaves(0, 10);
        expect(records.map(({ entry }) => entry)).toEqual([JSON.parse(message.record), repeated, repeated]);
        expect(await store.countPending(school)).toBe(0);
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
        expect(await store.countPending(health)).toBe(1);
        const [, conflict] = await store.readLeaves(0, 10);
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
        fixture.clock.now += 60_000;
        await reopen();
        for (const message of [refusable(1, { code: 'recipient-unknown', text: undefined }), acceptable(1)]) {
          const again = await submit([message]);
          expect(again.outcomes).toEqual([{ outcome: 'refused', code: 'policy-denied' }]);
          expect(again.parsed).toEqual(first.parsed);
        }
        expect(await kinds()).toEqual(['message.refused', 'message.repeated', 'message.repeated']);
        const conflict = await submit([acceptable(1, { variant: 'other' })]);
        expect(conflict.outcomes).toEqual([{ outcome: 'refused', code: 'id-conflict' }]);
        expect(await store.readMessage(police, messageId(1))).toBeUndefined();
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
        const [item] = await store.readQueue(health, 1, 0, 1);
        expect(item).toEqual({
          delivery: first,
          lane: 1,
          message: messages[0]!.id,
          envelopeDigest: messages[0]!.envelopeDigest,
          expiresAt: messages[0]!.expiresAt,
          unit: messages[0]!.unit,
        });
        expect((await store.readQueue(health, 1, first!, 10)).map((q) => q.delivery)).toEqual([third]);
        expect(await store.readQueue(health, 1, third!, 10)).toEqual([]);
        expect(await store.readQueue('nobody/here' as EndpointAddress, 1, 0, 10)).toEqual([]);
        expect(await store.countPending(health)).toBe(3);
        expect(await store.countPending('nobody/here' as EndpointAddress)).toBe(0);
      });

      test('gives about 1 MiB at once, and at least one', async () => {
        const unit = Buffer.alloc(700 * 1024, 7);
        await submit([1, 2, 3].map((number) => acceptable(number, { unit })));
        const queued = await store.readQueue(health, 1, 0, 10);
        expect(queued).toHaveLength(2);
        expect(queued[0]?.unit.equals(unit)).toBe(true);
      });

      test('survives opening again, with what was delivered and is not settled', async () => {
        const deliveries = deliveriesOf(await submit([acceptable(1), acceptable(2)]));
        await store.markDelivered([deliveries[0]!]);
        await reopen();
        expect(await queue()).toEqual(deliveries);
      });

      test('gives nothing whose time has come, even before it was ended', async () => {
        await submit([acceptable(1, { expiresAt: noon + 10 }), acceptable(2)]);
        fixture.clock.now = noon + 10;
        expect(await queue()).toHaveLength(1);
        expect(await store.countPending(health)).toBe(2);
      });
    });

    describe('marking as delivered', () => {
      test('puts one signed group into each sender’s stream, and leaves others alone', async () => {
        const ours = deliveriesOf(await submit([acceptable(1), acceptable(2)]));
        const theirs = deliveriesOf(await submit([acceptable(3)], school));
        fixture.clock.now += 5;
        await store.markDelivered([...ours, ...theirs, 999_999]);
        await store.markDelivered(ours);
        await store.markDelivered([]);
        const groups = await store.readReceipts(police, 0, 10);
        expect(groups.map(({ position }) => position)).toEqual([1]);
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
        expect(await store.readReceipts(school, 0, 10)).toHaveLength(1);
        expect((await store.readMessage(police, messageId(1)))?.deliveries).toEqual([
          { recipient: health, state: 'delivered', deliveredAt: noon + 5, settledAt: null },
        ]);
        const delivered = (await store.readLeaves(3, 10)).map(({ entry }) => entry);
        expect(delivered[0]).toEqual({ kind: 'delivery.delivered', of: 0, nth: 0 });
        expect(delivered).toHaveLength(3);
      });

      test('more receipts than a group may hold make several groups without a gap', async () => {
        const messages = Array.from({ length: 300 }, (_, index) => acceptable(index));
        const deliveries = [
          ...deliveriesOf(await submit(messages.slice(0, 200))),
          ...deliveriesOf(await submit(messages.slice(200))),
        ];
        await store.markDelivered(deliveries);
        const groups = await store.readReceipts(police, 0, 10);
        expect(groups.map(({ position }) => position)).toEqual([1, 2]);
        const named = groups.flatMap(({ group }) => readGroup(group).map(({ message }) => message));
        expect(named).toEqual(messages.map(({ id }) => id));
      });
    });

    describe('settling', () => {
      test('passes the group on byte for byte and ends the deliveries', async () => {
        const messages = [acceptable(1), acceptable(2)];
        const deliveries = deliveriesOf(await submit(messages));
        fixture.clock.now += 7;
        const settlement = settlementOf(messages, health, 'stored', deliveries);
        expect(await store.settle(settlement)).toEqual({ outcome: 'settled' });
        expect(await store.readReceipts(police, 0, 10)).toEqual([{ position: 1, group: settlement.group }]);
        expect(await queue()).toEqual([]);
        expect(await store.countPending(health)).toBe(0);
        expect((await store.readMessage(police, messageId(2)))?.deliveries).toEqual([
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
        expect(await store.settle(settlementOf([messages[1]!], health))).toEqual({ outcome: 'settled' });
        const named = settlementOf([messages[2]!], health, 'stored', [first!]);
        expect(await store.settle(named)).toEqual({ outcome: 'settled' });
        expect(await queue()).toEqual([first]);
      });

      test('one recipient’s receipt leaves the deliveries to others open', async () => {
        const recipients = [health, school].map((endpoint) => ({ endpoint, listening: true }));
        const message = acceptable(1, { recipients });
        await submit([message]);
        await store.settle(settlementOf([message], school, 'refused'));
        expect(await states(1)).toEqual(['queued', 'refused']);
        expect(await store.countPending(school)).toBe(0);
        expect(await kinds()).toEqual(['message.accepted', 'delivery.refused']);
      });

      test('again changes nothing, also after opening again; a part that is new passes the group on', async () => {
        const messages = [acceptable(1), acceptable(2)];
        await submit(messages);
        await store.settle(settlementOf([messages[0]!], health));
        await reopen();
        expect(await store.settle(settlementOf([messages[0]!], health, 'refused'))).toEqual({
          outcome: 'repeated',
        });
        expect(await states(1)).toEqual(['stored']);
        expect(await store.settle(settlementOf(messages, health))).toEqual({ outcome: 'settled' });
        expect((await store.readReceipts(police, 0, 10)).map(({ position }) => position)).toEqual([1, 2]);
        expect(await store.readLeaves(0, 100)).toHaveLength(4);
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
          expect(await store.settle(settlement)).toEqual({ outcome: 'unmatched' });
        }
        expect(await states(1)).toEqual(['queued']);
        expect(await kinds()).toEqual(['message.accepted']);
      });

      test('nothing changes when the messages have several senders', async () => {
        const messages = [acceptable(1), acceptable(2)];
        await submit([messages[0]!]);
        await submit([messages[1]!], school);
        expect(await store.settle(settlementOf(messages, health))).toEqual({ outcome: 'unmatched' });
        expect(await store.countPending(health)).toBe(2);
      });

      test('deliveries marked together are each told once, also when some were marked before', async () => {
        const messages = [1, 2, 3, 4].map((number) => acceptable(number));
        const deliveries = deliveriesOf(await submit(messages));
        await store.markDelivered([deliveries[1]!]);
        await store.markDelivered([...deliveries, deliveries[0]!]);
        const groups = await store.readReceipts(police, 0, 10);
        const told = groups.flatMap(({ group }) => readGroup(group).map(({ message }) => message));
        expect(told).toEqual([2, 1, 3, 4].map((number) => messageId(number)));
      });

      test('the stream tells `delivered` before what the recipient signed', async () => {
        const messages = [acceptable(1)];
        const deliveries = deliveriesOf(await submit(messages));
        await Promise.all([
          store.markDelivered(deliveries),
          store.settle(settlementOf(messages, health, 'stored', deliveries)),
        ]);
        const [delivered, stored] = await store.readReceipts(police, 0, 10);
        expect(readGroup(delivered!.group)[0]?.kind).toBe('delivered');
        expect(stored?.group).toEqual(settlementOf(messages, health).group);
      });
    });

    describe('expiry', () => {
      test('ends what is due in the order of the times, tells the senders, and says what is due next', async () => {
        const expiring = [30, 10, 20].map((offset, index) => acceptable(index, { expiresAt: noon + offset }));
        const [late, early, middle] = deliveriesOf(await submit(expiring));
        expect(await store.expire(noon, 10)).toEqual({ expired: [], nextDueAt: noon + 10 });
        expect(await store.expire(noon + 20, 1)).toEqual({ expired: [early], nextDueAt: noon + 20 });
        expect(await store.expire(noon + 30, 10)).toEqual({ expired: [middle, late], nextDueAt: null });
        const groups = await store.readReceipts(police, 0, 10);
        const receipts = groups.flatMap(({ group }) => readGroup(group));
        expect(receipts.map(({ kind, message, recipient }) => [kind, message, recipient])).toEqual([
          ['expired', messageId(1), health],
          ['expired', messageId(2), health],
          ['expired', messageId(0), health],
        ]);
        expect(await queue()).toEqual([]);
        expect((await kinds()).slice(3)).toEqual([
          'delivery.expired',
          'delivery.expired',
          'delivery.expired',
        ]);
        await store.markDelivered([late!]);
        expect(await states(0)).toEqual(['expired']);
      });

      test('what is final does not expire', async () => {
        const message = acceptable(1);
        await submit([message]);
        await store.settle(settlementOf([message], health));
        expect(await store.expire(noon + 2 * hourMs, 10)).toEqual({ expired: [], nextDueAt: null });
      });

      test('what the recipient has stored all the same counts as stored, and nothing else does', async () => {
        const messages = [acceptable(1), acceptable(2)];
        await submit(messages);
        await store.expire(noon + 2 * hourMs, 10);
        expect(await store.settle(settlementOf([messages[0]!], health))).toEqual({ outcome: 'settled' });
        expect(await store.settle(settlementOf([messages[1]!], health, 'refused'))).toEqual({
          outcome: 'repeated',
        });
        expect([await states(1), await states(2)]).toEqual([['stored'], ['expired']]);
      });
    });

    describe('receipt streams', () => {
      const grow = async (count: number): Promise<void> => {
        for (let number = 0; number < count; number++) {
          await submit([acceptable(number)]);
          await store.settle(settlementOf([acceptable(number)], health));
        }
      };

      test('are read after a position, in order, within a limit', async () => {
        await grow(4);
        const positions = async (after: number, limit: number): Promise<number[]> =>
          (await store.readReceipts(police, after, limit)).map(({ position }) => position);
        expect(await positions(0, 10)).toEqual([1, 2, 3, 4]);
        expect(await positions(1, 2)).toEqual([2, 3]);
        expect(await positions(4, 10)).toEqual([]);
        expect(await store.readReceipts('nobody/here' as EndpointAddress, 0, 10)).toEqual([]);
        expect(await store.readReceiptsEnd(police)).toBe(4);
        expect(await store.readReceiptsEnd('nobody/here' as EndpointAddress)).toBe(0);
      });

      test('are read about a mebibyte at a time, one group at least', async () => {
        const sizes = [600_000, 600_000, 1_500_000, 10];
        await submit(sizes.map((_, index) => acceptable(index)));
        for (const [index, size] of sizes.entries()) {
          await store.settle({
            ...settlementOf([acceptable(index)], health),
            group: Buffer.alloc(size, index),
          });
        }
        const positions = async (after: number): Promise<number[]> =>
          (await store.readReceipts(police, after, 100)).map(({ position }) => position);
        expect([await positions(0), await positions(2), await positions(3)]).toEqual([[1, 2], [3], [4]]);
      });

      test('forget what the endpoint has, and never give a position twice', async () => {
        await grow(3);
        await store.forgetReceipts(police, 2);
        await store.forgetReceipts(police, 1);
        expect((await store.readReceipts(police, 0, 10)).map(({ position }) => position)).toEqual([3]);
        await store.forgetReceipts(police, 1000);
        expect(await store.readReceiptsEnd(police)).toBe(3);
        await store.forgetReceipts('nobody/here' as EndpointAddress, 1);
        await reopen();
        await submit([acceptable(9)]);
        await store.settle(settlementOf([acceptable(9)], health));
        expect((await store.readReceipts(police, 0, 10)).map(({ position }) => position)).toEqual([4]);
      });

      test('a listener is told of every group, in order, with its bytes', async () => {
        const events: [EndpointAddress, number, Buffer | undefined][] = [];
        store.listen({
          onReceipts: (endpoint, position, group) => events.push([endpoint, position, group]),
          onChange: () => undefined,
        });
        await grow(3);
        const groups = await store.readReceipts(police, 0, 10);
        expect(events).toEqual(groups.map(({ position, group }) => [police, position, group]));
      });
    });

    describe('reading acceptances in order', () => {
      const unitOf = (number: number, bytes = 20): Buffer => {
        const envelope = sampleEnvelopeOf(number, bytes);
        return Buffer.from(encodeUnit(envelope, Buffer.alloc(67), Buffer.from('payload')).bytes);
      };
      const numbersOf = async (after = 0, limit = 100, since = 0): Promise<number[]> =>
        (await store.readAcceptances(after, limit, since)).map(({ category }) =>
          Number(category.replace('category-', '')),
        );

      test('gives what envelopes say with position and time, leaves refusals out, and goes on where it was left', async () => {
        await submit([refusable(1), acceptable(2, { unit: unitOf(2) })]);
        fixture.clock.now += 5;
        await submit([3, 4].map((number) => acceptable(number, { unit: unitOf(number) })));
        await submit([acceptable(2, { unit: unitOf(2) }), refusable(5)]);
        const all = await store.readAcceptances(0, 100, 0);
        expect(all.map(({ at }) => at - noon)).toEqual([0, 5, 5]);
        const positions = all.map(({ position }) => position);
        // Behind the leaves of messages 2, 3 and 4, which the first refusal precedes.
        expect(positions).toEqual([2, 3, 4]);
        expect(await numbersOf()).toEqual([2, 3, 4]);
        expect(await numbersOf(0, 2)).toEqual([2, 3]);
        expect(await numbersOf(positions[1])).toEqual([4]);
        expect(await numbersOf(positions[2])).toEqual([]);
        await reopen();
        expect(await store.readAcceptances(0, 100, 0)).toEqual(all);
      });

      test('leaves out what was accepted before a time', async () => {
        await submit([acceptable(1, { unit: unitOf(1) })]);
        fixture.clock.now += 10;
        await submit([acceptable(2, { unit: unitOf(2) })]);
        expect(await numbersOf(0, 100, noon + 10)).toEqual([2]);
        expect(await numbersOf(0, 100, noon)).toEqual([1, 2]);
        expect(await numbersOf(0, 100, noon + 11)).toEqual([]);
      });

      test('begins at any time of a long history, though the clocks of gateways differ a little', async () => {
        const times = [0, 90, 80, 100, 500, 450, 470, 900].map((minutes) => noon + minutes * 60_000);
        for (const [index, time] of times.entries()) {
          fixture.clock.now = time;
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
        await store.settle(settlementOf([gone], health));
        const before = await store.readAcceptances(0, 100, 0);
        expect(await store.eraseCase(messageId(1), record)).toBe('erased');
        expect(await store.readAcceptances(0, 100, 0)).toEqual(before.slice(1));
      });

      test('gives large ones in portions of one at least, that go on behind each other', async () => {
        for (let number = 1; number <= 5; number++) {
          await submit([acceptable(number, { unit: unitOf(number, number === 3 ? 1_100_000 : 700_000) })]);
        }
        const ids: string[] = [];
        for (let after = 0; ;) {
          const portion = await store.readAcceptances(after, 100, 0);
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
        await store.settle(settlementOf(erased, health));
        expect(await store.eraseCase(messageId(99), record)).toBe('erased');
        expect(await numbersOf(0, 2)).toEqual([7]);
      });

      test('sees what another process had accepted', async () => {
        const other = await open();
        await other.submit({ source: school, messages: [acceptable(1, { unit: unitOf(1) })] });
        expect(await numbersOf()).toEqual([1]);
      });
    });

    describe('retiring payloads', () => {
      const unitOf = (number: number, payloadBytes = 40): Buffer => {
        const payload = Buffer.alloc(payloadBytes, `ciphertext ${number} `);
        return Buffer.from(encodeUnit(sampleEnvelopeOf(number), Buffer.alloc(67, 7), payload).bytes);
      };
      const sent = (number: number, changes: Parameters<typeof acceptable>[1] = {}) =>
        acceptable(number, { unit: unitOf(number), ...changes });
      const retired = { kind: 'payload.retired', reason: 'its time is over' };
      const later = noon + hourMs;
      const kept = async (): Promise<number[]> =>
        (await store.readPayloads(0, 100, later)).payloads.map(({ position }) => position);
      const unitNow = async (number: number): Promise<Buffer> =>
        (await store.readEvidence(messageId(number)))[0]!.unit;

      test('they are listed with category, size, and when all of their deliveries had ended', async () => {
        const both = [health, school].map((endpoint) => ({ endpoint, listening: false }));
        const message = sent(2, { recipients: both, category: 'police-concern' });
        const [first, third] = [sent(1), sent(3, { expiresAt: noon + 30 })];
        await submit([first, message, refusable(9), third]);
        fixture.clock.now += 10;
        await store.settle(settlementOf([first, message], health));
        fixture.clock.now += 10;
        await store.settle(settlementOf([message], school, 'refused'));
        const { payloads, through } = await store.readPayloads(0, 100, later);
        const unitBytes = unitOf(1).byteLength;
        expect(payloads).toEqual([
          { position: 1, category: 'concern-report', unitBytes, endedAt: noon + 10, isStored: true },
          { position: 2, category: 'police-concern', unitBytes, endedAt: noon + 20, isStored: false },
          { position: 4, category: 'concern-report', unitBytes, endedAt: null, isStored: false },
        ]);
        expect(through).toBe(4);
        fixture.clock.now = noon + 40;
        await store.expire(noon + 40, 10);
        expect((await store.readPayloads(2, 100, later)).payloads).toEqual([
          { position: 4, category: 'concern-report', unitBytes, endedAt: noon + 40, isStored: false },
        ]);
      });

      test('listing goes on where it was left, in portions, and stops at what is too young', async () => {
        await submit([sent(1), sent(2)]);
        fixture.clock.now += 5;
        await submit([sent(3)]);
        const portions: [number, number][] = [];
        for (let after = 0; ;) {
          const { payloads, through } = await store.readPayloads(after, 1, noon + 5);
          if (through === after) break;
          portions.push([through, payloads.length]);
          after = through;
        }
        expect(portions).toEqual([
          [1, 1],
          [2, 1],
        ]);
        expect(await store.readPayloads(0, 100, noon)).toEqual({ payloads: [], through: 0 });
      });

      test('the payload goes; envelope, proof, acceptance, outcome and receipts stay', async () => {
        const [gone, stays] = [sent(1), sent(2)];
        await submit([gone, stays]);
        await store.settle(settlementOf([gone, stays], health));
        const before = await store.readAcceptances(0, 100, 0);
        const evidence = await store.readEvidence(gone.id);
        expect(await store.retirePayloads([1], retired)).toBe(1);
        const rest = encodeUnit(sampleEnvelopeOf(1), Buffer.alloc(67, 7), Buffer.alloc(0)).bytes;
        expect(await store.readEvidence(gone.id)).toEqual([{ ...evidence[0]!, unit: rest }]);
        expect(await unitNow(2)).toEqual(stays.unit);
        expect(await kept()).toEqual([2]);
        await reopen();
        expect(await store.readAcceptances(0, 100, 0)).toEqual(before);
        const again = await submit([gone]);
        expect(again.outcomes).toEqual([{ outcome: 'duplicate' }]);
        expect(await states(1)).toEqual(['stored']);
        expect(await unitNow(1)).toEqual(rest);
      });

      test('one leaf tells of all that went together, under which agreement and of which messages', async () => {
        const messages = [1, 2, 3].map((number) => sent(number));
        await submit(messages);
        await store.settle(settlementOf(messages, health));
        const policy = digestOf('agreement').toString('base64url');
        expect(await store.retirePayloads([1, 3], { kind: 'payload.retired', policy })).toBe(2);
        const last = (await store.readLeaves(0, 100)).at(-1)!;
        expect(last.entry).toEqual({ kind: 'payload.retired', policy, count: 2, leaves: [0, 2] });
        expect(JSON.parse(last.leaf)).toMatchObject({ kind: 'payload.retired', policy });
      });

      test('nothing goes that is under way, went before, was refused or erased, or never was; nor is it recorded', async () => {
        const both = [health, school].map((endpoint) => ({ endpoint, listening: false }));
        const half = sent(1, { recipients: both });
        const [gone, erased] = [sent(2), sent(3)];
        await submit([half, gone, erased, refusable(4)]);
        await store.settle(settlementOf([half, gone, erased], health));
        await store.retirePayloads([2], retired);
        await store.eraseCase(erased.thread, record);
        const leaves = await store.countLeaves();
        expect(await store.retirePayloads([1, 2, 3, 4, 5, 99], retired)).toBe(0);
        expect(await store.countLeaves()).toBe(leaves);
        expect(await unitNow(1)).toEqual(half.unit);
        expect((await store.readQueue(school, 1, 0, 10)).map(({ unit }) => unit)).toEqual([half.unit]);
        expect(await kept()).toEqual([1]);
      });

      test('a case is erased as before where payloads of it went, and a late `stored` still counts', async () => {
        const [late, other] = [sent(1, { expiresAt: noon + 1 }), sent(2)];
        await submit([late, other]);
        await store.settle(settlementOf([other], health));
        await store.expire(noon + 1, 10);
        expect(await store.retirePayloads([1, 2], retired)).toBe(2);
        expect(await store.settle(settlementOf([late], health))).toEqual({ outcome: 'settled' });
        expect(await states(1)).toEqual(['stored']);
        expect(await store.eraseCase(other.thread, record)).toBe('erased');
        expect(await unitNow(2)).toEqual(Buffer.alloc(0));
      });

      test('two that retire the same at once take each payload once', async () => {
        const messages = Array.from({ length: 20 }, (_, number) => sent(number));
        await submit(messages);
        await store.settle(settlementOf(messages, health));
        const other = await open();
        const positions = messages.map((_, index) => index + 1);
        const counts = await Promise.all(
          [store, other].map(async (each) => each.retirePayloads(positions, retired)),
        );
        expect(counts.sort((a, b) => a - b)).toEqual([0, 20]);
        expect(await kept()).toEqual([]);
      });
    });

    describe('marks', () => {
      test('are kept by name, for every process, and leave no leaf', async () => {
        expect(await store.readMarks()).toEqual(new Map());
        await store.setMarks(
          new Map([
            ['a', 1],
            ['b', Number.MAX_SAFE_INTEGER],
          ]),
        );
        await store.setMarks(new Map([['a', 2]]));
        const other = await open();
        expect(await other.readMarks()).toEqual(
          new Map([
            ['a', 2],
            ['b', Number.MAX_SAFE_INTEGER],
          ]),
        );
        await other.setMarks(new Map([['a', 0]]));
        await reopen();
        expect((await store.readMarks()).get('a')).toBe(0);
        expect(await kinds()).toEqual([]);
      });

      test('are kept under a lease that is held', async () => {
        const lease = await store.takeLease('work', hourMs);
        await store.setMarks(new Map([['a', 7]]), lease);
        expect(await store.readMarks()).toEqual(new Map([['a', 7]]));
        await store.releaseLease(lease!);
      });
    });

    describe('enrolment and the directory', () => {
      test('a permit is read back until it is used or expires', async () => {
        const given = permit(health, 'secret', noon + hourMs);
        await store.permitEnrolment(given, record);
        expect(await store.readPermit(given.secretDigest, noon)).toEqual(given);
        expect(await store.readPermit(digestOf('guess'), noon)).toBe('token-invalid');
        expect(await store.readPermit(given.secretDigest, noon + hourMs)).toBe('token-expired');
        const entry = directoryEntry(health);
        expect(await store.enrol(digestOf('guess'), entry, noon, record)).toBe('token-invalid');
        expect(await store.enrol(given.secretDigest, entry, noon + hourMs, record)).toBe('token-expired');
        expect(await store.readDirectory()).toEqual({ version: 0, entries: [], leaves: [] });
        expect(await store.enrol(given.secretDigest, entry, noon, record)).toBe('enrolled');
        expect(await store.readPermit(given.secretDigest, noon)).toBe('token-used');
        expect(await store.enrol(given.secretDigest, entry, noon, record)).toBe('token-used');
        expect(await kinds()).toEqual(['test.happened', 'test.happened']);
      });

      test('a permit that was not used yet is replaced by a new one for the same endpoint', async () => {
        await store.permitEnrolment(permit(health, 'first', noon + hourMs), record);
        await store.permitEnrolment(permit(school, 'other', noon + hourMs), record);
        await store.permitEnrolment(permit(health, 'second', noon + hourMs), record);
        expect(await store.readPermit(digestOf('first'), noon)).toBe('token-invalid');
        expect(await store.readPermit(digestOf('other'), noon)).toMatchObject({ endpoint: school });
        expect(await store.readPermit(digestOf('second'), noon)).toMatchObject({ endpoint: health });
      });

      test('a permit enrols only the endpoint it names', async () => {
        await store.permitEnrolment(permit(health, 'secret', noon + hourMs), record);
        expect(await store.enrol(digestOf('secret'), directoryEntry(school), noon, record)).toBe(
          'token-invalid',
        );
        expect((await store.readDirectory()).entries).toEqual([]);
      });

      test('of two that use one permit at once, one enrols', async () => {
        await store.permitEnrolment(permit(health, 'secret', noon + hourMs), record);
        const outcomes = await Promise.all(
          ['one', 'two'].map(async (name) =>
            store.enrol(
              digestOf('secret'),
              directoryEntry(health, { openpgpCertificate: name }),
              noon,
              record,
            ),
          ),
        );
        expect(outcomes.sort()).toEqual(['enrolled', 'token-used']);
      });

      test('the directory holds the latest entry of each endpoint, and its version grows with every change', async () => {
        for (const endpoint of [school, health]) {
          await store.permitEnrolment(permit(endpoint, endpoint, noon + hourMs), record);
          await store.enrol(digestOf(endpoint), directoryEntry(endpoint), noon, record);
        }
        const before = await store.readDirectory();
        expect(before.entries).toEqual([directoryEntry(school), directoryEntry(health)].sort(byEndpoint));
        const revoked = directoryEntry(health, { status: 'revoked', revokedAt: '2026-11-23T13:00:00.000Z' });
        expect(await store.replaceEntry(directoryEntry(health), revoked, record)).toBe(true);
        expect(await store.replaceEntry(directoryEntry(police), directoryEntry(police), record)).toBe(false);
        // A renewal that was under way must not bring a revoked endpoint back, nor old keys.
        expect(await store.replaceEntry(revoked, directoryEntry(health), record)).toBe(false);
        expect(await store.replaceEntry(directoryEntry(health), directoryEntry(health), record)).toBe(false);
        // Nor may one that was overtaken by another renewal.
        const renewed = directoryEntry(school, {
          previousTlsThumbprint: directoryEntry(school).tlsThumbprint,
        });
        for (const before of [directoryEntry(school, { signingKey: 'B'.repeat(43) }), renewed]) {
          expect(await store.replaceEntry(before, renewed, record)).toBe(false);
        }
        await reopen();
        const after = await store.readDirectory();
        expect(after.version).toBe(before.version + 1);
        expect(after.entries).toEqual([directoryEntry(school), revoked].sort(byEndpoint));
        expect(await kinds()).toHaveLength(5);
      });

      test('an enrolled endpoint may enrol again with a new permit', async () => {
        for (const name of ['one', 'two']) {
          await store.permitEnrolment(permit(health, name, noon + hourMs), record);
          const entry = directoryEntry(health, { openpgpCertificate: name });
          expect(await store.enrol(digestOf(name), entry, noon, record)).toBe('enrolled');
        }
        const { version, entries } = await store.readDirectory();
        expect([version, entries.map((entry) => entry.openpgpCertificate)]).toEqual([2, ['two']]);
      });

      test('a listener is told of changes to the directory and of the wish for a new policy', async () => {
        const told: StoreVersions[] = [];
        store.listen({ onReceipts: () => undefined, onChange: (versions) => told.push(versions) });
        await store.permitEnrolment(permit(health, 'secret', noon + hourMs), record);
        await store.enrol(digestOf('secret'), directoryEntry(health), noon, record);
        await store.requestPolicyReload(record);
        await store.probe();
        expect(told).toEqual([
          { directory: 1, policy: 0 },
          { directory: 1, policy: 1 },
        ]);
      });
    });

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
        await store.settle(settlementOf([acceptable(2)], health));
        expect((await other.readReceipts(police, 0, 10)).map(({ position }) => position)).toEqual([1, 2]);
      });

      test('at once, both keep everything', async () => {
        const other = await open();
        const work = [store, other].flatMap((each, which) =>
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
        store.listen({
          onReceipts: (endpoint, position) => receipts.resolve([endpoint, position]),
          onChange: (versions) => changes.resolve(versions),
        });
        const other = await open();
        await other.settle(settlementOf([acceptable(1)], health));
        await other.requestPolicyReload(record);
        expect(await changes.promise).toEqual({ directory: 0, policy: 1 });
        expect(await receipts.promise).toEqual([police, 1]);
      });
    });

    describe('life', () => {
      test('a probe writes and leaves no trace', async () => {
        await store.probe();
        expect(await store.readLeaves(0, 10)).toEqual([]);
      });

      test('closing finishes what is queued; afterwards everything is refused', async () => {
        const pending = [1, 2, 3].map(async (number) => submit([acceptable(number)]));
        await store.close();
        await Promise.all(pending);
        await expect(store.probe()).rejects.toMatchObject({ code: 'store-unavailable' });
        await expect(store.readDirectory()).rejects.toMatchObject({ code: 'store-unavailable' });
        await store.close();
        store = await open();
        expect(await store.countPending(health)).toBe(3);
      });
    });
  });
}

function byEndpoint(a: { endpoint: string }, b: { endpoint: string }): number {
  return a.endpoint < b.endpoint ? -1 : 1;
}
