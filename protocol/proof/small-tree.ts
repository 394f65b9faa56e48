/** A Merkle tree that is at hand as a whole, for its root and the paths of all its leaves (RFC 6962, section 2.1). */
import { hashBytes, hashChildren, hashLeaf } from './merkle.ts';

/**
 * Its hashes stand in one buffer, level by level, the leaves first. An odd last hash rises as it is, which splits the
 * tree where the RFC splits it.
 */
export class SmallTree {
  readonly #hashes: Buffer;
  /** Of each level, the leaves first: the place of its first hash, and how many there are. */
  readonly #levels: readonly { readonly start: number; readonly width: number }[];

  /** @param entries the contents of its leaves, at least one */
  constructor(entries: readonly Uint8Array[]) {
    if (entries.length === 0) throw new RangeError('a tree has at least one leaf');
    this.#levels = levelsOf(entries.length);
    const { start: rootAt } = this.#top;
    this.#hashes = Buffer.allocUnsafe((rootAt + 1) * hashBytes);
    for (const [index, entry] of entries.entries()) {
      this.#hashes.write(hashLeaf(entry), index * hashBytes, hashBytes, 'latin1');
    }
    for (let level = 1; level < this.#levels.length; level++) this.#fill(level);
  }

  get root(): Buffer {
    return this.#hashes.subarray(this.#top.start * hashBytes);
  }

  /**
   * Writes the path of each leaf in turn, from the leaf upwards, to the same place, and tells of it. Most of a path is
   * that of the leaf before, and stays where it is: nobody else may write there meanwhile.
   * @param told gets the leaf's index and how many bytes its path has; what it returns ends the walk where it is false
   * @returns false where it was ended
   */
  eachPath(
    target: Buffer,
    offset: number,
    told: (index: number, bytes: number) => boolean | undefined,
  ): boolean {
    const written: number[] = [];
    const size = this.#levels[0]?.width ?? 0;
    for (let index = 0; index < size; index++) {
      let step = 0;
      let node = index;
      for (const { start, width } of this.#levels) {
        const sibling = node ^ 1;
        if (sibling < width) {
          const place = start + sibling;
          if (written[step] !== place) {
            this.#hashes.copy(target, offset + step * hashBytes, place * hashBytes, (place + 1) * hashBytes);
            written[step] = place;
          }
          step++;
        }
        node >>= 1;
      }
      if (told(index, step * hashBytes) === false) return false;
    }
    return true;
  }

  get #top(): { readonly start: number } {
    return this.#levels.at(-1) ?? { start: 0 };
  }

  #fill(level: number): void {
    const { start: below = 0, width = 0 } = this.#levels[level - 1] ?? {};
    const { start = 0 } = this.#levels[level] ?? {};
    const pairs = Math.floor(width / 2);
    for (let pair = 0; pair < pairs; pair++) {
      hashChildren(this.#hashes, (below + 2 * pair) * hashBytes, this.#hashes, (start + pair) * hashBytes);
    }
    if (width % 2 === 1) {
      const odd = (below + width - 1) * hashBytes;
      this.#hashes.copyWithin((start + pairs) * hashBytes, odd, odd + hashBytes);
    }
  }
}

function levelsOf(size: number): { readonly start: number; readonly width: number }[] {
  const levels = [];
  let start = 0;
  for (let width = size; ; width = Math.ceil(width / 2)) {
    levels.push({ start, width });
    if (width === 1) return levels;
    start += width;
  }
}
