/**
 * Looks for the bodies of a case before the transaction that erases it: the members end a transaction after five seconds,
 * each commit of another gateway has it begin anew, and the log is long.
 *
 * What was found holds for the secret that opened it, for as long as the case has that secret: bodies are never written
 * again. So the transaction holds the secret against its own, and looks only at the blocks that have come since.
 */
import type { ClientSession } from 'mongodb';
import type { CaseVault } from '../case-vault.ts';
import { OpenBodies, proposedLeaves } from '../erased-bodies.ts';
import type { CaseId, ProposedBodies } from '../port.ts';
import type { CausalTime } from './causal-time.ts';
import type { Collections } from './documents.ts';
import { failureOf } from './failures.ts';
import { idBinary } from './keys.ts';
import { blocksFrom, blocksOf } from './leaf-runs.ts';

/** Leaves of a case whose bodies open under its secret, of the first `asOf` leaves of the log. */
export type FoundBodies = {
  /** Undefined where the case has none. */
  readonly secret: Buffer | undefined;
  readonly asOf: number;
  /** Rising. */
  readonly leaves: readonly number[];
};

type Search = {
  readonly id: CaseId;
  readonly proposed: ProposedBodies;
  /** What was found before, to go on from there. */
  readonly before: FoundBodies | undefined;
};

type SearchContext = {
  readonly collections: Collections;
  readonly causal: CausalTime;
  readonly vault: CaseVault;
};

/** Looks up to the end of the log as it is now. @throws CausewayError */
export async function findBodies(search: Search, context: SearchContext): Promise<FoundBodies> {
  return context.causal
    .within(async (session) => find(search, context, session))
    .catch((error: unknown) => Promise.reject(failureOf(error)));
}

async function find(
  { id, proposed, before }: Search,
  { collections, vault }: SearchContext,
  session: ClientSession,
): Promise<FoundBodies> {
  const secret = (await collections.caseSecret.findOne({ _id: idBinary(id) }, { session }))?.secret;
  if (secret === undefined) return { secret, asOf: 0, leaves: [] };
  const open = new OpenBodies(id, vault, secret);
  const isSame = before !== undefined && isSameSecret(before.secret, secret);
  if (!isSame) {
    const messages = collections.message.find(
      { thread: idBinary(id) },
      { session, projection: { record: 1 } },
    );
    const records = (await messages.toArray()).map(({ record }) => record);
    const leaves = proposedLeaves(proposed, records);
    for await (const block of blocksOf(collections.block, leaves, session)) open.take(block);
  }
  let { asOf } = isSame ? before : proposed;
  for await (const block of blocksFrom(collections.block, asOf, ['at', 'bodies'], session)) {
    open.take(block);
    asOf = block.first + block.count;
  }
  return { secret, asOf, leaves: isSame ? [...before.leaves, ...open.leaves] : open.leaves };
}

export function isSameSecret(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other);
}
