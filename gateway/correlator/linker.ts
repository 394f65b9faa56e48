/**
 * How the correlator learns which subjects may be one child. A record stands for all notices whose subject was
 * described in exactly the same way; links join two records and nothing more: no chain of links is ever merged.
 */
import type { Tier } from './patterns/pattern.ts';

/** A tie between two records, with what it rests on. */
export type Link = {
  readonly to: LinkRecord;
  readonly tier: Tier;
  /** Types of the recipes that agree, for people to judge by. */
  readonly types: readonly string[];
};

/** One way in which a subject was described. */
export type LinkRecord = {
  /** The same for the same description, whatever came before it; for putting records in order. */
  readonly fingerprint: string;
  /** How surely two notices with this very description speak of one child; `undefined` for no link at all. */
  readonly itself: Omit<Link, 'to'> | undefined;
  /** Grows, at both ends, as further records are admitted. */
  readonly links: readonly Link[];
};

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
