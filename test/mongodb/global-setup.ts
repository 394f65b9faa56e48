/** Starts one server for all tests of the MongoDB engine, or says why there is none. */
import type { TestProject } from 'vitest/node';
import {
  findServer,
  isServerWanted,
  startReplicaSet,
  type Environment,
  type ProvidedServer,
  type Source,
} from './server.ts';
import { noteMissing } from './suite-reporter.ts';

type RunningSet = { getUri(): string; stop(): Promise<unknown> };
type Prepared = { readonly server: ProvidedServer; readonly stop: () => Promise<void> };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { server, stop } = await prepareServer(process.env, await findServer(process.env), startReplicaSet);
  if ('missing' in server) noteMissing(server.missing);
  project.provide('mongodb', server);
  return stop;
}

/**
 * Has a server from its source, or tells why there is none.
 * @throws Error where there is none although somebody asked for it
 */
export async function prepareServer(
  env: Environment,
  source: Source,
  start: (mongod: string | undefined, members: number) => Promise<RunningSet>,
): Promise<Prepared> {
  if (source.kind === 'none') return withoutServer(env, source.reason);
  if (source.kind === 'url') return { server: { url: source.url, mongod: null }, stop: doNothing };
  const mongod = source.kind === 'binary' ? source.path : undefined;
  try {
    const set = await start(mongod, 1);
    const stop = async (): Promise<void> => {
      await set.stop();
    };
    return { server: { url: set.getUri(), mongod: mongod ?? null }, stop };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return withoutServer(env, mongod === undefined ? `no server could be fetched: ${words}` : words, error);
  }
}

function withoutServer(env: Environment, reason: string, cause?: unknown): Prepared {
  if (isServerWanted(env)) {
    throw new Error(
      `The MongoDB suite was asked for and has no server: ${reason}. ` +
        'export CAUSEWAY_MONGOD="$(test/mongodb/get-mongod)" brings one.',
      { cause },
    );
  }
  return { server: { missing: reason }, stop: doNothing };
}

async function doNothing(): Promise<void> {
  // Nothing of ours runs.
}
