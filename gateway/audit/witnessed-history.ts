/**
 * Whether a witness that refuses has cosigned another history of the log. Its refusal alone does not show that: whatever
 * stands between it and here, such as a proxy, may have answered. Its own last checkpoint, which it has cosigned and the
 * key of the log has signed, does.
 */
import { openCheckpoint, type TrustedCheckpoint } from '../../protocol/proof/checkpoint.ts';
import { proveConsistency, rootFromTiles, type TileReader } from '../../protocol/proof/tile-proof.ts';
import { verifyConsistency } from '../../protocol/proof/tree-proof.ts';
import type { VerifierKey } from '../../protocol/proof/verifier-key.ts';
import type { PublishedCheckpoint } from './published-checkpoint.ts';

/** What the last checkpoint of a witness shows. */
export type WitnessedHistory =
  /** The log has signed two histories. */
  | { readonly is: 'another'; readonly size: number }
  /** What is published here leads on from it. */
  | { readonly is: 'this-one'; readonly size: number }
  /** It has more entries than are published here, so what is here cannot be held against it. */
  | { readonly is: 'longer'; readonly size: number };

/**
 * @param note the last checkpoint of the witness
 * @throws CausewayError `note-malformed`, `log-foreign`; `note-untrusted` or `note-uncosigned` when not both have signed
 * it. Whatever the reader throws, and an error where the tiles do not lead to what is published: then they are spoilt, and show nothing
 */
export async function compareHistories(
  note: string,
  published: PublishedCheckpoint,
  keys: { readonly log: VerifierKey; readonly witness: VerifierKey },
  read: TileReader,
): Promise<WitnessedHistory> {
  const trust = { keys: [keys.log], witnesses: [keys.witness], witnessesNeeded: 1 };
  const { size, root }: TrustedCheckpoint = openCheckpoint(note, trust);
  if (size > published.size) return { is: 'longer', size };
  const own = await provenRoot(size, published, read);
  return { is: own.equals(root) ? 'this-one' : 'another', size };
}

/** The root of the first entries of what is published, of which the tiles prove that it is one. */
async function provenRoot(size: number, published: PublishedCheckpoint, read: TileReader): Promise<Buffer> {
  if (size === published.size) return published.root;
  const fromRoot = await rootFromTiles(size, read);
  if (size === 0) return fromRoot;
  const path = await proveConsistency(size, published.size, read);
  const { root } = published;
  if (!verifyConsistency({ fromSize: size, fromRoot, size: published.size, root, path }))
    throw new Error('the tiles do not lead to what is published');
  return fromRoot;
}
