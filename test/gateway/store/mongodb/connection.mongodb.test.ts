/** A start that fails says in words what is wrong and what to do. Most refusals wait until the driver gives up. */
import { MongoClient } from 'mongodb';
import { MongoMemoryServer } from 'mongodb-memory-server-core';
import { describe, expect, inject, it } from 'vitest';
import { refuseServer, withoutSecrets } from '../../../../gateway/store/mongodb/explain-connection.ts';
import { createMongodbFixture, hasServer } from './mongodb-fixture.ts';
import { refusal } from './refusal.ts';

const provided = inject('mongodb');
const mongod = 'missing' in provided ? null : provided.mongod;
const binary = mongod === null ? {} : { binary: { systemBinary: mongod } };

it('a database whose name has a colon, as any server but that for Windows takes it, is asked for', async () => {
  const { code } = await refusal('mongodb://127.0.0.1:1/causeway:prod');
  expect(code).toBe('store-unavailable');
});

describe('an address that cannot be right', () => {
  it.each(['mongodb://', 'mongodb://host:notaport/', 'mongodb://a,b/?replicaSet=x&w=maybe&tls=perhaps'])(
    '%s is refused before anything is asked',
    async (url) => {
      const { code, detail } = await refusal(url);
      expect(code).toBe('configuration-invalid');
      expect(detail).toContain('mongodb://host:port');
    },
  );

  it.each(['p@ss', 'p/w@x', 'p?w@x', 'p#w'])(
    'with %s for a password is refused with what to do',
    async (password) => {
      const { code, detail } = await refusal(`mongodb://user:${password}@127.0.0.1:1/causeway`);
      expect([code, detail]).toEqual(['configuration-invalid', expect.stringContaining('Write @ as %40')]);
    },
  );

  it.each(['100%', 'p%w', 'p%4'])('with %s for a password is told how to write a %%', async (password) => {
    const { code, detail } = await refusal(`mongodb://user:${password}@127.0.0.1:1/causeway`);
    expect([code, detail]).toEqual([
      'configuration-invalid',
      expect.stringContaining('Write % itself as %25'),
    ]);
    expect(detail).not.toContain(password);
  });

  it.each([
    ['admin', "names the database admin, which is MongoDB's own. Name one for the store, such as causeway"],
    ['local', 'say so behind it: /causeway?authSource=local'],
    ['our%20store', 'a character that no database may have'],
  ])(
    'with the database %s, which can hold no store, is refused before anything is asked',
    async (name, words) => {
      const { code, detail } = await refusal(`mongodb://user:secret@127.0.0.1:1/${name}?replicaSet=x`);
      expect([code, detail]).toEqual(['configuration-invalid', expect.stringContaining(words)]);
    },
  );

  it('is never repeated with its password', () => {
    expect(withoutSecrets('mongodb://user:p@ss/word@db1:1/name?authSource=admin')).toBe(
      'mongodb://db1:1/name',
    );
    expect(withoutSecrets('mongodb://user:pa%40ss@db1:1,db2:2/name?authSource=admin')).toBe(
      'mongodb://db1:1,db2:2/name',
    );
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

describe('a server that does not suit', { concurrent: true }, () => {
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

describe.skipIf(mongod === null)('a server of our own', { concurrent: true }, () => {
  it('that is standalone is told to become a replica set', async () => {
    const server = await MongoMemoryServer.create({ ...binary, instance: { storageEngine: 'wiredTiger' } });
    try {
      const url = server.getUri('causeway');
      const queries = ['', '?replicaSet=causeway', '?tls=true'];
      const refusals = await Promise.all(queries.map(async (query) => refusal(`${url}${query}`)));
      const standalone = {
        code: 'configuration-invalid',
        detail: expect.stringMatching(/standalone.*--replSet/s) as string,
      };
      const plain = {
        code: 'store-unavailable',
        detail: expect.stringMatching(/TLS settings.*TLS conn/s) as string,
      };
      expect(refusals).toMatchObject([standalone, standalone, plain]);
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
});
