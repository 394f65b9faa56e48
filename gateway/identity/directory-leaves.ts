/** The leaves of the audit log behind the entries of the directory. */
import { CausewayError } from '../../protocol/errors.ts';
import type { DirectoryLeaf } from '../../protocol/wire/directory.ts';
import type { Store } from '../store/port.ts';

/** Leaves no further apart are read at once: endpoints that enrol one after the other have theirs side by side. */
const spanLeaves = 64;
/** Readings at once: half of the connections to a MongoDB store, so that nobody else waits for all of the directory. */
const readingsAtOnce = 8;

/** A leaf never changes: each is read once, and kept as long as the directory names it. */
export class DirectoryLeaves {
  readonly #store: Pick<Store, 'readLeaves'>;
  #texts = new Map<number, string>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: Pick<Store, 'readLeaves'>) {
    this.#store = store;
  }

  /**
   * The leaves at these places, in their order.
   * @param indices those of the whole directory: the others are forgotten
   * @throws CausewayError `store-unavailable`; the next call goes on where this one ended
   */
  async read(indices: readonly number[]): Promise<DirectoryLeaf[]> {
    // One after another: many clients ask at once when the directory has changed.
    const read = this.#turn.then(() => this.#load(indices));
    this.#turn = read.catch(() => undefined);
    const texts = await read;
    return indices.map((index) => ({ index, leaf: texts.get(index) ?? '' }));
  }

  async #load(indices: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const spans = spansOf(indices.filter((index) => !this.#texts.has(index)));
    for (let from = 0; from < spans.length; from += readingsAtOnce)
      await Promise.all(spans.slice(from, from + readingsAtOnce).map((span) => this.#readSpan(span)));
    this.#texts = new Map(indices.map((index) => [index, this.#texts.get(index) ?? '']));
    return this.#texts;
  }

  async #readSpan(wanted: readonly number[]): Promise<void> {
    const last = wanted.at(-1) ?? 0;
    for (const index of wanted) {
      if (this.#texts.has(index)) continue;
      // It may give fewer than it was asked for, but one at least.
      const found = await this.#store.readLeaves(index, last - index + 1);
      if (found[0]?.index !== index) {
        throw new CausewayError('store-unavailable', { detail: `Leaf ${index} of the log is not there.` });
      }
      for (const { index: at, leaf } of found) this.#texts.set(at, leaf);
    }
  }
}

/** Places in their order, those near to one another together. */
function spansOf(indices: readonly number[]): number[][] {
  const spans: number[][] = [];
  for (const index of indices.toSorted((a, b) => a - b)) {
    const span = spans.at(-1);
    if (span?.[0] !== undefined && index - span[0] < spanLeaves) span.push(index);
    else spans.push([index]);
  }
  return spans;
}
