/** The leaves of a MongoDB store as they stand in the tree. */
import type { ClientSession, Document } from 'mongodb';
import { JoinedBlocks } from '../joined-blocks.ts';
import type { LeafRun, LeafSource } from '../port.ts';
import { CausalTime } from './causal-time.ts';
import { connect } from './connection.ts';
import { collectionsOf, type BlockDocument, type Collections } from './documents.ts';
import { unreadable } from './failures.ts';

/** What one reading gives back, about. */
const maxReadBytes = 1024 * 1024;
/** Of how many leaves one question asks for the blocks. */
const leavesAtOnce = 1_000;

type BlockOfLeaf = Pick<BlockDocument, 'first' | 'count' | 'at' | 'leaves' | 'bodies'>;

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

/** The blocks that have these leaves, with their bodies: each once, in any order, and asked for many at a time. */
export async function* blocksOf(
  blocks: Collections['block'],
  leaves: readonly number[],
  session: ClientSession,
): AsyncGenerator<BlockOfLeaf> {
  for (let from = 0; from < leaves.length; from += leavesAtOnce) {
    const some = leaves.slice(from, from + leavesAtOnce);
    yield* blocks.aggregate<BlockOfLeaf>(blocksQuery(blocks.collectionName, some), {
      session,
      hint: 'by_leaf',
    });
  }
}

/** For each leaf the last block that begins at or before it. The first stages only make the leaves the input of the rest. */
function blocksQuery(from: string, leaves: readonly number[]): Document[] {
  const isAtOrBefore = { $expr: { $lte: ['$first', '$$leaf'] } };
  const last = [{ $match: isAtOrBefore }, { $sort: { first: -1 } }, { $limit: 1 }];
  const place = [...last, { $project: { _id: 0, first: 1 } }];
  return [
    ...[{ $limit: 1 }, { $project: { _id: 0, leaf: { $literal: leaves } } }, { $unwind: '$leaf' }],
    { $lookup: { from, let: { leaf: '$leaf' }, pipeline: place, as: 'block' } },
    { $group: { _id: { $first: '$block.first' } } },
    { $lookup: { from, localField: '_id', foreignField: 'first', as: 'block' } },
    { $replaceWith: { $first: '$block' } },
    { $project: { first: 1, count: 1, at: 1, leaves: 1, bodies: 1 } },
  ];
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
