/** A real MongoDB for the tests: where it comes from, and starting it. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { access, constants } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { MongoMemoryReplSet } from 'mongodb-memory-server-core';

/** What tests of the MongoDB engine get: a running replica set of one, or why there is none. */
export type ProvidedServer =
  | {
      readonly url: string;
      /** The binary, for tests that start members of their own; null where a server was given by its address. */
      readonly mongod: string | null;
    }
  | { readonly missing: string };

declare module 'vitest' {
  export interface ProvidedContext {
    mongodb: ProvidedServer;
  }
}

export type Source =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'binary'; readonly path: string }
  | { readonly kind: 'download' }
  | { readonly kind: 'none'; readonly reason: string };

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Queries that would scan a collection fail; commands may be made to fail; and a transaction whose gateway was killed
 * ends after a few seconds, as does reading from a primary that stands still: `docs/operating.md` asks for both. Nobody
 * reads what servers note about themselves every second.
 */
export const serverParameters = [
  'notablescan=true',
  'enableTestCommands=true',
  'transactionLifetimeLimitSeconds=5',
  'oplogNetworkTimeoutBufferSeconds=1',
  'diagnosticDataCollectionEnabled=false',
].flatMap((each) => ['--setParameter', each]);

const downloadHost = 'fastdl.mongodb.org';

/** Where a server is to be had, in this order: MONGODB_URL, CAUSEWAY_MONGOD, a mongod on the PATH, a download. */
export async function findServer(env: Environment, canDownload = isReachable): Promise<Source> {
  const { MONGODB_URL: url = '', CAUSEWAY_MONGOD: named = '' } = env;
  if (url !== '') return { kind: 'url', url };
  if (named !== '') {
    return (await isExecutable(named))
      ? { kind: 'binary', path: named }
      : { kind: 'none', reason: `CAUSEWAY_MONGOD names ${named}, which cannot be executed` };
  }
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const path = join(folder, 'mongod');
    if (folder !== '' && (await isExecutable(path))) return { kind: 'binary', path };
  }
  if (await canDownload(downloadHost)) return { kind: 'download' };
  return {
    kind: 'none',
    reason: 'no MONGODB_URL, no CAUSEWAY_MONGOD, no mongod on the PATH, and no network to fetch one',
  };
}

/** True when tests without a server have failed: somebody asked for it. */
export function isServerWanted(env: Environment): boolean {
  return (
    env.CI === 'true' ||
    ['MONGODB_URL', 'CAUSEWAY_MONGOD', 'CAUSEWAY_NEEDS_MONGODB'].some((name) => (env[name] ?? '') !== '')
  );
}

/**
 * Starts a replica set on loopback, WiredTiger on disk, with small caches.
 * @param mongod the binary; undefined for the library's own download
 */
export async function startReplicaSet(
  mongod: string | undefined,
  members: number,
): Promise<MongoMemoryReplSet> {
  process.env.MONGOMS_SYSTEM_BINARY_VERSION_CHECK = 'false';
  if (mongod !== undefined) await checkRuns(mongod);
  return await MongoMemoryReplSet.create({
    ...(mongod === undefined ? {} : { binary: { systemBinary: mongod } }),
    replSet: {
      name: 'causeway',
      count: members,
      storageEngine: 'wiredTiger',
      args: ['--wiredTigerCacheSizeGB', '0.25', ...serverParameters],
    },
  });
}

/** The library would only say that the instance closed. */
async function checkRuns(mongod: string): Promise<void> {
  try {
    await promisify(execFile)(mongod, ['--version']);
  } catch (cause) {
    const words = cause instanceof Error ? (cause.message.split('\n')[1] ?? cause.message) : String(cause);
    throw new Error(`${mongod} does not start: ${words}`, { cause });
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function isReachable(host: string): Promise<boolean> {
  const socket = connect(443, host);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(3_000) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
