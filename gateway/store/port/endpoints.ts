/** Endpoints: permits to enrol, and the directory. */
import type { EndpointAddress } from '../../../protocol/ids.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import type { RecordEntry } from './records.ts';

/** A permission to enrol, kept as the SHA-256 of its secret. */
export type EnrolmentPermit = {
  readonly secretDigest: Buffer;
  readonly endpoint: EndpointAddress;
  readonly roles: readonly string[];
  readonly expiresAt: number;
};

/** A permit, and whether an endpoint has enrolled with it. */
export type ReadPermit = EnrolmentPermit & { readonly isUsed: boolean };

export type PermitRefusal = 'token-invalid' | 'token-expired' | 'token-used';

/**
 * A signing key, OpenPGP primary key or encryption subkey belongs to one endpoint, revoked ones included. Decided in
 * the commit, so that of two who claim one key at the same instant, one is told this, through any gateway.
 */
export type KeyTaken = 'key-taken';

export type Replacement = 'replaced' | 'overtaken' | KeyTaken;

/**
 * All endpoints ever enrolled, each in its latest form, and in the same order the index of the leaf that says so, and
 * the version with which it came to be so. `version` grows with every change.
 */
export type DirectorySnapshot = {
  readonly version: number;
  readonly entries: readonly DirectoryEntry[];
  readonly leaves: readonly number[];
  readonly versions: readonly number[];
};

/** One endpoint's row of the directory: its latest entry, and the index of the leaf that says so. */
export type DirectoryRow = { readonly entry: DirectoryEntry; readonly leaf: number };

/** What a store does for it: a part of `Store`. */
export type EndpointStore = {
  readDirectory(): Promise<DirectorySnapshot>;
  /** Of the directory, one endpoint alone; undefined where it never enrolled. */
  readEntry(endpoint: EndpointAddress): Promise<DirectoryRow | undefined>;
  /** The newest leaf about the entry of each endpoint, as the store noted it beside the entries. */
  readNewestChanges(): Promise<ReadonlyMap<EndpointAddress, number>>;
  /** Keeps a permit, in the place of any other for the same endpoint, used or not. */
  permitEnrolment(permit: EnrolmentPermit, record: RecordEntry): Promise<void>;
  /** The unexpired permit for a secret, or why there is none. */
  readPermit(secretDigest: Buffer, now: number): Promise<ReadPermit | Exclude<PermitRefusal, 'token-used'>>;
  /**
   * Uses up the permit and puts the entry into the directory, together.
   * @returns `key-taken`, with nothing changed, when another endpoint's entry has one of its public keys
   */
  enrol(
    secretDigest: Buffer,
    entry: DirectoryEntry,
    now: number,
    record: RecordEntry,
  ): Promise<'enrolled' | PermitRefusal | KeyTaken>;
  /**
   * Replaces an endpoint's latest entry (renewal, revocation), provided that it is active and still is `before`,
   * as the directory gave it.
   * @returns with nothing changed, `overtaken` when it was revoked, renewed or enrolled again meanwhile, or never was
   * there, and `key-taken` when it would get a public key that another endpoint's entry has
   */
  replaceEntry(before: DirectoryEntry, after: DirectoryEntry, record: RecordEntry): Promise<Replacement>;
};
