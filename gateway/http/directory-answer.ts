/**
 * The answer to whoever asks for the directory, or for what has changed in it. Everybody asks when it has changed, and
 * most of them for the same: so it is printed once for all.
 */
import type { Digest } from '../../protocol/ids.ts';
import { directoryDigest, type PlacedEntry } from '../../protocol/wire/directory-digest.ts';
import { directoryEntryDigest } from '../../protocol/wire/directory-entry-digest.ts';
import type { DirectoryEntry, DirectoryLeaf } from '../../protocol/wire/directory.ts';
import type { DirectorySnapshot } from '../store/port.ts';

export type DirectoryAnswerDependencies = {
  /** The directory as it is now. */
  readonly directory: { readonly snapshot: DirectorySnapshot };
  readonly leaves: { read(indices: readonly number[]): Promise<DirectoryLeaf[]> };
  /** The text of a checkpoint with so many leaves, or of the newest that could be had. */
  checkpointFor(size: number): Promise<string | undefined>;
};

/** An entry and its leaf as JSON. Every change of an entry has a leaf of its own, so it is known by the index of that. */
type Piece = PlacedEntry & { readonly entryText: string; readonly leafText: string };

/** What the answers about one version have in common. */
type Pieces = {
  readonly version: number;
  readonly digest: Digest;
  /** By the index of the leaf, in the order of the entries. */
  readonly byLeaf: ReadonlyMap<number, Piece>;
};

/** So many answers are kept: most who ask hold one of a few versions. */
const keptAnswers = 8;
/** Who asked before a change may be answered after somebody who asked later. */
const keptVersions = 2;

export class DirectoryAnswer {
  readonly #deps: DirectoryAnswerDependencies;
  /** By version, the newest last: all who ask wait for one cut, also while it is under way. */
  readonly #pieces = new Map<number, Promise<Pieces>>();
  #printed: Pieces | undefined;
  #checkpoint: string | null = null;
  /** By the version that was asked from; the answers about one version and checkpoint. */
  readonly #answers = new Map<number | undefined, Buffer>();

  constructor(deps: DirectoryAnswerDependencies) {
    this.#deps = deps;
  }

  /**
   * JSON of a directory with its leaves and a checkpoint, in UTF-8. All who ask for the same share the bytes.
   * @param since gives only the entries that have changed after this version, and the digest of the whole; the whole,
   *   where the directory has never had this version
   * @throws CausewayError `store-unavailable`
   */
  async print(snapshot: DirectorySnapshot, since?: number): Promise<Buffer> {
    const { version, leaves: indices } = snapshot;
    const from = since !== undefined && since <= version ? since : undefined;
    const size = indices.reduce((most, index) => Math.max(most, index + 1), 0);
    const checkpoint = (await this.#deps.checkpointFor(size)) ?? null;
    const pieces = await this.#piecesOf(snapshot);
    if (this.#printed !== pieces || this.#checkpoint !== checkpoint) this.#answers.clear();
    this.#printed = pieces;
    this.#checkpoint = checkpoint;
    const answer = this.#answers.get(from) ?? Buffer.from(join(pieces, checkpoint, snapshot.versions, from));
    this.#keep(from, answer);
    return answer;
  }

  #piecesOf(snapshot: DirectorySnapshot): Promise<Pieces> {
    const { version } = snapshot;
    const known = this.#pieces.get(version);
    if (known !== undefined) return known;
    const pieces = this.#cut(snapshot, [...this.#pieces.values()].at(-1));
    this.#pieces.set(version, pieces);
    // Whoever asks next tries again.
    pieces.catch(() => this.#pieces.delete(version));
    const [oldest] = this.#pieces.keys();
    if (this.#pieces.size > keptVersions && oldest !== undefined) this.#pieces.delete(oldest);
    return pieces;
  }

  /** @param earlier the pieces of another version: most of them are the same */
  async #cut(snapshot: DirectorySnapshot, earlier: Promise<Pieces> | undefined): Promise<Pieces> {
    const { version, entries, leaves: indices } = snapshot;
    const leaves = await this.#deps.leaves.read(indices);
    const known = (await earlier?.catch(() => undefined))?.byLeaf;
    const byLeaf = new Map<number, Piece>();
    leaves.forEach((leaf, place) => {
      const entry = entries[place];
      if (entry !== undefined) byLeaf.set(leaf.index, known?.get(leaf.index) ?? cutPiece(entry, leaf));
    });
    return { version, digest: directoryDigest(byLeaf.values()), byLeaf };
  }

  /** The one asked for last stands last; the whole is always kept. */
  #keep(from: number | undefined, answer: Buffer): void {
    this.#answers.delete(from);
    this.#answers.set(from, answer);
    if (this.#answers.size <= keptAnswers) return;
    const oldest = [...this.#answers.keys()].find((known) => known !== undefined);
    this.#answers.delete(oldest);
  }
}

function cutPiece(entry: DirectoryEntry, leaf: DirectoryLeaf): Piece {
  return {
    endpoint: entry.endpoint,
    entry: directoryEntryDigest(entry),
    leaf: leaf.index,
    entryText: JSON.stringify(entry),
    leafText: JSON.stringify(leaf),
  };
}

/** A `DirectoryResponse` as JSON. */
function join(
  { version, byLeaf, digest }: Pieces,
  checkpoint: string | null,
  versions: readonly number[],
  since: number | undefined,
): string {
  const told = [...byLeaf.values()].filter(
    (_, place) => since === undefined || (versions[place] ?? 0) > since,
  );
  const partly = since === undefined ? '' : `"since":${since},"digest":"${digest}",`;
  const entries = told.map(({ entryText }) => entryText).join();
  const leaves = told.map(({ leafText }) => leafText).join();
  return `{"version":${version},${partly}"entries":[${entries}],"leaves":[${leaves}],"checkpoint":${JSON.stringify(checkpoint)}}`;
}
