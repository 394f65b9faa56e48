/** A gateway's user of the server: what it may do, and what a start says of one that may not. */
import { MongoClient } from 'mongodb';
import { MongoMemoryReplSet } from 'mongodb-memory-server-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openMongodbStore } from '../../../../gateway/store/mongodb/mongodb-store.ts';
import { auditKey } from '../synthetic-messages.ts';
import { urlOfDatabase } from './mongodb-fixture.ts';
import { receiptKeyPem, refusal } from './refusal.ts';

const provided = inject('mongodb');
const mongod = 'missing' in provided ? null : provided.mongod;

describe.skipIf(mongod === null)('a server that knows its users', () => {
  let set: MongoMemoryReplSet;
  beforeAll(async () => {
    set = await MongoMemoryReplSet.create({
      binary: { systemBinary: mongod ?? '' },
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
    expect(withoutPrimary.detail).toMatch(/has no primary, so it can only be read.*majority of its members/s);
    const secondary = await refusal(`${urlAs('writer', 'password')}&directConnection=true`);
    expect(secondary.code).toBe('configuration-invalid');
    expect(secondary.detail).toMatch(/can only be read.*all of its members.*directConnection/s);
  });
});
