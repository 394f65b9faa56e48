/** The members of `deploy/compose.yaml` with its own options, secrets and script, here as processes on loopback. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openMongodbStore } from '../../gateway/store/mongodb/mongodb-store.ts';
import { createSqliteFixture } from '../gateway/store/sqlite-fixture.ts';
import { auditKey } from '../gateway/store/synthetic-messages.ts';
import { eventually } from '../e2e/kit/watch.ts';
import { freePort } from '../mongodb/members.ts';
import { deployDir, mongodArguments, readCompose } from './read-files.ts';

const provided = inject('mongodb');
const mongod = 'missing' in provided ? null : provided.mongod;
const names = ['db1', 'db2', 'db3'];

describe.skipIf(mongod === null)('the replica set of deploy/compose.yaml', () => {
  const running: ChildProcess[] = [];
  let dir: string;
  let ports: number[];
  const secret = (name: string): string => join(dir, 'secrets', name);

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'causeway-set-'));
    await promisify(execFile)(join(deployDir, 'make-secrets'), [join(dir, 'secrets')]);
    await chmod(secret('db-keyfile'), 0o400);
    ports = [];
    for (const name of names) {
      ports.push(await freePort());
      await mkdir(join(dir, name));
    }
  });
  afterAll(async () => {
    await Promise.all(running.map(end));
    await rm(dir, { recursive: true, force: true });
  });

  const start = (index: number, options: readonly string[]): ChildProcess => {
    const small = ['--wiredTigerCacheSizeGB', '0.25', '--dbpath', join(dir, names[index]!)];
    const child = spawn(mongod ?? '', [...options, ...small], { stdio: 'ignore' });
    running.push(child);
    return child;
  };
  const end = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  };
  /** The options of the file, with the places that they have here. */
  const optionsOf = (index: number): string[] =>
    mongodArguments(readCompose()).flatMap((option) => {
      if (option === '--bind_ip_all') return ['--bind_ip', '127.0.0.1'];
      if (option === '27017') return [String(ports[index]!)];
      if (option === '/tmp/keyfile') return [secret('db-keyfile')];
      if (option === '/run/secrets/db-ca') return [secret('db-ca.pem')];
      return option === '/run/secrets/certificate' ? [secret(`${names[index]!}.pem`)] : [option];
    });
  /** What the image does at the first start of db1, before it is a member. */
  const makeAdministrator = async (): Promise<void> => {
    const first = start(0, ['--port', String(ports[0]), '--bind_ip', '127.0.0.1']);
    const client = new MongoClient(`mongodb://127.0.0.1:${ports[0]}/`, { directConnection: true });
    const pwd = (await readFile(secret('db-admin-password'), 'utf8')).trim();
    await client.db('admin').command({ createUser: 'admin', pwd, roles: ['root'] });
    await client.close();
    await end(first);
  };
  const initSet = async (): Promise<string> => {
    const env = {
      MEMBERS: ports.map((port) => `127.0.0.1:${port}`).join(),
      TLS_CA_FILE: secret('db-ca.pem'),
      ADMIN_PASSWORD_FILE: secret('db-admin-password'),
      GATEWAY_PASSWORD_FILE: secret('db-gateway-password'),
    };
    const script = [join(deployDir, 'init-set.mjs')];
    return (await promisify(execFile)(process.execPath, script, { env })).stdout;
  };

  it('is made once, with TLS and passwords, and a gateway’s user can keep a store in it and nothing else', async () => {
    await makeAdministrator();
    for (const index of names.keys()) start(index, optionsOf(index));
    expect(await initSet()).toContain('are there');
    expect(await initSet()).toContain('are there');
    const members = ports.map((port) => `127.0.0.1:${port}`).join();
    const password = (await readFile(secret('db-gateway-password'), 'utf8')).trim();
    const tls = `tls=true&tlsCAFile=${encodeURIComponent(secret('db-ca.pem'))}`;
    const url = `mongodb://causeway:${password}@${members}/causeway?replicaSet=causeway&${tls}`;
    const fixture = await createSqliteFixture();
    const { receiptKeyPem } = fixture;
    const store = await openMongodbStore({ url, receiptKeyPem, auditKey });
    expect(await store.appendRecords([{ kind: 'test.happened' }])).toBe(0);
    await store.close();
    await fixture.remove();
    const client = new MongoClient(url);
    await expect(client.db('other').collection('x').insertOne({})).rejects.toThrow(/not authorized/);
    await client.close();
    await eventually('the user at each member', async () => {
      for (const port of ports) {
        const one = new MongoClient(
          url.replace(members, `127.0.0.1:${port}`).replace('replicaSet=causeway&', ''),
          {
            directConnection: true,
            readPreference: 'secondaryPreferred',
          },
        );
        const found = await one
          .db('causeway')
          .collection('block')
          .countDocuments()
          .catch(() => 0);
        await one.close();
        if (found !== 1) return undefined;
      }
      return true;
    });
    await expect(
      openMongodbStore({ url: url.replace(password, 'wrong'), receiptKeyPem, auditKey }),
    ).rejects.toThrow(/does not accept the user or the password/);
  }, 120_000);

  it('would start its members on machines of their own with the settings of deploy/systemd', async () => {
    const config = join(deployDir, 'systemd/mongod.conf');
    const { stdout } = await promisify(execFile)(mongod ?? '', ['--config', config, '--outputConfig']);
    expect(stdout).toContain('transactionLifetimeLimitSeconds: 5');
    expect(stdout).toContain('oplogNetworkTimeoutBufferSeconds: 1');
    expect(stdout).toContain('mode: requireTLS');
  });
});
