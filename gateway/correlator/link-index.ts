/**
 * The token index: which described subjects may be one child, decided pair by pair from their tokens alone.
 *
 * Notices with exactly the same tokens share one record, so a description that was seen before costs one look-up, and
 * a new one costs its tokens: never more with a longer history.
 */
import { decideLink, type Link as Decision } from '../../protocol/linkage/tier.ts';
import { tokenSetsOf, type SubjectTokens } from '../../protocol/linkage/subject-tokens.ts';
import type { Link, Linker, LinkRecord } from './linker.ts';
import { highOf, lowOf, MemoryTokenTable, type TokenTable } from './token-table.ts';

class IndexedRecord implements LinkRecord {
  readonly id: number;
  readonly fingerprint: string;
  readonly subject: SubjectTokens;
  readonly links: Link[] = [];
  /** Records with which this one shares tokens and yet cannot be one child. */
  readonly contradicted = new Set<LinkRecord>();
  #itself: Omit<Link, 'to'> | undefined | 'undecided' = 'undecided';

  constructor(id: number, fingerprint: string, subject: SubjectTokens) {
    this.id = id;
    this.fingerprint = fingerprint;
    this.subject = subject;
  }

  /** Decided when it is asked for: most descriptions come once. */
  get itself(): Omit<Link, 'to'> | undefined {
    if (this.#itself === 'undecided') this.#itself = linkOf(decideLink(this.subject, this.subject));
    return this.#itself;
  }
}

export class LinkIndex implements Linker<SubjectTokens> {
  readonly #tokens: TokenTable;
  readonly #byFingerprint = new Map<string, IndexedRecord>();
  readonly #records: (IndexedRecord | undefined)[] = [];
  readonly #free: number[] = [];
  /** Answers for pairs that share no token, asked for when they stand in one star. */
  readonly #unrelated = new WeakMap<LinkRecord, WeakSet<LinkRecord>>();

  constructor(tokens: TokenTable = new MemoryTokenTable()) {
    this.#tokens = tokens;
  }

  /** Descriptions that are held. */
  get size(): number {
    return this.#byFingerprint.size;
  }

  admit(subject: SubjectTokens): LinkRecord {
    const tokens = tokensIn(subject);
    const fingerprint = fingerprintOf(tokens);
    const known = this.#byFingerprint.get(fingerprint);
    if (known !== undefined) return known;
    const record = this.#createRecord(subject, fingerprint);
    for (const other of this.#candidates(tokens)) this.#relate(record, other);
    for (const token of tokens) this.#tokens.add(token, record.id);
    this.#byFingerprint.set(fingerprint, record);
    return record;
  }

  conflicts(a: LinkRecord, b: LinkRecord): boolean {
    const [left, right] = [a as IndexedRecord, b as IndexedRecord];
    if (left.contradicted.has(right)) return true;
    if (this.#unrelated.get(left)?.has(right) === true) return false;
    if (decideLink(left.subject, right.subject).tier === 'conflict') {
      left.contradicted.add(right);
      right.contradicted.add(left);
      return true;
    }
    remember(this.#unrelated, left, right);
    remember(this.#unrelated, right, left);
    return false;
  }

  release(record: LinkRecord): void {
    const gone = record as IndexedRecord;
    for (const token of tokensIn(gone.subject)) this.#tokens.remove(token, gone.id);
    for (const { to } of gone.links) {
      const { links } = to as IndexedRecord;
      links.splice(
        links.findIndex((link) => link.to === gone),
        1,
      );
    }
    for (const other of gone.contradicted) (other as IndexedRecord).contradicted.delete(gone);
    this.#byFingerprint.delete(gone.fingerprint);
    this.#records[gone.id] = undefined;
    this.#free.push(gone.id);
  }

  #createRecord(subject: SubjectTokens, fingerprint: string): IndexedRecord {
    const id = this.#free.pop() ?? this.#records.length;
    const record = new IndexedRecord(id, fingerprint, subject);
    this.#records[id] = record;
    return record;
  }

  #candidates(tokens: readonly string[]): ReadonlySet<IndexedRecord> {
    const found = new Set<IndexedRecord>();
    for (const token of tokens) {
      this.#tokens.find(token, (id) => {
        const record = this.#records[id];
        if (record !== undefined) found.add(record);
      });
    }
    return found;
  }

  #relate(record: IndexedRecord, other: IndexedRecord): void {
    const decision = decideLink(record.subject, other.subject);
    if (decision.tier === 'conflict') {
      record.contradicted.add(other);
      other.contradicted.add(record);
      return;
    }
    const link = linkOf(decision);
    if (link === undefined) return;
    record.links.push({ ...link, to: other });
    other.links.push({ ...link, to: record });
  }
}

function linkOf({ tier, agreements }: Decision): Omit<Link, 'to'> | undefined {
  if (tier !== 'same' && tier !== 'possible') return undefined;
  return { tier, types: agreements.map(({ recipe }) => recipe) };
}

/** Every token of every epoch, in the order of the description. */
function tokensIn(subject: SubjectTokens): string[] {
  return tokenSetsOf(subject).flatMap(({ tokens }) => Object.values(tokens).flat());
}

/** 120 bits folded from all tokens: the same for the same tokens in the same order. */
function fingerprintOf(tokens: readonly string[]): string {
  let [a, b, c, d] = [tokens.length, 0x9e3779b1, 0x85ebca6b, 0xc2b2ae35];
  for (const token of tokens) {
    const [high, low] = [highOf(token), lowOf(token)];
    a = Math.imul(a ^ high, 0x85ebca6b) ^ (a >>> 13);
    b = Math.imul(b ^ low, 0xc2b2ae35) ^ (b >>> 15);
    c = Math.imul(c ^ (high + low), 0x27d4eb2f) ^ (c >>> 14);
    d = Math.imul(d ^ (high ^ low), 0x165667b1) ^ (d >>> 16);
  }
  return String.fromCharCode(...[a, b, c, d].flatMap((word) => [word & 0xffff, word >>> 16]));
}

function remember(map: WeakMap<LinkRecord, WeakSet<LinkRecord>>, one: LinkRecord, other: LinkRecord): void {
  const known = map.get(one);
  if (known === undefined) map.set(one, new WeakSet([other]));
  else known.add(other);
}
