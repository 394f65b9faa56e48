/**
 * The token index: which described subjects may be one child, decided pair by pair from their tokens alone.
 *
 * Notices with exactly the same tokens share one record, so a description that was seen before costs one look-up, and
 * a new one costs its tokens: never more with a longer history.
 */
import { decideTier, type Link as Decision } from '../../protocol/linkage/tier.ts';
import { tokenSetsOf, type SubjectTokens, type TokenSet } from '../../protocol/linkage/subject-tokens.ts';
import type { Link, Linker, LinkRecord } from './linker.ts';
import { foldTokenKeys, readTokenKeys, tokensIn } from './token-keys.ts';
import { MemoryTokenTable, type TokenTable } from './token-table.ts';

class IndexedRecord implements LinkRecord {
  readonly id: number;
  readonly sets: readonly TokenSet[];
  readonly tokens: readonly string[];
  readonly links: Link[] = [];
  /** Records with which this one shares tokens and yet cannot be one child. */
  contradicted: Set<LinkRecord> | undefined;
  /** Records that were asked about because they stand in one star, and that do not contradict. */
  compatible: WeakSet<LinkRecord> | undefined;
  /** The next record of the same fold. */
  next: IndexedRecord | undefined;
  #itself: Omit<Link, 'to'> | undefined | 'undecided' = 'undecided';
  #fingerprint: string | undefined;

  constructor(id: number, subject: SubjectTokens, tokens: readonly string[]) {
    this.id = id;
    this.sets = tokenSetsOf(subject);
    this.tokens = tokens;
  }

  /** Decided when it is asked for: most descriptions come once. */
  get itself(): Omit<Link, 'to'> | undefined {
    if (this.#itself === 'undecided') this.#itself = linkOf(decide(this, this));
    return this.#itself;
  }

  get fingerprint(): string {
    this.#fingerprint ??= this.tokens.join('');
    return this.#fingerprint;
  }
}

export class LinkIndex implements Linker<SubjectTokens> {
  readonly #table: TokenTable;
  readonly #byFold = new Map<number, IndexedRecord>();
  readonly #records: (IndexedRecord | undefined)[] = [];
  readonly #free: number[] = [];

  constructor(table: TokenTable = new MemoryTokenTable()) {
    this.#table = table;
  }

  /** Descriptions that are held. */
  get size(): number {
    return this.#records.length - this.#free.length;
  }

  admit(subject: SubjectTokens): LinkRecord {
    const tokens = tokensIn(subject);
    const keys = readTokenKeys(tokens);
    const fold = foldTokenKeys(keys);
    const first = this.#byFold.get(fold);
    for (let known = first; known !== undefined; known = known.next) {
      if (areSame(known.tokens, tokens)) return known;
    }
    const record = new IndexedRecord(this.#free.pop() ?? this.#records.length, subject, tokens);
    record.next = first;
    this.#byFold.set(fold, record);
    this.#records[record.id] = record;
    const candidates = new Set<number>();
    this.#table.admit(keys, record.id, (other) => candidates.add(other));
    for (const id of candidates) {
      const other = this.#records[id];
      if (other !== undefined && other !== record) relate(record, other);
    }
    return record;
  }

  conflicts(a: LinkRecord, b: LinkRecord): boolean {
    const [left, right] = [a as IndexedRecord, b as IndexedRecord];
    if (left.contradicted?.has(right) === true) return true;
    if (left.compatible?.has(right) === true) return false;
    if (decide(left, right)?.tier === 'conflict') {
      contradict(left, right);
      return true;
    }
    (left.compatible ??= new WeakSet()).add(right);
    (right.compatible ??= new WeakSet()).add(left);
    return false;
  }

  release(record: LinkRecord): void {
    const gone = record as IndexedRecord;
    const keys = readTokenKeys(gone.tokens);
    this.#table.remove(keys, gone.id);
    for (const { to } of gone.links) {
      const { links } = to as IndexedRecord;
      const place = links.findIndex((link) => link.to === gone);
      if (place >= 0) links.splice(place, 1);
    }
    for (const other of gone.contradicted ?? []) (other as IndexedRecord).contradicted?.delete(gone);
    this.#unchain(foldTokenKeys(keys), gone);
    this.#records[gone.id] = undefined;
    this.#free.push(gone.id);
  }

  #unchain(fold: number, gone: IndexedRecord): void {
    const first = this.#byFold.get(fold);
    if (first === gone) {
      if (gone.next === undefined) this.#byFold.delete(fold);
      else this.#byFold.set(fold, gone.next);
      return;
    }
    for (let one = first; one !== undefined; one = one.next) if (one.next === gone) one.next = gone.next;
  }
}

function relate(record: IndexedRecord, other: IndexedRecord): void {
  const decision = decide(record, other);
  if (decision?.tier === 'conflict') {
    contradict(record, other);
    return;
  }
  const link = linkOf(decision);
  if (link === undefined) return;
  record.links.push({ ...link, to: other });
  other.links.push({ ...link, to: record });
}

function contradict(left: IndexedRecord, right: IndexedRecord): void {
  (left.contradicted ??= new Set()).add(right);
  (right.contradicted ??= new Set()).add(left);
}

/** Decides in the newest epoch that both have. */
function decide(left: IndexedRecord, right: IndexedRecord): Decision | undefined {
  for (const set of left.sets) {
    for (const other of right.sets) if (set.epoch === other.epoch) return decideTier(set, other);
  }
  return undefined;
}

function linkOf(decision: Decision | undefined): Omit<Link, 'to'> | undefined {
  if (decision === undefined) return undefined;
  const { tier, agreements } = decision;
  if (tier !== 'same' && tier !== 'possible') return undefined;
  return { tier, types: agreements.map(({ recipe }) => recipe) };
}

function areSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((token, place) => token === right[place]);
}
