/** What was accepted, for those who read it in order: the correlator, and retention, which lets payloads go. */
import type { EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import type { PackedTokens } from '../../../protocol/linkage/packed-set.ts';
import type { Envelope, Severity } from '../../../protocol/wire/envelope.ts';
import type { Lease } from './leases.ts';
import type { RecordEntry } from './records.ts';

/** A message that was accepted, for whoever reads them in order. */
export type Acceptance = {
  /** Stands behind the leaf of the acceptance, whose index is one less: 0 stands before the first. */
  readonly position: number;
  /** When it was committed, ms since 1970. */
  readonly at: number;
  /** What follows is what its envelope says; `time` in ms since 1970. */
  readonly id: MessageId;
  readonly source: EndpointAddress;
  readonly time: number;
  readonly category: string;
  readonly severity: Severity;
  readonly to: Envelope['to'];
  readonly thread: MessageId;
  readonly inReplyTo: MessageId | undefined;
  readonly subjects: readonly PackedTokens[];
};

/** A message whose payload is still kept, as far as retention must know it. */
export type KeptPayload = {
  /** As in {@link Acceptance}. */
  readonly position: number;
  readonly category: string;
  /** What the message takes now: envelope, proof and payload. */
  readonly unitBytes: number;
  /** When the last of its deliveries came to its end, ms since 1970; null while one is under way. */
  readonly endedAt: number | null;
  /** True when every recipient has stored it. */
  readonly isStored: boolean;
};

export type PayloadPortion = {
  readonly payloads: readonly KeptPayload[];
  /** Up to this position everything was looked at; where nothing is left to look at, the one that was asked from. */
  readonly through: number;
};

/** What a store does for it: a part of `Store`. */
export type AcceptanceStore = {
  /**
   * Messages that were accepted after a position (0: from the first on), in order, at most `limit` and about 1 MiB of
   * what has to be read of them, but one at least where any is left. Those of erased cases, those accepted before
   * `since` and those that are damaged are left out.
   * @param since ms since 1970
   */
  readAcceptances(after: number, limit: number, since: number): Promise<readonly Acceptance[]>;
  /**
   * Looks at the next `limit` messages after a position (0: from the first on), up to the first that was accepted
   * at `before` or later, ms since 1970, and gives those whose payload is still there, in order.
   */
  readPayloads(after: number, limit: number, before: number): Promise<PayloadPortion>;
  /**
   * Takes the payloads of messages at these positions. Envelopes, proofs and outcomes stay. A message that has a
   * delivery under way, and one without a payload, is left alone. Where something went, the record is written with
   * it, and says of how many and of which leaves.
   * @param lease see `submit`
   * @returns how many payloads went
   * @throws CausewayError `lease-lost`
   */
  retirePayloads(positions: readonly number[], record: RecordEntry, lease?: Lease): Promise<number>;
  /** How far those who read in order have come: numbers that are kept by name; and `erasureMark`. */
  readMarks(): Promise<ReadonlyMap<string, number>>;
  /**
   * Keeps these numbers, together. They are no news: no leaf tells of them.
   * @param lease see `submit`
   * @throws CausewayError `lease-lost`
   */
  setMarks(marks: ReadonlyMap<string, number>, lease?: Lease): Promise<void>;
};
