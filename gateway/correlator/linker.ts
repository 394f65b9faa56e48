/**
 * How the correlator learns which subjects may be one child. A record stands for all notices whose subject was
 * described in exactly the same way; links join two records and nothing more: no chain of links is ever merged.
 */
import type { LinkRecord } from './entry.ts';

export type { Link, LinkRecord } from './entry.ts';

/** Finds links. `S` is how a subject is described: its tokens. */
export type Linker<S> = {
  /** The record of a description; a new one is linked to those that are known. @param agency whose it is */
  readonly admit: (subject: S, agency?: string) => LinkRecord;
  /** Whether the last admission was of a known description, and tied it to more of the others. */
  readonly hasTiedAnew: boolean;
  /** True when the two speak against being one child, as twins do. */
  readonly conflicts: (a: LinkRecord, b: LinkRecord) => boolean;
  /** Forgets a record that no event of the horizon has. */
  readonly release: (record: LinkRecord) => void;
};
