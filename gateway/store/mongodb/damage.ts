/** Which messages are not, or no more, what was accepted. */
import type { ClientSession } from 'mongodb';
import { isDamaged } from '../accepted-unit.ts';
import { splitLeaves } from '../leaf-block.ts';
import type { DamagedMessage, DamagedPortion } from '../port.ts';
import type { Collections, MessageDocument } from './documents.ts';
import { idOf, messageIdOf } from './keys.ts';
import { blocksFrom } from './leaf-runs.ts';

/** What one reading looks at, about. */
const maxReadBytes = 1024 * 1024;
/** What is asked for ahead of what is looked at. */
const batchSize = 32;

/** See `Store.readDamaged`. Of what has no bytes at all any more no index tells; the queue does, where it is in one. */
export async function readDamaged(
  { message, delivery, block }: Collections,
  { after, limit }: { readonly after: number; readonly limit: number },
  session: ClientSession,
): Promise<DamagedPortion> {
  const messages: MessageDocument[] = [];
  let bytes = 0;
  const found = message
    .find(
      { record: { $gte: after }, firstDelivery: { $exists: true } },
      { session, hint: 'by_record', batchSize },
    )
    .sort({ record: 1 })
    .limit(limit);
  for await (const each of found) {
    messages.push(each);
    bytes += each.unit?.byteLength ?? 0;
    if (bytes >= maxReadBytes) break;
  }
  const [first, last] = [messages[0], messages.at(-1)];
  if (first === undefined || last === undefined) return { damaged: [], through: after, looked: 0 };
  // Ids of deliveries grow in the order of acceptance.
  const ids = { $gte: first.firstDelivery ?? 0, $lt: endOf(last) };
  const open = await delivery
    .find({ _id: ids, open: true }, { session, projection: { _id: 1 } })
    .map(({ _id }) => _id)
    .toArray();
  const leaves = await leavesOf(
    messages.map(({ record }) => record),
    block,
    session,
  );
  const damaged = messages.flatMap((each): DamagedMessage[] => {
    const isUnderWay = open.some((id) => id >= (each.firstDelivery ?? 0) && id < endOf(each));
    const { record, digest, at, expiresAt, category, severity, unit } = each;
    const [id, thread] = [messageIdOf(each._id), each.thread && idOf(each.thread)];
    const columns = { id, source: each._id.source, digest, at, expiresAt, category, severity, thread };
    if (!isDamaged({ ...columns, unit }, { leaf: leaves.get(record), isUnderWay })) return [];
    return [{ message: id, leaf: record }];
  });
  return { damaged, through: last.record + 1, looked: messages.length };
}

/** @param records rising */
async function leavesOf(
  records: readonly number[],
  blocks: Collections['block'],
  session: ClientSession,
): Promise<Map<number, Buffer>> {
  const wanted = new Set(records);
  const [from = 0, last = 0] = [records[0], records.at(-1)];
  const found = new Map<number, Buffer>();
  for await (const { first, count, leaves } of blocksFrom(blocks, from, [], session)) {
    for (const [place, leaf] of splitLeaves(leaves).entries())
      if (wanted.has(first + place)) found.set(first + place, leaf);
    if (first + count > last) break;
  }
  return found;
}

function endOf({ firstDelivery = 0, recipients = [] }: MessageDocument): number {
  return firstDelivery + recipients.length;
}
