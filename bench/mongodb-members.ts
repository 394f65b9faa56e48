/** A replica set on loopback for benchmarks, data on disk. */
import { MongoMemoryReplSet } from 'mongodb-memory-server-core';
import { endUsage } from './command-line.ts';

/**
 * Starts members with the server that CAUSEWAY_MONGOD names.
 * Ends the process where it names none.
 */
export async function startMembers(
  count: number,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const { CAUSEWAY_MONGOD: systemBinary = '' } = process.env;
  if (systemBinary === '') {
    endUsage('export CAUSEWAY_MONGOD="$(test/mongodb/get-mongod)", or give the address of a replica set');
  }
  process.env.MONGOMS_SYSTEM_BINARY_VERSION_CHECK = 'false';
  const set = await MongoMemoryReplSet.create({
    binary: { systemBinary },
    replSet: {
      name: 'causeway',
      count,
      storageEngine: 'wiredTiger',
      args: ['--wiredTigerCacheSizeGB', '0.5', '--setParameter', 'transactionLifetimeLimitSeconds=5'],
    },
  });
  return {
    url: set.getUri(),
    stop: async () => {
      await set.stop();
    },
  };
}
