/** Starts one server for all tests of the MongoDB engine, or says why there is none. */
import type { TestProject } from 'vitest/node';
import { findServer, isServerWanted, startReplicaSet } from './server.ts';
import { noteMissing } from './suite-reporter.ts';

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const source = await findServer(process.env);
  if (source.kind === 'none') {
    if (isServerWanted(process.env)) {
      throw new Error(
        `The MongoDB suite was asked for and has no server: ${source.reason}. ` +
          'export CAUSEWAY_MONGOD="$(test/mongodb/get-mongod)" brings one.',
      );
    }
    noteMissing(source.reason);
    project.provide('mongodb', { missing: source.reason });
    return undefined;
  }
  if (source.kind === 'url') {
    project.provide('mongodb', { url: source.url, mongod: null });
    return undefined;
  }
  const mongod = source.kind === 'binary' ? source.path : undefined;
  const set = await startReplicaSet(mongod, 1);
  project.provide('mongodb', { url: set.getUri(), mongod: mongod ?? null });
  return async () => {
    await set.stop();
  };
}
