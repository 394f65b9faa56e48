/**
 * The leaf of a delivery that expired and was stored afterwards: what expired here may have reached its recipient all
 * the same. The store keeps the last end of a delivery alone, so the first one is looked for in the log, and only
 * where the delivery was stored after its time.
 */
import type { Leaf } from '../../protocol/audit/leaf.ts';
import { keptEnvelope } from '../store/kept-envelope.ts';
import { splitLeaves } from '../store/leaf-block.ts';
import type { MessageEvidence, Store } from '../store/port.ts';

type LeafReader = Pick<Store, 'readLeaves' | 'readLeafRuns'>;

const expiredLeaf = Buffer.from('{"kind":"delivery.expired"');

/** @returns the indices of the leaves, rising; none where nothing expired before it was stored */
export async function findEarlierExpiries(store: LeafReader, message: MessageEvidence): Promise<number[]> {
  const late = await latestOfLate(store, message);
  const found: number[] = [];
  if (late === undefined) return found;
  const about = `"of":${message.record},`;
  for (let next = message.record + 1; next < late;) {
    const runs = await store.readLeafRuns(next);
    if (runs.length === 0) break;
    for (const { first, count, leaves } of runs) {
      next = Math.max(next, first + count);
      if (!leaves.includes(expiredLeaf) || !leaves.includes(about)) continue;
      for (const [place, bytes] of splitLeaves(leaves).entries()) {
        if (first + place < late && isExpiryOf(bytes, message.record)) found.push(first + place);
      }
    }
  }
  return [...new Set(found)].sort((a, b) => a - b);
}

/** The last leaf by which one of the deliveries was stored, where that may have been after its time. */
async function latestOfLate(store: LeafReader, message: MessageEvidence): Promise<number | undefined> {
  const expiresAt = expiryOf(message);
  let latest: number | undefined;
  for (const { state, settledRecord } of message.deliveries) {
    if (state !== 'stored' || settledRecord === null) continue;
    const [leaf] = await store.readLeaves(settledRecord, 1);
    if (leaf !== undefined && leaf.at >= expiresAt) latest = Math.max(latest ?? 0, settledRecord);
  }
  return latest;
}

/** When the message expired, ms since 1970; without its envelope nobody knows, so it may have been at any time. */
function expiryOf(message: MessageEvidence): number {
  const envelope = keptEnvelope(message);
  return envelope === undefined ? -Infinity : Date.parse(envelope.expires);
}

function isExpiryOf(bytes: Buffer, record: number): boolean {
  if (!bytes.subarray(0, expiredLeaf.byteLength).equals(expiredLeaf)) return false;
  return (JSON.parse(bytes.toString('latin1')) as Leaf).of === record;
}
