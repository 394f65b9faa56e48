/** A start that fails says in words what is wrong and what to do. */
import { generateKeyPairSync } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { MongoMemoryReplSet, MongoMemoryServer } from 'mongodb-memory-server-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { refuseServer, withoutSecrets } from '../../../../gateway/store/mongodb/connection.ts';
import { openMongodbStore } from '../../../../gateway/store/mongodb/mongodb-store.ts';
import { auditKey } from '../synthetic-messages.ts';
import { createMongodbFixture, hasServer, urlOfDatabase } from './mongodb-fixture.ts';

const receiptKeyPem = generateKeyPairSync('ed25519')
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

async function refusal(url: string): Promise<{ code: string; detail: string }> {
  try {
    await (await openMongodbStore({ url, receiptKeyPem, auditKey })).close();
  } catch (error) {
    return error as { code: string; detail: string };
  }
  throw new Error('the store opened');
}

const provided = inject('mongodb');
const mongod = 'missing' in provided ? null : provided.mongod;
const binary = mongod === null ? {} : { binary: { systemBinary: mongod } };

describe('an address that cannot be right', () => {
  it.each(['mongodb://', 'mongodb://host:notaport/', 'mongodb://a,b/?replicaSet=x&w=maybe&tls=perhaps'])(
    '%s is refused before anything is asked',
    async (url) => {
      const { code, detail } = await refusal(url);
      expect(code).toBe('configuration-invalid');
      expect(detail).toContain('mongodb://host:port');
    },
  );

  it('is never repeated with its password', () => {
    expect(withoutSecrets('mongodb://user:pa%40ss@db1:1,db2:2/name?authSource=admin')).toBe(
      'mongodb://db1:1,db2:2/name',
    );
  });
});

describe('a server that does not suit', () => {
  it('is named too old, with the version that is needed', () => {
    expect(() => refuseServer('5.0.31', { setName: 'causeway' })).toThrow(/version 5\.0\.31.*6\.0 or newer/);
    expect(() => refuseServer('6.0.0', { setName: 'causeway' })).not.toThrow();
    expect(() => refuseServer('10.1.0', { setName: 'causeway' })).not.toThrow();
    expect(() => refuseServer('7.0.0', { msg: 'isdbgrid' })).toThrow(/sharded/);
  });

  it('that nobody can reach is told from one that answers', async () => {
    const { code, detail } = await refusal('mongodb://user:secret@127.0.0.1:1/causeway');
    expect(code).toBe('store-unavailable');
    expect(detail).toContain('No MongoDB answers at mongodb://127.0.0.1:1/causeway');
    expect(detail).toContain('127.0.0.1:1: connect ECONNREFUSED');
    expect(detail).not.toContain('secret');
  });
});

describe.skipIf(!hasServer)('a database', () => {
  it('of another program is left alone', async () => {
    const fixture = await createMongodbFixture();
    await fixture.database.collection('holiday').insertOne({ photo: 1 });
    expect(await refusal(fixture.url)).toMatchObject({ code: 'store-incompatible' });
    expect(await fixture.database.listCollections().toArray()).toHaveLength(1);
    await fixture.remove();
  });

  it('of another form is left alone', async () => {
    const fixture = await createMongodbFixture();
    await (await fixture.open()).close();
    await fixture.database
      .collection<{ _id: string }>('meta')
      .updateOne({ _id: 'form' }, { $set: { form: 99 } });
    const { code, detail } = await refusal(fixture.url);
    expect([code, detail]).toEqual(['store-incompatible', expect.stringContaining('form 99')]);
    await fixture.remove();
  });
});

describe.skipIf(mongod === null)('a server of our own', () => {
  it('that is standalone is told to become a replica set', async () => {
    const server = await MongoMemoryServer.create({ ...binary, instance: { storageEngine: 'wiredTiger' } });
    try {
      const url = server.getUri('causeway');
      for (const address of [url, `${url}?replicaSet=causeway`]) {
        const { code, detail } = await refusal(address);
        expect(code).toBe('configuration-invalid');
        expect(detail).toMatch(/standalone.*--replSet/s);
      }
      const { code, detail } = await refusal(`${url}?tls=true`);
      expect([code, detail]).toEqual(['store-unavailable', expect.stringMatching(/TLS settings.*TLS conn/s)]);
    } finally {
      await server.stop();
    }
  });

  it('that waits for rs.initiate() is told so, and one of a set with another name is told that', async () => {
    const server = await MongoMemoryServer.create({
      ...binary,
      instance: { storageEngine: 'wiredTiger', args: ['--replSet', 'causeway'] },
    });
    try {
      const url = server.getUri('causeway');
      const waiting = await refusal(`${url}?replicaSet=causeway`);
      expect([waiting.code, waiting.detail]).toEqual([
        'store-unavailable',
        expect.stringMatching(/belongs to no replica set yet.*rs\.initiate\(\) on one member/s),
      ]);
      const client = await new MongoClient(url, { directConnection: true }).connect();
      await client.db('admin').command({ replSetInitiate: {} });
      await client.close();
      const misnamed = await refusal(`${url}?replicaSet=another`);
      expect([misnamed.code, misnamed.detail]).toEqual([
        'configuration-invalid',
        expect.stringContaining('set has another name'),
      ]);
    } finally {
      await server.stop();
    }
  });

  describe('that knows its users', () => {
    let set: MongoMemoryReplSet;
    beforeAll(async () => {
      set = await MongoMemoryReplSet.create({
        ...binary,
        replSet: {
          name: 'causeway',
          count: 1,
          storageEngine: 'wiredTiger',
          args: ['--wiredTigerCacheSizeGB', '0.25'],
          auth: { enable: true, customRootName: 'root', customRootPwd: 'rootpassword' },
        },
      });
      const client = await new MongoClient(urlAs('root', 'rootpassword', 'admin')).connect();
      for (const [user, role] of [
        ['reader', 'read'],
        ['writer', 'readWrite'],
      ]) {
        await client.db('causeway').command({ createUser: user, pwd: 'password', roles: [role] });
      }
      await client.close();
    });
    afterAll(async () => {
      await set.stop();
    });

    const urlAs = (user: string, password: string, authSource = 'causeway'): string =>
      urlOfDatabase(set.getUri(), 'causeway')
        .replace('://', `://${user}:${password}@`)
        .concat(`&authSource=${authSource}`);

    it('refuses a wrong password in words', async () => {
      const { code, detail } = await refusal(urlAs('writer', 'guess'));
      expect(code).toBe('configuration-invalid');
      expect(detail).toContain('does not accept the user or the password');
      expect(detail).not.toContain('guess');
    });

    it('refuses a user who may only read, and says which role is needed', async () => {
      const { code, detail } = await refusal(urlAs('reader', 'password'));
      expect(code).toBe('configuration-invalid');
      expect(detail).toContain('readWrite');
    });

    it('refuses nobody', async () => {
      const { code } = await refusal(urlOfDatabase(set.getUri(), 'causeway'));
      expect(code).toBe('configuration-invalid');
    });

    it('takes a user who may read and write that database, and nothing else', async () => {
      const store = await openMongodbStore({ url: urlAs('writer', 'password'), receiptKeyPem, auditKey });
      await store.probe();
      await store.close();
    });

    it('that can only be read for the moment is told from one that nobody can reach', async () => {
      const client = await new MongoClient(urlAs('root', 'rootpassword', 'admin')).connect();
      await client.db('admin').command({ replSetStepDown: 60, secondaryCatchUpPeriodSecs: 0, force: true });
      await client.close();
      const withoutPrimary = await refusal(urlAs('writer', 'password'));
      expect(withoutPrimary.code).toBe('store-unavailable');
      expect(withoutPrimary.detail).toMatch(
        /has no primary, so it can only be read.*majority of its members/s,
      );
      const secondary = await refusal(`${urlAs('writer', 'password')}&directConnection=true`);
      expect(secondary.code).toBe('configuration-invalid');
      expect(secondary.detail).toMatch(/can only be read.*all of its members.*directConnection/s);
    });
  });
});
