/** The leaves of a MongoDB store as they stand in the tree. */
import type { ClientSession } from 'mongodb';
import { JoinedBlocks } from '../joined-blocks.ts';
import type { LeafRun, LeafSource } from '../port.ts';
import { CausalTime } from './causal-time.ts';
import { connect } from './connection.ts';
import { collectionsOf, type BlockDocument, type Collections } from './documents.ts';
import { unreadable } from './failures.ts';

/** What one reading gives back, about. */
const maxReadBytes = 1024 * 1024;

/**
 * The blocks with the leaves from an index on, in order; the first may begin before it.
 * @throws BrokenLogError
 */
export async function* blocksFrom<K extends keyof BlockDocument>(
  blocks: Collections['block'],
  from: number,
  parts: readonly K[],
  session: ClientSession,
): AsyncGenerator<Pick<BlockDocument, K | 'first' | 'count' | 'leaves'>> {
  const projection = Object.fromEntries(['first', 'count', 'leaves', ...parts].map((name) => [name, 1]));
  const options = { session, hint: 'by_leaf' } as const;
  const place = { ...options, projection: { first: 1, count: 1 } } as const;
  const [start, before] = await blocks
    .find({ first: { $lte: from } }, place)
    .sort({ first: -1 })
    .limit(2)
    .toArray();
  const found = blocks
    .find({ first: { $gte: start?.first ?? 0 } }, { ...options, projection, batchSize: 64 })
    .sort({ first: 1 });
  const joined = new JoinedBlocks(before === undefined ? 0 : before.first + before.count);
  for await (const block of found) {
    joined.take(block);
    if (block.first + block.count > from) yield block;
  }
}

/** The block that has a leaf, with its bodies; null where there is none. */
export async function blockOf(
  blocks: Collections['block'],
  leaf: number,
  session: ClientSession,
): Promise<Pick<BlockDocument, 'first' | 'count' | 'at' | 'leaves' | 'bodies'> | null> {
  const projection = { first: 1, count: 1, at: 1, leaves: 1, bodies: 1 };
  return blocks.findOne(
    { first: { $lte: leaf } },
    { session, hint: 'by_leaf', sort: { first: -1 }, projection },
  );
}

/** See `Store.readLeafRuns`. */
export async function readLeafRuns(
  blocks: Collections['block'],
  from: number,
  session: ClientSession,
): Promise<LeafRun[]> {
  const runs: LeafRun[] = [];
  let bytes = 0;
  for await (const { first, count, leaves } of blocksFrom(blocks, from, [], session)) {
    runs.push({ first, count, leaves });
    bytes += leaves.byteLength;
    if (bytes >= maxReadBytes) break;
  }
  return runs;
}

/**
 * Opens an existing store for reading its leaves.
 * @throws CausewayError `configuration-invalid`, `store-unavailable`
 */
export async function openMongodbLeaves(url: string): Promise<LeafSource> {
  const { client, database } = await connect(url);
  const { block } = collectionsOf(database);
  const causal = new CausalTime(client);
  return {
    readLeafRuns: async (from) =>
      causal
        .within(async (session) => readLeafRuns(block, from, session))
        .catch((cause: unknown) => Promise.reject(unreadable(cause))),
    close: async () => client.close(),
  };
}
