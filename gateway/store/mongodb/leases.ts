/**
 * Rights that one gateway holds at a time. The end of a lease goes by the server's clock, but nothing rests on
 * clocks: whoever writes under a lease proves in the same transaction that its epoch is still the latest. A holder
 * that stood still for long finds its write refused, however sure it is of its time.
 */
import { CausewayError } from '../../../protocol/errors.ts';
import type { Lease } from '../port.ts';
import { nobody, type Collections } from './documents.ts';
import { unreadable } from './failures.ts';
import type { Access } from './load.ts';

export class Leases {
  readonly #leases: Collections['lease'];
  readonly #holder: string;
  /**
   * Until when each lease was taken last. A release names it: one that was sent before an outage, and that the server
   * carries out after it, must not take away the lease that was taken since.
   */
  readonly #until = new Map<string, Date>();

  constructor(leases: Collections['lease'], holder: string) {
    this.#leases = leases;
    this.#holder = holder;
  }

  /** See the store port. @throws CausewayError `store-unavailable` */
  async take(name: string, durationMs: number): Promise<Lease | undefined> {
    try {
      const taken = await this.#takeFree(name, durationMs);
      if (taken !== undefined) return taken;
      const unheld = { holder: nobody, epoch: 0, until: new Date(0), writes: 0 };
      const { upsertedCount } = await this.#leases.updateOne(
        { _id: name },
        { $setOnInsert: unheld },
        { upsert: true },
      );
      return upsertedCount === 0 ? undefined : await this.#takeFree(name, durationMs);
    } catch (error) {
      throw unreadable(error);
    }
  }

  /** Takes a lease that is there, and is ours or has run out. */
  async #takeFree(name: string, durationMs: number): Promise<Lease | undefined> {
    const holder = this.#holder;
    const nextEpoch = { $cond: [{ $eq: ['$holder', holder] }, '$epoch', { $add: ['$epoch', 1] }] };
    const until = { $dateAdd: { startDate: '$$NOW', unit: 'millisecond', amount: durationMs } };
    const taken = await this.#leases.findOneAndUpdate(
      { _id: name, $or: [{ holder }, { $expr: { $lte: ['$until', '$$NOW'] } }] },
      [{ $set: { epoch: nextEpoch, holder, until } }],
      { returnDocument: 'after' },
    );
    if (taken === null) return undefined;
    this.#until.set(name, taken.until);
    return { name, epoch: taken.epoch };
  }

  /** See the store port. @throws CausewayError `store-unavailable` */
  async release({ name, epoch }: Lease): Promise<void> {
    const until = this.#until.get(name);
    if (until === undefined) return;
    const free = { $set: { holder: nobody, until: new Date(0) } };
    try {
      await this.#leases.updateOne({ _id: name, epoch, holder: this.#holder, until }, free);
    } catch (error) {
      throw unreadable(error);
    }
  }
}

/**
 * Binds a transaction to a lease: both change its document, so of a takeover and this commit one comes first.
 * @throws CausewayError `lease-lost`
 */
export async function enforceLease(
  { name, epoch }: Lease,
  holder: string,
  { collections, session }: Access,
): Promise<void> {
  const { matchedCount } = await collections.lease.updateOne(
    { _id: name, epoch, holder },
    { $inc: { writes: 1 } },
    { session },
  );
  if (matchedCount === 0) throw new CausewayError('lease-lost', { detail: `It is the lease ${name}.` });
}
