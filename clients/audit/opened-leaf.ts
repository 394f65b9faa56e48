/** What the leaves of an evidence open to, once they are known to stand in the log. */
import type { Leaf } from '../../protocol/audit/leaf.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';

/** A leaf that stands in the log, and what it opens to. */
export type OpenedLeaf = {
  readonly index: number;
  readonly leaf: Leaf;
  /** Its body as JSON; undefined where it has none, or the case was erased. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
};

/** What a leaf of the directory says: the entry that an endpoint had from there on. */
export type EntryInForce = { readonly index: number; readonly entry: DirectoryEntry };
