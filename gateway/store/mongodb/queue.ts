/** Reading an endpoint's queue: deliveries that are under way, with the units of their messages. */
import type { ClientSession } from 'mongodb';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { wholeUnit } from '../accepted-unit.ts';
import type { DamagedMessage, DeliveryId, Lane, QueuedDelivery } from '../port.ts';
import type { Collections, DeliveryDocument } from './documents.ts';
import { messageIdOf, messageKey } from './keys.ts';

/** What one reading gives back, about. */
const maxReadBytes = 1024 * 1024;

type Question = {
  readonly recipient: EndpointAddress;
  readonly lane: Lane;
  readonly after: DeliveryId;
  readonly limit: number;
  /** ms since 1970 */
  readonly now: number;
};

/** See `Store.readQueue`. @param onDamaged told of what has no unit to be delivered */
export async function readQueue(
  collections: Collections,
  { recipient, lane, after, limit, now }: Question,
  session: ClientSession,
  onDamaged: (message: DamagedMessage) => void,
): Promise<QueuedDelivery[]> {
  const filter = { recipient, lane, open: true as const, _id: { $gt: after }, expiresAt: { $gt: now } };
  const queued = collections.delivery.find(filter, { session, hint: 'queue' });
  const deliveries = withinBudget(await queued.sort({ _id: 1 }).limit(limit).toArray());
  const units = await readUnits(collections, deliveries, session);
  const spoilt: DeliveryDocument[] = [];
  const read = deliveries.map((delivery): QueuedDelivery => {
    const { _id, message, digest: envelopeDigest, expiresAt } = delivery;
    const base = { delivery: _id, lane, message, expiresAt };
    const whole = wholeUnit({ unit: units.get(unitName(delivery)), digest: envelopeDigest });
    if (whole !== undefined) return { ...base, envelopeDigest, unit: whole.bytes };
    spoilt.push(delivery);
    return { ...base, unit: undefined };
  });
  for (const { message, record } of await stillOpen(collections, spoilt, session)) {
    onDamaged({ message, leaf: record });
  }
  return read;
}

/** Those that have not ended since they were read: a unit goes with the erasure of its case, and that is no damage. */
async function stillOpen(
  { delivery }: Collections,
  deliveries: readonly DeliveryDocument[],
  session: ClientSession,
): Promise<readonly DeliveryDocument[]> {
  if (deliveries.length === 0) return deliveries;
  const ids = deliveries.map(({ _id }) => _id);
  const asked = { session, projection: { _id: 1 }, hint: '_id_' } as const;
  const found = delivery.find({ _id: { $in: ids }, open: true }, asked);
  const open = new Set(await found.map(({ _id }) => _id).toArray());
  return deliveries.filter(({ _id }) => open.has(_id));
}

/** The units of deliveries, by {@link unitName}. */
async function readUnits(
  { message }: Collections,
  deliveries: readonly DeliveryDocument[],
  session: ClientSession,
): Promise<ReadonlyMap<string, Buffer>> {
  const units = new Map<string, Buffer>();
  if (deliveries.length === 0) return units;
  const keys = deliveries.map((delivery) => messageKey(delivery.source, delivery.message));
  const found = message.find({ _id: { $in: keys } }, { session, projection: { unit: 1 } });
  for await (const { _id, unit } of found) {
    if (unit !== undefined) units.set(unitName({ source: _id.source, message: messageIdOf(_id) }), unit);
  }
  return units;
}

function unitName({ source, message }: Pick<DeliveryDocument, 'source' | 'message'>): string {
  return `${message} ${source}`;
}

/** As many as make about a mebibyte, one at least. */
function withinBudget(deliveries: readonly DeliveryDocument[]): readonly DeliveryDocument[] {
  let bytes = 0;
  const end = deliveries.findIndex(({ unitBytes }) => (bytes += unitBytes) >= maxReadBytes);
  return end < 0 ? deliveries : deliveries.slice(0, end + 1);
}
