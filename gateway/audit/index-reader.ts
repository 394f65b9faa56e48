/** Answers searches from the index: newest first, a page at a time, touching only segments that can match. */
import type { DatabaseSync } from 'node:sqlite';
import type { CaseId } from '../store/port.ts';
import { isUnread, prepareAll, type Statements } from './index-file.ts';
import type { IndexedLeaf, LeafMatter, SearchField, Term } from './leaf-terms.ts';
import { OffsetSet, segmentLeaves } from './offset-set.ts';

/** What is looked for: each field that is given must match, by any of its values. */
export type SearchQuery = Readonly<Partial<Record<SearchField, readonly string[]>>> & {
  /** Committed at or after, and before, ms since 1970. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Only leaves below this index: where the page before has ended. */
  readonly before?: number | undefined;
};

/** A leaf that was found. Its case and its matter are its own, or those of the leaf that it continues. */
export type SearchHit = IndexedLeaf;

export type SearchPage = {
  readonly hits: readonly SearchHit[];
  /** Give this as `before` for the next page; undefined when there is none. */
  readonly next: number | undefined;
};

const fields: readonly SearchField[] = ['case', 'endpoint', 'agency', 'category', 'outcome', 'kind'];

type LeafRow = readonly [
  at: number,
  kind: string,
  code: string | null,
  of: number | null,
  nth: number | null,
  ofCase: string | null,
  matter: string | null,
  erased: number,
];

export class IndexReader {
  readonly #statements: Statements<typeof texts>;

  constructor(database: DatabaseSync) {
    this.#statements = prepareAll(database, texts);
  }

  /** One page of at most `limit` hits. */
  search(query: SearchQuery, limit: number): SearchPage {
    const hits: SearchHit[] = [];
    for (const index of this.matches(query)) {
      if (hits.length === limit) return { hits, next: hits.at(-1)?.index };
      const hit = this.#readHit(index);
      if (hit !== undefined) hits.push(hit);
    }
    return { hits, next: undefined };
  }

  /** The indices of all that match, newest first. */
  *matches(query: SearchQuery): Generator<number> {
    const { from = -Infinity, to = Infinity, before = Number.MAX_SAFE_INTEGER } = query;
    const groups = fields.flatMap((field) => {
      const values = query[field];
      return values === undefined ? [] : [values.map((value): Term => `${field}:${value}`)];
    });
    let start: number | undefined = Math.floor((before - 1) / segmentLeaves);
    while ((start = this.#lastCommonSegment(groups, start)) !== undefined) {
      const segment = start--;
      const times = this.#timesOf(segment);
      if (times.last < from || times.first >= to) continue;
      const isWhole = times.first >= from && times.last < to;
      for (const offset of this.#offsetsIn(segment, groups, before - segment * segmentLeaves).descending()) {
        const index = segment * segmentLeaves + offset;
        if (isWhole || this.#isWithin(index, from, to)) yield index;
      }
    }
  }

  /** The last segment at or before `start` in which each group has a term: each group moves it down until all agree. */
  #lastCommonSegment(groups: readonly (readonly Term[])[], start: number): number | undefined {
    let segment = this.#number(this.#statements.lastSegment.get(start));
    for (let agreed = 0; segment !== undefined && agreed < groups.length;) {
      const group: readonly Term[] = groups[agreed] ?? [];
      const found: number = Math.max(
        -1,
        ...group.map((term) => this.#number(this.#statements.lastPosting.get(term, segment ?? 0)) ?? -1),
      );
      if (found < 0) return undefined;
      agreed = found === segment ? agreed + 1 : 0;
      segment = found;
    }
    return segment;
  }

  #offsetsIn(segment: number, groups: readonly (readonly Term[])[], end: number): OffsetSet {
    const found = OffsetSet.below(Math.min(end, this.#leavesIn(segment)));
    for (const group of groups) {
      const any = new OffsetSet();
      for (const term of group) {
        const row = this.#statements.posting.get(term, segment) as unknown as
          readonly [Uint8Array] | undefined;
        if (row !== undefined) any.addEncoded(row[0]);
      }
      found.keepOnly(any);
    }
    return found;
  }

  #leavesIn(segment: number): number {
    const next = this.#number(this.#statements.next.get()) ?? 0;
    return next - segment * segmentLeaves;
  }

  #timesOf(segment: number): { readonly first: number; readonly last: number } {
    const row = this.#statements.times.get(segment) as unknown as readonly [number, number] | undefined;
    return { first: row?.[0] ?? Infinity, last: row?.[1] ?? -Infinity };
  }

  #isWithin(index: number, from: number, to: number): boolean {
    const at = this.#number(this.#statements.at.get(index));
    return at !== undefined && at >= from && at < to;
  }

  /** Whether the body of a leaf itself is of a case. */
  isOf(leaf: number, id: CaseId): boolean {
    const row = this.#statements.leaf.get(leaf) as unknown as LeafRow | undefined;
    return row?.[5] === id;
  }

  /** The leaves of whose bodies nothing was taken in, and that were not erased by then. */
  unread(): number[] {
    const rows = this.#statements.unread.all() as unknown as readonly (readonly [number])[];
    return rows.map(([leaf]) => leaf);
  }

  #readHit(index: number): SearchHit | undefined {
    const row = this.#statements.leaf.get(index) as unknown as LeafRow | undefined;
    if (row === undefined) return undefined;
    const [at, kind, code, of, nth, , , erased] = row;
    const origin = of === null ? row : (this.#statements.leaf.get(of) as unknown as LeafRow | undefined);
    const [ownCase, matter] = origin === undefined ? [null, null] : [origin[5], origin[6]];
    return {
      index,
      at,
      kind,
      code: code ?? undefined,
      of: of ?? undefined,
      nth: nth ?? undefined,
      case: ownCase === null ? undefined : (ownCase as CaseId),
      matter: matter === null ? undefined : (JSON.parse(matter) as LeafMatter),
      erased: erased === 1,
    };
  }

  #number(row: unknown): number | undefined {
    return (row as readonly [number | null] | undefined)?.[0] ?? undefined;
  }
}

const texts = {
  next: 'SELECT next FROM progress',
  lastSegment: 'SELECT segment FROM segment WHERE segment <= ? ORDER BY segment DESC LIMIT 1',
  lastPosting: 'SELECT segment FROM posting WHERE term = ? AND segment <= ? ORDER BY segment DESC LIMIT 1',
  posting: 'SELECT offsets FROM posting WHERE term = ? AND segment = ?',
  times: 'SELECT first_at, last_at FROM segment WHERE segment = ?',
  at: 'SELECT at FROM leaf WHERE leaf = ?',
  leaf: 'SELECT at, kind, code, of, nth, "case", matter, erased FROM leaf WHERE leaf = ?',
  unread: `SELECT leaf FROM leaf WHERE ${isUnread}`,
} as const;
