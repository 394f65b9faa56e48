/**
 * Which alerts speak of a case: they name messages of it with their senders, how they belong together, and what that
 * may mean. So as long as one can be read, the case has not been forgotten.
 */
import { z } from 'zod';
import { messageIdSchema, type MessageId } from '../../protocol/ids.ts';
import type { CaseId, Store } from '../store/port.ts';

export type AlertAbout = {
  /** The case of the alert. */
  readonly case: CaseId;
  /** The leaf that speaks of it. */
  readonly leaf: number;
  /** False where the leaf's body is the gateway's own, which nobody may erase: so older versions wrote it. */
  readonly isErasable: boolean;
};

type Source = Pick<Store, 'readLeaves' | 'readEvidence'>;

/** Kinds of leaves that name messages of other cases. */
export const kindsAboutOthers = ['alert.raised', 'alert.unsent'];

/** What matters here of their bodies; an erased one says none of it. */
const bodySchema = z.object({
  thread: messageIdSchema,
  events: z.array(messageIdSchema),
  sources: z.array(z.string()),
});

/** Whoever orders the erasure of a case can have alerts erased with it; each has a leaf of its own, which says so. */
const erasureSchema = z.object({ case: messageIdSchema, with: messageIdSchema.optional() });

/**
 * Finds them, also when the case itself was erased before: which case a body belonged to can be seen without its secret.
 * @param leaves the indices of all leaves of {@link kindsAboutOthers}
 */
export async function findAlertsAbout(
  of: CaseId,
  leaves: readonly number[],
  store: Source,
): Promise<readonly AlertAbout[]> {
  const found: AlertAbout[] = [];
  const cases = new Map<string, CaseId | undefined>();
  for (const index of leaves) {
    const [leaf] = await store.readLeaves(index, 1);
    const body = bodySchema.safeParse(leaf?.entry).data;
    if (leaf === undefined || body === undefined) continue;
    for (const [nth, event] of body.events.entries()) {
      const source = body.sources[nth] ?? '';
      const key = `${event} ${source}`;
      if (!cases.has(key)) cases.set(key, await caseOf(event, source, store));
      if (cases.get(key) !== of) continue;
      found.push({ case: body.thread, leaf: index, isErasable: leaf.case === body.thread });
      break;
    }
  }
  return found;
}

/**
 * The alerts that were erased by the order of a case since it was last erased itself: they go before it, and whoever
 * carries out the order may be stopped in between.
 * @param leaves the indices of all leaves of the kind `case.erased`, rising
 */
export async function findErasedWith(
  of: CaseId,
  leaves: readonly number[],
  store: Pick<Store, 'readLeaves'>,
): Promise<readonly CaseId[]> {
  let erased: CaseId[] = [];
  for (const index of leaves) {
    const body = erasureSchema.safeParse((await store.readLeaves(index, 1))[0]?.entry).data;
    // What went before that is in the certificate of that.
    if (body?.case === of) erased = [];
    else if (body?.with === of) erased.push(body.case);
  }
  return erased;
}

async function caseOf(id: MessageId, source: string, store: Source): Promise<CaseId | undefined> {
  const evidence = await store.readEvidence(id);
  const record = evidence.find((one) => one.source === source)?.record;
  return record === undefined ? undefined : (await store.readLeaves(record, 1))[0]?.case;
}
