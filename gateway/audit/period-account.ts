/** What the leaves of a period say by what is not in them: gaps in senders' counts, notices unread, agencies silent. */
import type { Leaf } from '../../protocol/audit/leaf.ts';
import { agencyOf } from '../../protocol/ids.ts';
import type { RecordEntry, StoredLeaf } from '../store/port.ts';
import { openLeaf } from '../store/stored-leaf.ts';
import { doerOf } from './audit-fact.ts';
import { indexedLeaf, type LeafMatter } from './leaf-terms.ts';
import { SequenceCounts, type CountedMessage, type Recount, type SequenceGap } from './sequence-counts.ts';

/** How far a delivery that nobody has signed for has come. */
export type UnreadState = 'waiting' | 'arrived' | 'expired';

/** A delivery that was neither stored nor refused when the period ended. What was erased is absent. */
export type UnreadNotice = {
  /** The leaf of the acceptance, and which of its recipients. */
  readonly leaf: number;
  readonly nth: number;
  /** When it was accepted, ms since 1970. */
  readonly acceptedAt: number;
  readonly state: UnreadState;
  readonly message?: string | undefined;
  readonly source?: string | undefined;
  readonly recipient?: string | undefined;
  readonly category?: string | undefined;
  readonly severity?: string | undefined;
};

export type PeriodFindings = {
  readonly gaps: readonly SequenceGap[];
  /** Numbers that were missing before the period and still are. */
  readonly missingBefore: number;
  readonly recounts: readonly Recount[];
  /** Waiting at the end, whenever they were accepted; expired in the period. */
  readonly unread: readonly UnreadNotice[];
  /** How many expired before the period and were not stored since. */
  readonly expiredBefore: number;
  /** Agencies of which no endpoint did anything in the period, whoever wrote to them. */
  readonly silent: readonly string[];
  /** Notices up to the end whose case was erased: their numbers are not known any more. */
  readonly erasedNotices: number;
  /** Leaves up to the end whose bodies were changed in the store: what they said counts for nothing here. */
  readonly changed: readonly number[];
  /** Leaves up to the end whose secret is gone without an erasure on record: the same of them. */
  readonly secretGone: readonly number[];
};

/** An accepted notice with deliveries that are not settled; `nth` → how far. */
type OpenNotice = Omit<UnreadNotice, 'nth' | 'state' | 'recipient'> & {
  readonly recipients: readonly string[];
  readonly deliveries: Map<number, Delivery>;
};
type Delivery = { state: UnreadState; expiredAt?: number };

/** Takes all leaves of the log from the first one on, up to the end of the period, in order. */
export class PeriodAccount {
  readonly #from: number;
  readonly #counts = new SequenceCounts();
  readonly #open = new Map<number, OpenNotice>();
  readonly #heard = new Set<string>();
  #erasedNotices = 0;
  readonly #changed: number[] = [];
  readonly #secretGone: number[] = [];
  #hasBegun = false;

  /** @param from the first leaf of the period */
  constructor(from: number) {
    this.#from = from;
  }

  note(leaf: StoredLeaf): void {
    if (leaf.index >= this.#from) this.#begin();
    // A leaf that is not the published one keeps the period from being proven, and nobody asks what was found in it.
    if (leaf.tampered === 'changed') this.#changed.push(leaf.index);
    if (leaf.tampered === 'secret-gone') this.#secretGone.push(leaf.index);
    const open = openLeaf(leaf);
    const { matter = {} } = indexedLeaf(leaf);
    if (leaf.index >= this.#from) this.#noteDoer(matter, open);
    const [group, word] = open.kind.split('.');
    if (group === 'delivery') this.#noteDelivery(word ?? '', open, leaf);
    else if (open.kind === 'message.accepted') this.#noteAcceptance(leaf, matter);
    else if (open.kind === 'message.refused') this.#noteRefusal(leaf);
  }

  /** @param agencies all that take part */
  findings(agencies: Iterable<string>): PeriodFindings {
    this.#begin();
    const unread: UnreadNotice[] = [];
    let expiredBefore = 0;
    for (const { recipients, deliveries, ...notice } of this.#open.values()) {
      for (const [nth, { state, expiredAt = Infinity }] of deliveries) {
        if (expiredAt < this.#from) expiredBefore++;
        else unread.push({ ...notice, nth, state, recipient: recipients[nth] });
      }
    }
    return {
      ...this.#counts.gaps(),
      recounts: this.#counts.recounts,
      unread: unread.sort((a, b) => a.leaf - b.leaf || a.nth - b.nth),
      expiredBefore,
      silent: [...agencies].filter((agency) => !this.#heard.has(agency)),
      erasedNotices: this.#erasedNotices,
      changed: this.#changed,
      secretGone: this.#secretGone,
    };
  }

  /** What is missing or began again up to now is older than the period. */
  #begin(): void {
    if (!this.#hasBegun) this.#counts.beginPeriod();
    this.#hasBegun = true;
  }

  #noteAcceptance({ index, at, entry, erased }: StoredLeaf, matter: LeafMatter): void {
    if (erased) {
      this.#erasedNotices++;
      return;
    }
    const { message, source, recipients = [], category, severity } = matter;
    const deliveries = new Map(recipients.map((_, nth): [number, Delivery] => [nth, { state: 'waiting' }]));
    const notice = { leaf: index, acceptedAt: at, message, source, category, severity };
    if (deliveries.size > 0) this.#open.set(index, { ...notice, recipients, deliveries });
    if (isCounted(entry)) this.#counts.accepted(entry, index);
  }

  #noteRefusal({ entry, erased }: StoredLeaf): void {
    if (erased) this.#erasedNotices++;
    // Only the sender itself can have used up its number.
    else if (entry.authentic === true && isCounted(entry)) this.#counts.refused(entry);
  }

  #noteDelivery(word: string, { of = -1, nth = 0 }: Leaf, { index, at }: StoredLeaf): void {
    const notice = this.#open.get(of);
    if (word === 'stored' || word === 'refused') {
      notice?.deliveries.delete(nth);
      if (notice?.deliveries.size === 0) this.#open.delete(of);
    } else if (word === 'expired') {
      // The acceptance of an erased case says nothing of its recipients.
      const kept = notice ?? { leaf: of, acceptedAt: at, recipients: [], deliveries: new Map() };
      kept.deliveries.set(nth, { state: 'expired', expiredAt: index });
      this.#open.set(of, kept);
    } else {
      const delivery = notice?.deliveries.get(nth);
      if (delivery?.state === 'waiting') delivery.state = 'arrived';
    }
  }

  #noteDoer({ endpoint: named, source }: LeafMatter, { kind, endpoint, of, nth = 0 }: Leaf): void {
    const notice = of === undefined ? undefined : this.#open.get(of);
    const doer = doerOf(kind, {
      endpoint: endpoint ?? (typeof named === 'string' ? named : undefined),
      source: source ?? notice?.source,
      recipient: notice?.recipients[nth],
    });
    if (doer?.includes('/') === true) this.#heard.add(agencyOf(doer));
  }
}

function isCounted(entry: RecordEntry): entry is RecordEntry & CountedMessage {
  const { message, source, to, sequence } = entry;
  return (
    typeof message === 'string' && typeof source === 'string' && Array.isArray(to) && Array.isArray(sequence)
  );
}
