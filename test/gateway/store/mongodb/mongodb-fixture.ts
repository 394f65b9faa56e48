/** MongoDB stores in databases of their own, for tests. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { MongoClient, type Db, type UpdateFilter } from 'mongodb';
import { inject } from 'vitest';
import {
  openMongodbStore,
  type MongodbStoreOptions,
} from '../../../../gateway/store/mongodb/mongodb-store.ts';
import {
  collectionsOf,
  type CaseErasureDocument,
  type CaseSecretDocument,
  type DeliveryDocument,
} from '../../../../gateway/store/mongodb/documents.ts';
import { erasuresOf, idBinary, messageKey, messagesOfId } from '../../../../gateway/store/mongodb/keys.ts';
import type { Store } from '../../../../gateway/store/port.ts';
import { batchSigner } from '../../../../protocol/proof/signing.ts';
import type { EditedDelivery, StoreFixture } from '../contract/contract-store.ts';
import { auditKey, noon } from '../synthetic-messages.ts';

export type MongodbFixture = StoreFixture & {
  readonly url: string;
  readonly receiptKeyPem: string;
  /** A connection beside the stores, to look and to meddle. */
  readonly database: Db;
  open(options?: Partial<MongodbStoreOptions>): Promise<Store>;
};

/** True when there is a server to test with. */
export const hasServer = !('missing' in inject('mongodb'));

/** The address of the running server. */
export function serverUrl(): string {
  const server = inject('mongodb');
  if ('missing' in server) throw new Error(`no MongoDB server: ${server.missing}`);
  return server.url;
}

/** A server's address with another database in it. */
export function urlOfDatabase(url: string, name: string): string {
  const parts = /^([^/]+\/\/[^/?]+)\/?[^?]*(\?.*)?$/.exec(url);
  return `${parts?.[1] ?? url}/${name}${parts?.[2] ?? ''}`;
}

/** The address with the name that its connections give to the server, by which faults can be meant for them alone. */
export function urlNaming(url: string, appName: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}appName=${appName}`;
}

export async function createMongodbFixture(server = serverUrl()): Promise<MongodbFixture> {
  const name = `causeway-test-${randomBytes(6).toString('hex')}`;
  const url = urlOfDatabase(server, name);
  const receiptKeyPem = generateKeyPairSync('ed25519')
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  const clock = { now: noon };
  const client = await new MongoClient(url).connect();
  return {
    url,
    receiptKeyPem,
    clock,
    database: client.db(name),
    receiptKey: batchSigner(receiptKeyPem).publicKey,
    open: async (options: Partial<MongodbStoreOptions> = {}) =>
      openMongodbStore({ url, receiptKeyPem, auditKey, clock: () => clock.now, ...options }),
    dropSecret: async (id) => {
      await client
        .db(name)
        .collection<CaseSecretDocument>('caseSecret')
        .deleteOne({ _id: idBinary(id) });
    },
    setUnit: async (id, unit) => {
      await collectionsOf(client.db(name)).message.updateMany(
        messagesOfId(id),
        unit === null ? { $unset: { unit: 1 } } : { $set: { unit } },
      );
    },
    setColumns: async (id, { source, thread, ...edited }) => {
      const { message } = collectionsOf(client.db(name));
      const before = await message.findOne(messagesOfId(id), { promoteBuffers: false });
      if (before === null) return;
      const changes = { ...edited, ...(thread && { thread: idBinary(thread) }) } as Partial<typeof before>;
      await message.deleteOne({ _id: before._id });
      await message.insertOne({
        ...{ ...before, ...changes },
        _id: messageKey(source ?? before._id.source, id),
      });
    },
    setDelivery: async (id, edited) => {
      const { message, delivery } = collectionsOf(client.db(name));
      const { firstDelivery: _id = 0 } = (await message.findOne(messagesOfId(id))) ?? {};
      if (edited === null) await delivery.deleteOne({ _id });
      else await delivery.updateOne({ _id }, changesOf(edited));
    },
    addDelivery: async (id, recipient, place) => {
      const { message, delivery } = collectionsOf(client.db(name));
      const { firstDelivery = 0 } = (await message.findOne(messagesOfId(id))) ?? {};
      const first = await delivery.findOne({ _id: firstDelivery });
      if (first === null) throw new Error('the message has no delivery');
      const { deliveredAt: _, deliveredRecord: __, settledAt: ___, settledRecord: ____, ...made } = first;
      const _id = firstDelivery + place;
      await delivery.insertOne({ ...made, _id, recipient, nth: place, state: 'queued', open: true });
      return _id;
    },
    setGroup: async (leaf, group) => {
      const { settledGroup } = collectionsOf(client.db(name));
      if (group === null) await settledGroup.deleteOne({ _id: leaf });
      else await settledGroup.replaceOne({ _id: leaf }, { bytes: group }, { upsert: true });
    },
    emptyMessage: async (id) => {
      const emptied = {
        $unset: { category: 1, severity: 1, thread: 1 },
        $set: { unit: Buffer.alloc(0) },
      } as const;
      await collectionsOf(client.db(name)).message.updateMany(messagesOfId(id), emptied);
    },
    deleteMessage: async (id) => {
      await collectionsOf(client.db(name)).message.deleteMany(messagesOfId(id));
    },
    copyMessage: async (id, to) => {
      const { message } = collectionsOf(client.db(name));
      const before = await message.findOne(messagesOfId(id), { promoteBuffers: false });
      if (before !== null) await message.insertOne({ ...before, _id: messageKey(before._id.source, to) });
    },
    notedErasures: async (id) => {
      const noted = client.db(name).collection<CaseErasureDocument>('caseErasure').find(erasuresOf(id));
      return (await noted.toArray()).map(({ _id }) => _id.record);
    },
    remove: async () => {
      await client.db(name).dropDatabase();
      await client.close();
    },
  };
}

/** Nothing takes a field away. */
function changesOf({ isOpen, ...edited }: EditedDelivery): UpdateFilter<DeliveryDocument> {
  const open = isOpen === undefined ? {} : { open: isOpen ? true : null };
  const fields = Object.entries({ ...edited, ...open });
  return {
    $set: Object.fromEntries(fields.filter(([, value]) => value !== null)),
    $unset: Object.fromEntries(fields.filter(([, value]) => value === null).map(([field]) => [field, true])),
  };
}
