/** Numbers that are kept by name, outside of the chain: they are no news to anybody. */
import type { Lease } from '../port.ts';
import type { CausalTime } from './causal-time.ts';
import type { Collections } from './documents.ts';
import { enforceLease } from './leases.ts';
import type { Access } from './load.ts';
import { runTransaction } from './run-transaction.ts';

type Context = {
  readonly collections: Collections;
  readonly causal: CausalTime;
  /** Who holds the lease, if it is held. */
  readonly holder: string;
  readonly lease: Lease | undefined;
  readonly patienceMs: number;
};

/** See the store port. @throws CausewayError `lease-lost`; the driver's errors otherwise */
export async function setMarks(
  marks: ReadonlyMap<string, number>,
  { collections, causal, holder, lease, patienceMs }: Context,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  await causal.within(async (session) => {
    const work = async (): Promise<void> => {
      if (lease !== undefined) await enforceLease(lease, holder, { collections, session });
      await writeMarks(marks, { collections, session });
    };
    await runTransaction(session, work, deadline);
  });
}

/** Within a transaction. */
export async function writeMarks(
  marks: ReadonlyMap<string, number>,
  { collections, session }: Access,
): Promise<void> {
  for (const [_id, value] of marks)
    await collections.mark.updateOne({ _id }, { $set: { value } }, { session, upsert: true });
}
