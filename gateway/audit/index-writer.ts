/** Takes leaves into the search index, and takes the matter of an erased case out again. One transaction at a time. */
import type { DatabaseSync } from 'node:sqlite';
import type { CaseId, StoredLeaf } from '../store/port.ts';
import { prepareAll, type Statements } from './index-file.ts';
import {
  indexedLeaf,
  matterTerms,
  openTerms,
  type IndexedLeaf,
  type LeafMatter,
  type Term,
} from './leaf-terms.ts';
import { OffsetSet, segmentLeaves } from './offset-set.ts';

/** Says that a case was erased: in its body, which case. */
export const erasureKind = 'case.erased';

/** What a delivery inherits from the leaf that it continues. */
type Origin = {
  readonly case: CaseId | undefined;
  readonly matter: LeafMatter | undefined;
  readonly erased: boolean;
};

type LeafRow = readonly [
  at: number,
  kind: string,
  code: string | null,
  of: number | null,
  nth: number | null,
];
type OriginRow = readonly [of: string | null, matter: string | null, erased: number];

export class IndexWriter {
  readonly #statements: Statements<typeof texts>;
  /** Origins that were met last. */
  readonly #origins = new Map<number, Origin>();
  /** Postings that are not written yet, of one segment. */
  readonly #fresh = new Map<Term, OffsetSet>();
  #segment = -1;
  #firstAt = Infinity;
  #lastAt = -Infinity;

  constructor(database: DatabaseSync) {
    this.#statements = prepareAll(database, texts);
  }

  /** How many leaves were taken in, and the last of them. */
  progress(): { readonly next: number; readonly tail: string } {
    const [next, tail] = this.#statements.progress.get() as unknown as readonly [number, string];
    return { next, tail };
  }

  /** Takes in leaves that follow the last one. Within a transaction. */
  add(leaves: readonly StoredLeaf[]): void {
    this.#origins.clear();
    for (const stored of leaves) {
      const leaf = indexedLeaf(stored);
      this.#add(leaf);
      const erased = leaf.kind === erasureKind ? leaf.matter?.case : undefined;
      if (typeof erased === 'string') this.forget(erased as CaseId, leaf.index);
    }
    this.#flush();
    const last = leaves.at(-1);
    if (last !== undefined) this.#statements.setProgress.run(last.index + 1, last.leaf);
  }

  /** Takes case, agencies, endpoints and category from the leaves of a case before an index. Within a transaction. */
  forget(id: CaseId, before: number): void {
    this.#flush();
    this.#origins.clear();
    const own: Term = `case:${id}`;
    const terms = new Set<Term>([own]);
    const taken = new Map<number, OffsetSet>();
    for (const row of this.#statements.segmentsOf.all(own)) {
      const [segment, bytes] = row as unknown as readonly [number, Uint8Array];
      for (const offset of OffsetSet.decode(bytes).descending()) {
        const leaf = segment * segmentLeaves + offset;
        if (leaf >= before || !this.#isOf(leaf, id, terms)) continue;
        let set = taken.get(segment);
        if (set === undefined) taken.set(segment, (set = new OffsetSet()));
        set.add(offset);
      }
    }
    for (const [segment, offsets] of taken) {
      for (const term of terms) this.#take(term, segment, offsets);
      for (const offset of offsets.descending()) this.#statements.strip.run(segment * segmentLeaves + offset);
    }
  }

  /** Whether the leaf's body is the case's, or it continues one whose body is; the terms of the body are collected. */
  #isOf(leaf: number, id: CaseId, terms: Set<Term>): boolean {
    const [, , , of] = this.#statements.leaf.get(leaf) as unknown as LeafRow;
    const origin = this.#readOrigin(of ?? leaf);
    if (origin?.case !== id) return false;
    for (const term of matterTerms(origin.matter ?? {}, id)) terms.add(term);
    return true;
  }

  #add(leaf: IndexedLeaf): void {
    const segment = Math.floor(leaf.index / segmentLeaves);
    if (segment !== this.#segment) this.#flush();
    this.#segment = segment;
    this.#firstAt = Math.min(this.#firstAt, leaf.at);
    this.#lastAt = Math.max(this.#lastAt, leaf.at);
    const own = { case: leaf.case, matter: leaf.matter, erased: leaf.erased };
    const origin =
      leaf.of === undefined ? own : (this.#origins.get(leaf.of) ?? this.#readOrigin(leaf.of) ?? own);
    this.#keepOrigin(leaf.of ?? leaf.index, origin);
    this.#statements.insert.run(
      leaf.index,
      leaf.at,
      leaf.kind,
      leaf.code ?? null,
      leaf.of ?? null,
      leaf.nth ?? null,
      own.case ?? null,
      own.matter === undefined ? null : JSON.stringify(own.matter),
      origin.erased ? 1 : 0,
    );
    const terms = openTerms(leaf);
    if (origin.matter !== undefined) terms.push(...matterTerms(origin.matter, origin.case, leaf.nth));
    for (const term of terms) {
      let offsets = this.#fresh.get(term);
      if (offsets === undefined) this.#fresh.set(term, (offsets = new OffsetSet()));
      offsets.add(leaf.index % segmentLeaves);
    }
  }

  #keepOrigin(leaf: number, origin: Origin): void {
    if (this.#origins.size >= 50_000) this.#origins.clear();
    this.#origins.set(leaf, origin);
  }

  #readOrigin(leaf: number): Origin | undefined {
    const row = this.#statements.origin.get(leaf) as unknown as OriginRow | undefined;
    if (row === undefined) return undefined;
    const [of, matter, erased] = row;
    return {
      case: of === null ? undefined : (of as CaseId),
      matter: matter === null ? undefined : (JSON.parse(matter) as LeafMatter),
      erased: erased === 1,
    };
  }

  #flush(): void {
    if (this.#fresh.size === 0) return;
    for (const [term, offsets] of this.#fresh) {
      const row = this.#statements.posting.get(term, this.#segment) as unknown as
        readonly [Uint8Array] | undefined;
      if (row !== undefined) offsets.addEncoded(row[0]);
      this.#statements.setPosting.run(term, this.#segment, offsets.encode());
    }
    this.#statements.widenSegment.run(this.#segment, this.#firstAt, this.#lastAt);
    this.#fresh.clear();
    this.#firstAt = Infinity;
    this.#lastAt = -Infinity;
  }

  #take(term: Term, segment: number, offsets: OffsetSet): void {
    const row = this.#statements.posting.get(term, segment) as unknown as readonly [Uint8Array] | undefined;
    if (row === undefined) return;
    const rest = OffsetSet.decode(row[0]);
    rest.remove(offsets);
    if (rest.isEmpty) this.#statements.dropPosting.run(term, segment);
    else this.#statements.setPosting.run(term, segment, rest.encode());
  }
}

const texts = {
  progress: 'SELECT next, tail FROM progress',
  setProgress: 'UPDATE progress SET next = ?, tail = ?',
  insert:
    'INSERT INTO leaf (leaf, at, kind, code, of, nth, "case", matter, erased) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  leaf: 'SELECT at, kind, code, of, nth FROM leaf WHERE leaf = ?',
  origin: 'SELECT "case", matter, erased FROM leaf WHERE leaf = ?',
  strip: 'UPDATE leaf SET "case" = NULL, matter = NULL, erased = 1 WHERE leaf = ?',
  posting: 'SELECT offsets FROM posting WHERE term = ? AND segment = ?',
  setPosting: `INSERT INTO posting (term, segment, offsets) VALUES (?, ?, ?)
    ON CONFLICT (term, segment) DO UPDATE SET offsets = excluded.offsets`,
  dropPosting: 'DELETE FROM posting WHERE term = ? AND segment = ?',
  segmentsOf: 'SELECT segment, offsets FROM posting WHERE term = ?',
  widenSegment: `INSERT INTO segment (segment, first_at, last_at) VALUES (?, ?, ?)
    ON CONFLICT (segment) DO UPDATE
    SET first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`,
} as const;
