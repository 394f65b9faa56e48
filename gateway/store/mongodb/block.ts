/**
 * The audit log's leaves as a chain of blocks: this is the only place that makes one.
 *
 * A commit group becomes one block. Its digest covers its place, its time, its leaves and the block before it; their
 * commitments bind the bodies:
 *
 * ```
 * digest = SHA-256( "causeway/v1/block\0" | height u64 | first u64 | count u32 | at u64 | previous 32 | leaves )
 * ```
 */
import { createHash } from 'node:crypto';
import type { LeafBlock } from '../leaf-block.ts';
import type { DeliveryId, StoreVersions } from '../port.ts';
import type { BlockDocument, BlockNews } from './documents.ts';

const domain = Buffer.from('causeway/v1/block\0', 'latin1');

/** Where the chain ends, and with it every number that the next block continues. */
export type Head = {
  readonly height: number;
  readonly digest: Buffer;
  readonly nextRecord: number;
  readonly nextDelivery: DeliveryId;
  readonly versions: StoreVersions;
};

/** Before the first block. */
export const emptyHead: Head = {
  height: 0,
  digest: Buffer.alloc(32),
  nextRecord: 0,
  nextDelivery: 1,
  versions: { directory: 0, policy: 0 },
};

export type BlockContent = {
  readonly at: number;
  /** One leaf at least; views of it go into the document. */
  readonly block: Pick<LeafBlock, 'count' | 'leaves' | 'bodies'>;
  readonly nextDelivery: DeliveryId;
  readonly news: BlockNews;
};

/** The block that follows a head. */
export function nextBlock(
  head: Head,
  { at, block, nextDelivery, news }: BlockContent,
  by: { readonly writer: string; readonly attempt: number },
): BlockDocument {
  const place = {
    _id: head.height + 1,
    previous: head.digest,
    first: head.nextRecord,
    count: block.count,
    at,
    leaves: block.leaves,
  };
  return { ...place, bodies: block.bodies, digest: blockDigest(place), ...by, nextDelivery, news };
}

/** The head once this block is the last. */
export function headAfter(
  block: Pick<BlockDocument, '_id' | 'digest' | 'first' | 'count' | 'nextDelivery' | 'news'>,
): Head {
  const { _id: height, digest, first, count, nextDelivery, news } = block;
  return { height, digest, nextRecord: first + count, nextDelivery, versions: news.versions };
}

/** The digest that a block must have. */
export function blockDigest(
  block: Pick<BlockDocument, '_id' | 'previous' | 'first' | 'count' | 'at' | 'leaves'>,
): Buffer {
  const numbers = Buffer.alloc(28);
  numbers.writeBigUInt64BE(BigInt(block._id), 0);
  numbers.writeBigUInt64BE(BigInt(block.first), 8);
  numbers.writeUInt32BE(block.count, 16);
  numbers.writeBigUInt64BE(BigInt(block.at), 20);
  return createHash('sha256')
    .update(domain)
    .update(numbers)
    .update(block.previous)
    .update(block.leaves)
    .digest();
}
