/** Where in the order of acceptance a time begins: what is older is passed over without being read. */
import type { ClientSession, Collection, Filter } from 'mongodb';
import { clockSkewMs } from '../clock-skew.ts';
import type { MessageDocument } from './documents.ts';

/**
 * The leaf of the first message that may have been accepted at a time or later: leaves and times grow together, but
 * for what the clocks of gateways differ by, so halving finds it.
 */
export async function firstSince(
  messages: Collection<MessageDocument>,
  since: number,
  session: ClientSession,
): Promise<number> {
  const next = async (record: number, direction: 1 | -1): Promise<MessageDocument | null> => {
    const filter: Filter<MessageDocument> = { record: { $gte: record }, unit: { $exists: true } };
    const options = { session, hint: 'by_record', projection: { at: 1, record: 1 } } as const;
    return await messages.findOne(filter, { ...options, sort: { record: direction } });
  };
  let low = 0;
  let high = ((await next(0, -1))?.record ?? -1) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = await next(middle, 1);
    if (found === null || found.at >= since - clockSkewMs) high = middle;
    else low = found.record + 1;
  }
  return low;
}
