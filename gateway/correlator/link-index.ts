/**
 * The token index: which described subjects may be one child, decided pair by pair from their tokens alone.
 *
 * Notices with exactly the same tokens share one record, so a description that was seen before costs one look-up, and
 * a new one costs its tokens: never more with a longer history.
 */
import type { PackedTokens } from '../../protocol/linkage/packed-set.ts';
import type { Link, Linker, LinkRecord } from './linker.ts';
import { areInConflict, linkOf } from './packed-pair.ts';
import { PackedStore } from './packed-store.ts';
import { PackedSubject } from './packed-subject.ts';
import { MemoryTokenTable, noAgency, type TokenTable } from './token-table.ts';

/**
 * Records that one is tied to at most, the first that came. No real child is described in so many ways; without a bound
 * one description with the tokens of thousands of others would make each look at it a matter of seconds.
 */
export const maxTies = 200;
/** So many of them at most were described by one agency alone, so that none can keep the others from being tied. */
export const maxTiesOfAgency = 50;

type Tie = Link & { readonly to: IndexedRecord };

/** Fewer ties than so many are gone through faster than a set is asked. */
const tiesInSet = 16;
/** So many pairs at most are remembered as decided: those of a description with the tokens of hundreds, several times. */
const maxDecided = 100_000;
/** Above any number of descriptions that memory holds. */
const pairFactor = 2 ** 26;

class IndexedRecord implements LinkRecord {
  readonly id: number;
  /** Who alone has described anybody so; no agency once several have: it must not count as the one's that was first. */
  agency: number;
  /** Whether it is missing under a token, or a tie, because its agency had too many there. */
  isLeftOut = false;
  readonly links: Tie[] = [];
  held: LinkRecord['held'] = undefined;
  isCut = false;
  /** The block in which its packed sets stand, where in it, and as how many words. */
  readonly block: Int32Array;
  readonly at: number;
  readonly length: number;
  /** Where the store keeps it. */
  readonly place: number;
  /** 52 bits that follow from the tokens. */
  readonly fold: number;
  /** The next record of the same fold. */
  next: IndexedRecord | undefined;
  #itself: Omit<Link, 'to'> | undefined | 'undecided' = 'undecided';
  #fingerprint: string | undefined;
  /** Those that it is tied to; made when it is asked for. */
  #tied: Set<IndexedRecord> | undefined;

  constructor(
    { id, agency }: { readonly id: number; readonly agency: number },
    place: number,
    store: PackedStore,
    length: number,
    fold: number,
  ) {
    this.id = id;
    this.agency = agency;
    this.place = place;
    this.block = store.blockOf(place);
    this.at = store.offsetOf(place);
    this.length = length;
    this.fold = fold;
  }

  /** Decided when it is asked for: most descriptions come once. */
  get itself(): Omit<Link, 'to'> | undefined {
    if (this.#itself === 'undecided') this.#itself = linkOf(this, this);
    return this.#itself;
  }

  get fingerprint(): string {
    this.#fingerprint ??= this.fold.toString(36).padStart(11, '0');
    return this.#fingerprint;
  }

  tie(link: Tie): void {
    this.links.push(link);
    this.#tied?.add(link.to);
  }

  untie(other: IndexedRecord): void {
    const { links } = this;
    for (let place = 0; place < links.length; place += 1) {
      if (links[place]?.to !== other) continue;
      links.splice(place, 1);
      break;
    }
    this.#tied?.delete(other);
  }

  isTiedTo(other: IndexedRecord): boolean {
    if (this.links.length >= tiesInSet) {
      this.#tied ??= new Set(this.links.map(({ to }) => to));
      return this.#tied.has(other);
    }
    for (const { to } of this.links) if (to === other) return true;
    return false;
  }
}

export class LinkIndex implements Linker<PackedTokens> {
  readonly #table: TokenTable;
  readonly #store = new PackedStore();
  readonly #byFold = new Map<number, IndexedRecord>();
  readonly #records: (IndexedRecord | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #asked = new PackedSubject();
  /** A number above 0 for each agency. */
  readonly #agencies = new Map<string, number>();
  /** The admission in which a record was last found, by its id, so that it is compared once. */
  #foundIn = new Uint32Array(1024);
  /** Whether two records conflict, by their ids: the same pairs stand in one star after the other. */
  readonly #decided = new Map<number, boolean>();
  #admission = 0;
  #admitted: IndexedRecord | undefined;
  #hasTiedAnew = false;

  constructor(table: TokenTable = new MemoryTokenTable()) {
    this.#table = table;
  }

  /** Descriptions that are held. */
  get size(): number {
    return this.#records.length - this.#free.length;
  }

  /** Bytes of the packed descriptions. */
  get bytes(): number {
    return this.#store.bytes + this.#foundIn.byteLength;
  }

  get hasTiedAnew(): boolean {
    return this.#hasTiedAnew;
  }

  /** @param subject is copied where it is kept */
  admit(subject: PackedTokens, agency?: string): LinkRecord {
    this.#hasTiedAnew = false;
    const asked = this.#asked;
    asked.read(subject);
    const fold = asked.fold();
    const first = this.#byFold.get(fold);
    for (let known = first; known !== undefined; known = known.next) {
      if (known.length !== asked.length || !asked.equals(known.block, known.at)) continue;
      if (known.agency !== noAgency && known.agency !== this.#numberOf(agency)) this.#share(known);
      return known;
    }
    const place = this.#store.put(subject);
    const id = this.#free.pop() ?? this.#records.length;
    const origin = { id, agency: this.#numberOf(agency) };
    const record = new IndexedRecord(origin, place, this.#store, asked.length, fold);
    record.next = first;
    this.#byFold.set(fold, record);
    this.#records[id] = record;
    this.#relateAll(record);
    return record;
  }

  conflicts(a: LinkRecord, b: LinkRecord): boolean {
    const [left, right] = [a as IndexedRecord, b as IndexedRecord];
    // They were found to be no conflict when they were tied; and stars are full of what is tied.
    if (left.isTiedTo(right)) return false;
    const pair = Math.min(left.id, right.id) * pairFactor + Math.max(left.id, right.id);
    const known = this.#decided.get(pair);
    if (known !== undefined) return known;
    const isConflict = areInConflict(left, right);
    if (this.#decided.size >= maxDecided) this.#decided.clear();
    this.#decided.set(pair, isConflict);
    return isConflict;
  }

  release(record: LinkRecord): void {
    const gone = record as IndexedRecord;
    this.#asked.read({ words: gone.block, from: gone.at, length: gone.length });
    this.#asked.findKeys();
    this.#table.remove(this.#asked, gone.id);
    for (const { to } of gone.links) to.untie(gone);
    this.#unchain(gone);
    this.#store.release(gone.place, gone.length);
    this.#records[gone.id] = undefined;
    this.#free.push(gone.id);
    // Its id is another's from now on.
    if (this.#decided.size > 0) this.#decided.clear();
  }

  #numberOf(agency: string | undefined): number {
    if (agency === undefined) return noAgency;
    const known = this.#agencies.get(agency);
    if (known !== undefined) return known;
    this.#agencies.set(agency, this.#agencies.size + 1);
    return this.#agencies.size;
  }

  /**
   * Has a description count for no agency, since another says it too: whoever says first what others will say must not
   * have it fall under a bound of his own. Where it did, it now takes its place.
   */
  #share(record: IndexedRecord): void {
    record.agency = noAgency;
    if (!record.isLeftOut) {
      this.#table.share(record.id);
      return;
    }
    record.isLeftOut = false;
    const ties = record.links.length;
    this.#asked.findKeys();
    this.#table.remove(this.#asked, record.id);
    this.#relateAll(record);
    this.#hasTiedAnew = record.links.length > ties;
  }

  #relateAll(record: IndexedRecord): void {
    if (record.id >= this.#foundIn.length) {
      const larger = new Uint32Array(this.#foundIn.length * 2);
      larger.set(this.#foundIn);
      this.#foundIn = larger;
    }
    this.#admission = (this.#admission + 1) >>> 0;
    this.#admitted = record;
    this.#foundIn[record.id] = this.#admission;
    for (const { to } of record.links) this.#foundIn[to.id] = this.#admission;
    this.#asked.findKeys();
    if (this.#table.admit(this.#asked, record.id, this.#relateTo, record.agency)) record.isLeftOut = true;
    this.#admitted = undefined;
  }

  readonly #relateTo = (id: number): void => {
    if (this.#foundIn[id] === this.#admission) return;
    this.#foundIn[id] = this.#admission;
    const other = this.#records[id];
    if (other !== undefined && this.#admitted !== undefined) relate(this.#admitted, other);
  };

  #unchain(gone: IndexedRecord): void {
    const first = this.#byFold.get(gone.fold);
    if (first === gone) {
      if (gone.next === undefined) this.#byFold.delete(gone.fold);
      else this.#byFold.set(gone.fold, gone.next);
      return;
    }
    for (let one = first; one !== undefined; one = one.next) if (one.next === gone) one.next = gone.next;
  }
}

function relate(record: IndexedRecord, other: IndexedRecord): void {
  if (!hasRoom(record, other) || !hasRoom(other, record)) return;
  const link = linkOf(record, other);
  if (link === undefined) return;
  const { tier, types } = link;
  record.tie({ to: other, tier, types });
  other.tie({ to: record, tier, types });
}

/** Whether a record may be tied to another; notes of the other that it may be once its agency is not alone with it. */
function hasRoom({ links }: IndexedRecord, other: IndexedRecord): boolean {
  if (links.length < maxTiesOfAgency) return true;
  if (links.length >= maxTies) return false;
  const { agency } = other;
  if (agency === noAgency) return true;
  let ofAgency = 0;
  for (const { to } of links) if (to.agency === agency) ofAgency += 1;
  if (ofAgency < maxTiesOfAgency) return true;
  other.isLeftOut = true;
  return false;
}
