/** The leaves of the audit log behind the entries of the directory. */
import { CausewayError } from '../../protocol/errors.ts';
import type { DirectoryLeaf } from '../../protocol/wire/directory.ts';
import type { Store } from '../store/port.ts';

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
   * @throws CausewayError `store-unavailable`
   */
  async read(indices: readonly number[]): Promise<DirectoryLeaf[]> {
    // One after another: many clients ask at once when the directory has changed.
    const read = this.#turn.then(() => this.#load(indices));
    this.#turn = read.catch(() => undefined);
    const texts = await read;
    return indices.map((index) => ({ index, leaf: texts.get(index) ?? '' }));
  }

  async #load(indices: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const texts = new Map<number, string>();
    for (const index of indices) texts.set(index, this.#texts.get(index) ?? (await this.#readOne(index)));
    this.#texts = texts;
    return texts;
  }

  async #readOne(index: number): Promise<string> {
    const [found] = await this.#store.readLeaves(index, 1);
    if (found?.index !== index) {
      throw new CausewayError('store-unavailable', { detail: `Leaf ${index} of the log is not there.` });
    }
    return found.leaf;
  }
}
