/** Reading a block of the audit log back: leaves, and their bodies where the secret of their case is still there. */
import type { Leaf } from '../../protocol/audit/leaf.ts';
import type { Digest } from '../../protocol/ids.ts';
import type { CaseVault } from './case-vault.ts';
import { splitBodies, splitLeaves } from './leaf-block.ts';
import type { CaseId, RecordEntry, StoredLeaf } from './port.ts';

/** A row of the log. */
export type BlockRow = {
  /** Index of its first leaf. */
  readonly first: number;
  readonly at: number;
  readonly leaves: Buffer;
  readonly bodies: Buffer;
};

/**
 * Opens the leaves of a block from an index on. What cannot be opened is said to be tampered with here, as far as the
 * block tells: whether the case was erased, only the rest of the log can say, see `Erasures`.
 * @param secretOf undefined where the secret is gone
 */
export function openBlock(
  { first, at, leaves, bodies }: BlockRow,
  from: number,
  vault: CaseVault,
  secretOf: (id: CaseId) => Uint8Array | undefined,
): StoredLeaf[] {
  const sealedBodies = splitBodies(bodies);
  const opened: StoredLeaf[] = [];
  for (const [place, bytes] of splitLeaves(leaves).entries()) {
    const index = first + place;
    if (index < from) continue;
    const leaf = bytes.toString('latin1');
    const body = sealedBodies.get(place);
    if (body === undefined) {
      const isMissing = commitmentIn(leaf) !== undefined;
      const tampered = isMissing ? { tampered: 'changed' as const } : {};
      opened.push({ index, at, leaf, entry: openEntry(leaf), erased: false, ...tampered });
      continue;
    }
    const secret = secretOf(body.of);
    const plain =
      secret === undefined ? undefined : vault.open(vault.keyOf(secret), body.sealed, commitmentIn(leaf));
    if (plain === undefined) {
      const tampered = secret === undefined ? 'secret-gone' : 'changed';
      opened.push({ index, at, leaf, entry: openEntry(leaf), case: body.of, erased: false, tampered });
      continue;
    }
    const text = plain.body.toString('utf8');
    opened.push({
      index,
      at,
      leaf,
      entry: JSON.parse(text) as RecordEntry,
      case: body.of,
      erased: false,
      opening: { salt: plain.salt.toString('base64url'), body: text },
    });
  }
  return opened;
}

/** What a leaf says itself; its time stands beside it. */
function openEntry(leaf: string): RecordEntry {
  const { at: _, ...entry } = JSON.parse(leaf) as RecordEntry;
  return entry;
}

function commitmentIn(leaf: string): Digest | undefined {
  return (JSON.parse(leaf) as Leaf).commitment;
}
