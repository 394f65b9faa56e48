/**
 * The search index of the audit log: a file of its own beside the store. The store's writer never pays for it; each
 * search first takes in the leaves that are new.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { CaseId, ProposedBodies, Store, StoredLeaf } from '../store/port.ts';
import { indexErrorOf, inTransaction, makeWay, openIndexFile, resetIndex } from './index-file.ts';
import { IndexReader, type SearchPage, type SearchQuery } from './index-reader.ts';
import { erasureKind, IndexWriter } from './index-writer.ts';

type LeafReader = Pick<Store, 'readLeaves' | 'countLeaves'>;

/** Leaves taken in at one stroke. */
const maxRoundLeaves = 16_384;
const readLimit = 4_096;

/** The name of the file in a gateway's home. */
export const indexFileName = 'audit-index.db';

export class SearchIndex {
  readonly #file: string;
  readonly #leaves: LeafReader;
  #database: DatabaseSync;
  #writer: IndexWriter;
  #reader: IndexReader;

  private constructor(file: string, leaves: LeafReader, database: DatabaseSync) {
    this.#file = file;
    this.#leaves = leaves;
    this.#database = database;
    this.#writer = new IndexWriter(database);
    this.#reader = new IndexReader(database);
  }

  /**
   * Opens the index of a store's leaves, or begins it. Call {@link close}.
   * @throws CausewayError `store-unavailable` here and from all methods where its file cannot be written
   */
  static open(file: string, leaves: LeafReader): SearchIndex {
    const database = mendingOnce(file, () => openIndexFile(file));
    return new SearchIndex(file, leaves, database);
  }

  /** One page, newest first, of the log as it is now. */
  async search(query: SearchQuery, limit: number): Promise<SearchPage> {
    return this.#ofAll(() => this.#reader.search(query, limit));
  }

  /** The indices of all leaves that match, rising. */
  async findAll(query: SearchQuery): Promise<number[]> {
    return this.#ofAll(() => [...this.#reader.matches(query)].reverse());
  }

  /**
   * Where bodies of a case may be: where this says so, and wherever nothing of a body was taken in. What was changed in the
   * store by then may have been mended since.
   */
  async proposeBodiesOf(id: CaseId): Promise<ProposedBodies> {
    await this.catchUp();
    const propose = (): ProposedBodies => {
      const ofCase = [...this.#reader.matches({ case: [id] })].filter((leaf) => this.#reader.isOf(leaf, id));
      return { asOf: this.#writer.progress().next, leaves: [...ofCase, ...this.#reader.unread()] };
    };
    // As of one moment: another process may empty the index, and take everything in again.
    return this.#mending(() => inTransaction(this.#database, propose));
  }

  /**
   * Takes in what is new.
   * @param onProgress told how many leaves were taken in, and how many there are
   * @returns how many there were when it began
   */
  async catchUp(onProgress?: (done: number, of: number) => void): Promise<number> {
    let round = await this.#beginRound();
    for (;;) {
      const step = await this.#mending(async () => this.#takeLeaves(round));
      if (step === 'done') return round.size;
      if (step === 'again') round = await this.#beginRound();
      onProgress?.(this.#writer.progress().next, round.size);
    }
  }

  /**
   * Takes what a case said out of the index at once, for whoever has just erased it. An index that was not told does
   * so when it meets the leaf of the erasure.
   * @param before index of that leaf, where it is known
   */
  async forgetCase(id: CaseId, before = Number.MAX_SAFE_INTEGER): Promise<void> {
    await this.#mending(() => inTransaction(this.#database, () => this.#writer.forget(id, before)));
  }

  close(): void {
    this.#database.close();
  }

  /**
   * Asks once all has been taken in, and again where the index was emptied before the question. As of one moment: another
   * process may empty the index meanwhile, and take everything in again.
   */
  async #ofAll<T>(ask: () => T): Promise<T> {
    for (;;) {
      const size = await this.catchUp();
      const askWhole = (): { readonly answer: T } | undefined =>
        this.#writer.progress().next >= size ? { answer: ask() } : undefined;
      const whole = await this.#mending(() => inTransaction(this.#database, askWhole, 'DEFERRED'));
      if (whole !== undefined) return whole.answer;
    }
  }

  async #beginRound(): Promise<Round> {
    return { size: await this.#leaves.countLeaves(), first: undefined };
  }

  /** @returns `again` when the index was emptied, or another process has written it meanwhile */
  async #takeLeaves(round: Round): Promise<'done' | 'more' | 'again'> {
    const { next, tail } = this.#writer.progress();
    if (round.first === undefined) {
      round.first = next;
      if (next > 0 && !(await this.#continues(next, tail))) return this.#reset();
    }
    const leaves = await this.#read(next);
    if (leaves.length === 0) return 'done';
    if (leaves.some((leaf) => hidesItsCase(leaf) && hasReadBefore(round, leaf))) return this.#reset();
    return inTransaction(this.#database, () => {
      if (this.#writer.progress().next !== next) return 'again';
      this.#writer.add(leaves);
      return 'more';
    });
  }

  /** Whether the store still has the last leaf that was taken in: otherwise this is the index of another one. */
  async #continues(next: number, tail: string): Promise<boolean> {
    const [last] = await this.#leaves.readLeaves(next - 1, 1);
    return last?.leaf === tail;
  }

  async #read(from: number): Promise<StoredLeaf[]> {
    const leaves: StoredLeaf[] = [];
    while (leaves.length < maxRoundLeaves) {
      const more = await this.#leaves.readLeaves(from + leaves.length, readLimit);
      if (more.length === 0) break;
      leaves.push(...more);
    }
    return leaves;
  }

  #reset(): 'again' {
    resetIndex(this.#database);
    return 'again';
  }

  /** A damaged file is made anew, and one that was removed is begun again, once. */
  async #mending<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!makeWay(error, this.#file)) throw indexErrorOf(error);
      this.#database.close();
      this.#database = openIndexFile(this.#file);
      this.#writer = new IndexWriter(this.#database);
      this.#reader = new IndexReader(this.#database);
      await this.catchUp();
      return await work();
    }
  }
}

/** One catching up: how many leaves there were when it began, and where the index then ended. */
type Round = { readonly size: number; first: number | undefined };

/** Whether some leaf of the index was read before this one was committed: it may stand there unerased. */
function hasReadBefore({ size, first = 0 }: Round, leaf: StoredLeaf): boolean {
  return first > 0 || leaf.index >= size;
}

/** The leaf of an erasure that does not say of which case: nothing but reading everything again helps. */
function hidesItsCase({ entry }: StoredLeaf): boolean {
  return entry.kind === erasureKind && typeof entry.case !== 'string';
}

function mendingOnce<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!makeWay(error, file)) throw indexErrorOf(error);
    return open();
  }
}
