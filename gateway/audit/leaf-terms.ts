/** What of a leaf can be searched for: its terms, and what a line about it needs. */
import { erasedBodiesKind } from '../store/erased-bodies.ts';
import type { Leaf } from '../../protocol/audit/leaf.ts';
import { agencyOf } from '../../protocol/ids.ts';
import { houseCase, type CaseId, type RecordEntry, type StoredLeaf } from '../store/port.ts';
import { openLeaf } from '../store/stored-leaf.ts';

/** What the index keeps of a body: enough for a line, never more than the body said. */
export type LeafMatter = {
  readonly message?: string;
  readonly source?: string;
  /** In the order of the acceptance's deliveries. */
  readonly recipients?: readonly string[];
  readonly category?: string;
  readonly severity?: string;
  readonly [name: string]: unknown;
};

/** A leaf as the index takes it in. */
export type IndexedLeaf = {
  readonly index: number;
  /** ms since 1970 */
  readonly at: number;
  readonly kind: string;
  readonly code: string | undefined;
  /** The leaf of the acceptance or refusal that it continues, and which of its recipients. */
  readonly of: number | undefined;
  readonly nth: number | undefined;
  /** The case whose secret opens its body. */
  readonly case: CaseId | undefined;
  readonly matter: LeafMatter | undefined;
  readonly erased: boolean;
};

export type SearchField = 'agency' | 'endpoint' | 'case' | 'category' | 'kind' | 'outcome';
export type Term = `${SearchField}:${string}`;

/** What can have come of a message, a delivery or a request. Codes of errors are outcomes as well. */
export const outcomes = [
  'accepted',
  'refused',
  'repeated',
  'delivered',
  'stored',
  'expired',
  'error',
] as const;

export function indexedLeaf({ index, at, leaf, entry, case: of, erased, tampered }: StoredLeaf): IndexedLeaf {
  const open = openLeaf({ leaf, at, entry, tampered });
  const isOpen = of !== undefined && !erased;
  // What was changed in the store is found by its case, which stands beside the body, and says nothing else.
  const matter = tampered !== undefined ? {} : matterOf(open, entry);
  return {
    index,
    at,
    kind: open.kind,
    code: open.code,
    of: open.of,
    nth: open.nth,
    case: isOpen && of !== houseCase ? of : undefined,
    matter: isOpen ? matter : undefined,
    erased,
  };
}

/** Terms that erasure leaves: what the leaf says in the open. */
export function openTerms({ kind, code }: Pick<IndexedLeaf, 'kind' | 'code'>): Term[] {
  const [group = '', ...rest] = kind.split('.');
  const word = rest.join('.').split('-').at(-1) ?? '';
  const terms: Term[] = [`kind:${kind}`, `kind:${group}`];
  if ((outcomes as readonly string[]).includes(word)) terms.push(`outcome:${word}`);
  if (code !== undefined) terms.push(`outcome:${code}`);
  return terms;
}

/**
 * Terms that erasure takes away.
 * @param of the case of the body; the case that a body of the gateway's own speaks of otherwise
 * @param nth only that one of the recipients, for a delivery
 */
export function matterTerms(matter: LeafMatter, of: CaseId | undefined, nth?: number): Term[] {
  const terms = new Set<Term>();
  const spokenOf = of ?? (typeof matter.case === 'string' ? matter.case : undefined);
  if (spokenOf !== undefined) terms.add(`case:${spokenOf}`);
  if (matter.category !== undefined) terms.add(`category:${matter.category}`);
  const all = listOf(matter.recipients);
  const recipients = nth === undefined ? all : [all[nth]];
  for (const address of [matter.source, matter.endpoint, ...recipients, ...listOf(matter.sources)]) {
    if (typeof address !== 'string') continue;
    terms.add(`endpoint:${address}`);
    if (address.includes('/')) terms.add(`agency:${agencyOf(address)}`);
  }
  if (typeof matter.agency === 'string') terms.add(`agency:${matter.agency}`);
  return [...terms];
}

function matterOf({ kind }: Leaf, entry: RecordEntry): LeafMatter {
  const { kind: _, ...rest } = entry;
  if (kind.startsWith('message.')) return messageMatter(rest);
  // Its list may be long.
  return kind === erasedBodiesKind ? { case: rest.case } : rest;
}

function messageMatter({
  message,
  source,
  category,
  severity,
  ...rest
}: Record<string, unknown>): LeafMatter {
  const recipients = recipientsOf(rest.decisions, rest.to);
  return {
    ...(typeof message === 'string' && { message }),
    ...(typeof source === 'string' && { source }),
    ...(typeof category === 'string' && { category }),
    ...(typeof severity === 'string' && { severity }),
    ...(recipients.length > 0 && { recipients }),
  };
}

/** Whom it was decided about; where it came to no decision, whom it was addressed to. */
function recipientsOf(decisions: unknown, to: unknown): string[] {
  const decided = listOf(decisions).flatMap((decision) => {
    const recipient = (decision as { readonly recipient?: unknown } | null)?.recipient;
    return typeof recipient === 'string' ? [recipient] : [];
  });
  return decided.length > 0 ? decided : listOf(to).filter((address) => typeof address === 'string');
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
