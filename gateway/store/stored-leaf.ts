/** Reading a block of the audit log back: leaves, and their bodies where the secret of their case is still there. */
import type { Leaf } from '../../protocol/audit/leaf-text.ts';
import { errorCodes } from '../../protocol/errors.ts';
import type { CaseVault } from './case-vault.ts';
import { BrokenLogError } from './joined-blocks.ts';
import { bodyAt, countLeaves, leafAt, splitBodies, splitLeaves, type BlockBodies } from './leaf-block.ts';
import type { CaseId, StoredLeaf, Tampering, RecordEntry } from './port.ts';

/** A row of the log. */
export type BlockRow = {
  /** Index of its first leaf. */
  readonly first: number;
  readonly at: number;
  readonly leaves: Buffer;
  readonly bodies: Buffer;
};

/** The sealed bodies of a block by the place of their leaf. @throws BrokenLogError where they cannot be told apart */
export function bodiesOf({ first, bodies }: Pick<BlockRow, 'first' | 'bodies'>): BlockBodies {
  const split = splitBodies(bodies);
  if (split !== undefined) return split;
  throw new BrokenLogError(
    `The block of the audit log that begins with leaf ${first} is damaged: what its leaves say cannot be told apart.`,
  );
}

/**
 * Opens the leaves of a block from an index on. What cannot be opened is said to be tampered with here, as far as the
 * block tells: whether the case was erased, only the rest of the log can say, see `Erasures`.
 * @param secretOf undefined where the secret is gone
 * @throws BrokenLogError
 */
export function openBlock(
  row: BlockRow,
  from: number,
  vault: CaseVault,
  secretOf: (id: CaseId) => Uint8Array | undefined,
): StoredLeaf[] {
  const { first, at, leaves } = row;
  const sealedBodies = bodiesOf(row);
  const opened: StoredLeaf[] = [];
  for (const [place, bytes] of splitLeaves(leaves).entries()) {
    const index = first + place;
    if (index < from) continue;
    const leaf = bytes.toString('latin1');
    const parsed = parseLeafText(leaf);
    const body = sealedBodies.get(place);
    if (parsed === undefined) {
      opened.push({ index, at, leaf, entry: { kind: unreadableKind }, erased: false, tampered: 'rewritten' });
      continue;
    }
    // Its time stands beside it.
    const { at: _, ...entry } = parsed;
    const { commitment } = parsed;
    if (body === undefined) {
      const tampered = commitment === undefined ? {} : { tampered: 'changed' as const };
      opened.push({ index, at, leaf, entry, erased: false, ...tampered });
      continue;
    }
    const secret = secretOf(body.of);
    const plain = secret === undefined ? undefined : vault.open(vault.keyOf(secret), body.sealed, commitment);
    if (plain === undefined) {
      const tampered = secret === undefined ? 'secret-gone' : 'changed';
      opened.push({ index, at, leaf, entry, case: body.of, erased: false, tampered });
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

/**
 * The body of one leaf, of whose block the rest is not read.
 * @returns undefined where the block does not hold it, or it does not open, whatever the reason
 */
export function openBody(
  { first, leaves, bodies }: BlockRow,
  index: number,
  vault: CaseVault,
  secretOf: (id: CaseId) => Uint8Array | undefined,
): RecordEntry | undefined {
  const text = leafAt(leaves, index - first)?.toString('latin1');
  const body = bodyAt(bodies, index - first);
  if (text === undefined || body === undefined) return undefined;
  const secret = secretOf(body.of);
  if (secret === undefined) return undefined;
  const plain = vault.open(vault.keyOf(secret), body.sealed, parseLeafText(text)?.commitment);
  return plain && (JSON.parse(plain.body.toString('utf8')) as RecordEntry);
}

/** The case whose secret the body of a leaf is sealed under, as stands beside it; undefined where it has none. */
export function caseOfLeaf(
  { first, bodies }: Pick<BlockRow, 'first' | 'bodies'>,
  index: number,
): CaseId | undefined {
  return bodyAt(bodies, index - first)?.of;
}

/** The leaves of a block whose bodies are of one case, and open under its secret. Of one that is damaged, none. */
export function openBlockOf(
  { first, leaves, bodies }: BlockRow,
  of: CaseId,
  vault: CaseVault,
  secret: Uint8Array,
): number[] {
  const sealedBodies = splitBodies(bodies);
  if (sealedBodies === undefined || countLeaves(leaves) === undefined) return [];
  const places = [...sealedBodies].filter(([, body]) => body.of === of);
  if (places.length === 0) return [];
  const texts = splitLeaves(leaves);
  const key = vault.keyOf(secret);
  const opening = places.filter(([place, { sealed }]) => {
    const leaf = parseLeafText(texts[place]?.toString('latin1') ?? '');
    return vault.open(key, sealed, leaf?.commitment) !== undefined;
  });
  return opening.map(([place]) => first + place);
}

/** What a leaf says in the open; of one that is no longer what the store has made, since somebody has edited it, its kind. */
export function openLeaf({
  leaf,
  at,
  entry,
  tampered,
}: Pick<StoredLeaf, 'leaf' | 'at' | 'entry'> & { readonly tampered?: Tampering | undefined }): Leaf {
  const open = tampered === 'rewritten' ? undefined : parseLeafText(leaf);
  return open ?? { kind: entry.kind, at };
}

const unreadableKind = 'unreadable';
const numbers = ['of', 'nth'] as const;
const texts = ['message', 'envelope', 'receipt', 'endpoint', 'entry', 'policy', 'commitment'] as const;
const codes: ReadonlySet<unknown> = new Set(errorCodes);

/**
 * Undefined for what is no leaf: no store has ever made one of that form. Threads of the store load no schemas, and what
 * a leaf says is bound by the log: it is enough that nobody stumbles over it.
 */
function parseLeafText(text: string): Leaf | undefined {
  try {
    const leaf = JSON.parse(text) as Record<string, unknown>;
    const isLeaf =
      typeof leaf.kind === 'string' &&
      numbers.every((name) => leaf[name] === undefined || Number.isSafeInteger(leaf[name])) &&
      texts.every((name) => leaf[name] === undefined || typeof leaf[name] === 'string') &&
      (leaf.code === undefined || codes.has(leaf.code));
    return isLeaf ? (leaf as Leaf) : undefined;
  } catch {
    return undefined;
  }
}
