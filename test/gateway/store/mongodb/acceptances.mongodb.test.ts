/** History is read from what was packed of each message or, where there is nothing of this form, from its unit. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  collectionsOf,
  formWithoutAcceptances,
  type AcceptanceDocument,
} from '../../../../gateway/store/mongodb/documents.ts';
import { migrateStore } from '../../../../gateway/store/open-migration.ts';
import type { Acceptance, AcceptableMessage, DamagedMessage, Store } from '../../../../gateway/store/port.ts';
import { encodeEnvelope } from '../../../../protocol/wire/envelope.ts';
import { encodeUnit } from '../../../../protocol/wire/frame.ts';
import { tokeniser } from '../../../clients/sdk/linkage/people.ts';
import { sampleEnvelope } from '../../../protocol/samples.ts';
import { createSqliteFixture } from '../sqlite-fixture.ts';
import {
  acceptable,
  auditKey,
  health,
  messageId,
  noon,
  police,
  refusable,
  sampleEnvelopeOf,
  settlementOf,
} from '../synthetic-messages.ts';
import { createMongodbFixture, hasServer, type MongodbFixture } from './mongodb-fixture.ts';

const subjects = [
  tokeniser.tokensOf({ given: 'Morven', family: 'Testcase', birthDate: '2016-03-04', postcode: 'ML1 9ZZ' }),
];
const unitOf = (envelope: Buffer): Buffer =>
  Buffer.from(encodeUnit(envelope, Buffer.alloc(67), Buffer.from('payload')).bytes);
const noUnit = Buffer.from('nobody can take it apart');
const sent = (number: number, changes: Partial<AcceptableMessage> = {}): AcceptableMessage => {
  const envelope = { ...sampleEnvelope(), id: messageId(number), subjects };
  return acceptable(number, { unit: unitOf(encodeEnvelope(envelope)), ...changes });
};
const submit = async (store: Store, ...messages: AcceptableMessage[]) =>
  store.submit({ source: police, messages: [refusable(1000), ...messages] });

describe.skipIf(!hasServer)('the acceptances of a MongoDB store', () => {
  let fixture: MongodbFixture;
  const opened: Store[] = [];
  const open = async (): Promise<Store> => {
    const store = await fixture.open();
    opened.push(store);
    return store;
  };
  beforeEach(async () => {
    fixture = await createMongodbFixture();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(async (store) => store.close()));
    await fixture.remove();
  });

  const kept = async (): Promise<AcceptanceDocument[]> =>
    await collectionsOf(fixture.database)
      .acceptance.find({}, { hint: '_id_', promoteBuffers: true })
      .sort({ _id: 1 })
      .toArray();
  const bytesOf = async (): Promise<(number | undefined)[]> =>
    (await kept()).map(({ packed }) => packed?.byteLength);
  /** With the subjects as words of their own. */
  const told = async (store: Store, after = 0): Promise<unknown[]> =>
    (await store.readAcceptances(after, 100, 0)).map((acceptance: Acceptance) => ({
      ...acceptance,
      subjects: acceptance.subjects.map(({ words, from, length }) => [
        ...words.subarray(from, from + length),
      ]),
    }));
  /** As many as fit into portions, whatever their number. */
  const readAll = async (store: Store): Promise<unknown[]> => {
    const all: unknown[] = [];
    for (let after = 0; ;) {
      const portion = await told(store, after);
      const last = portion.at(-1) as Acceptance | undefined;
      if (last === undefined) return all;
      all.push(...portion);
      after = last.position;
    }
  };

  it('are written with their messages, and are all that is read of them', async () => {
    const store = await open();
    await submit(store, sent(1), sent(2));
    const before = await told(store);
    expect(before).toHaveLength(2);
    expect((await bytesOf()).every((bytes) => (bytes ?? 0) > 0)).toBe(true);
    await collectionsOf(fixture.database).message.updateMany(
      { record: { $gte: 0 }, unit: { $exists: true } },
      { $set: { unit: Buffer.from('lost') } },
      { hint: 'by_record' },
    );
    expect(await told(store)).toEqual(before);
  });

  it('say the same as the units, which are read where they lack, or have another form', async () => {
    const store = await open();
    for (const number of [1, 2, 3, 4, 5]) await submit(store, sent(number));
    const before = await told(store);
    const { acceptance } = collectionsOf(fixture.database);
    const ids = (await kept()).map(({ _id }) => _id);
    await acceptance.updateOne({ _id: ids[2]! }, { $unset: { packed: 1 } });
    await acceptance.updateOne({ _id: ids[4]! }, { $set: { packed: Buffer.alloc(64, 7) } });
    expect(await readAll(store)).toEqual(before);
    await acceptance.updateMany({ _id: { $gte: 0 } }, { $unset: { packed: 1 } });
    expect(await told(store)).toEqual(before);
  });

  it('are read about 1 MiB at a time', async () => {
    const store = await open();
    const large = { ...sampleEnvelope(), subjects: Array.from({ length: 16 }, () => subjects[0]!) };
    await submit(store, sent(1, { unit: unitOf(encodeEnvelope(large)) }));
    const [first] = await kept();
    const copies = Array.from({ length: 600 }, (_, index) => ({ ...first!, _id: first!._id + 1 + index }));
    await collectionsOf(fixture.database).acceptance.insertMany(copies);
    const most = Math.ceil(2 ** 20 / first!.packed!.byteLength);
    expect(most).toBeLessThan(600);
    expect(await store.readAcceptances(0, 1_000, 0)).toHaveLength(most);
  });

  it('lack what nobody could have packed, which is named, and its neighbours lose nothing by it', async () => {
    const store = await open();
    const damaged: DamagedMessage[] = [];
    const onDamaged = (message: DamagedMessage): unknown => damaged.push(message);
    store.listen({ onReceipts: () => undefined, onChange: () => undefined, onDamaged });
    await submit(store, sent(1), acceptable(2, { unit: noUnit }), sent(3));
    expect((await bytesOf()).map((bytes) => bytes !== undefined)).toEqual([true, false, true]);
    expect((await readAll(store)).map((each) => (each as Acceptance).id)).toEqual([1, 3].map(messageId));
    expect(damaged[0]).toEqual({ message: messageId(2), leaf: 2 });
  });

  it('are emptied where their case is erased, and nowhere else; a retired payload takes nothing away', async () => {
    const store = await open();
    const gone = [1, 2].map((number) => sent(number, { thread: messageId(9) }));
    const stays = sent(3);
    await submit(store, gone[0]!, stays, gone[1]!);
    const before = await told(store);
    await store.settle(settlementOf([...gone, stays], health));
    const { position } = before[1] as Acceptance;
    expect(await store.retirePayloads([position], { kind: 'payload.retired' })).toBe(1);
    expect(await told(store)).toEqual(before);
    expect(await store.eraseCase(messageId(9), { kind: 'case.erased' })).toBe('erased');
    const bytes = await bytesOf();
    expect([bytes[0], bytes[2]]).toEqual([0, 0]);
    expect(bytes[1]).toBeGreaterThan(0);
    expect(await told(store)).toEqual(before.slice(1, 2));
  });

  it('are made by a move of what the file holds, those of erased cases empty', async () => {
    const source = await createSqliteFixture();
    const file = await source.open();
    const gone = sent(2, { thread: messageId(9) });
    await submit(file, sent(1), gone, sent(3), acceptable(4, { unit: noUnit }));
    await file.settle(settlementOf([gone], health));
    await file.eraseCase(messageId(9), { kind: 'case.erased' });
    await file.close();
    await migrateStore({
      ...{ from: `sqlite:${source.file}`, to: fixture.url, auditKey, by: 'operator' },
      ...{ observe: () => undefined, clock: () => noon },
    });
    await source.remove();
    const bytes = await bytesOf();
    expect([bytes.length, bytes[1], bytes[3]]).toEqual([4, 0, undefined]);
    const store = await open();
    expect((await told(store)).map((each) => (each as Acceptance).id)).toEqual([1, 3].map(messageId));
    await submit(store, sent(5));
    expect(await bytesOf()).toEqual([...bytes, bytes[0]]);
  });

  describe('in a database from before there were any', () => {
    beforeEach(async () => {
      await (await fixture.open()).close();
      const form = { $set: { form: formWithoutAcceptances } };
      await collectionsOf(fixture.database).meta.updateOne({ _id: 'form' }, form);
    });

    it('are read from units, and stay away: gateways of that time would not erase them', async () => {
      const store = await open();
      const gone = sent(1, { thread: messageId(9) });
      await submit(store, gone, sent(2), sent(3));
      expect(await kept()).toEqual([]);
      const before = await told(store);
      expect(before).toHaveLength(3);
      await store.settle(settlementOf([gone], health));
      expect(await store.eraseCase(messageId(9), { kind: 'case.erased' })).toBe('erased');
      expect(await told(store)).toEqual(before.slice(1));
      const meta = await collectionsOf(fixture.database).meta.findOne({ _id: 'form' });
      expect(meta?.form).toBe(formWithoutAcceptances);
    });

    it('are read about 1 MiB of envelopes at a time', async () => {
      const store = await open();
      for (const number of [1, 2, 3]) {
        await submit(store, acceptable(number, { unit: unitOf(sampleEnvelopeOf(number, 700_000)) }));
      }
      expect(await told(store)).toHaveLength(2);
      expect(await readAll(store)).toHaveLength(3);
    });
  });
});
