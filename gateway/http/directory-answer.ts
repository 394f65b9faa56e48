/** The answer to whoever asks for the directory. Everybody asks when it has changed, so it is printed once for all. */
import type { DirectoryLeaf, DirectoryResponse } from '../../protocol/wire/directory.ts';
import type { DirectorySnapshot } from '../store/port.ts';

export type DirectoryAnswerDependencies = {
  /** The directory as it is now. */
  readonly directory: { readonly snapshot: DirectorySnapshot };
  readonly leaves: { read(indices: readonly number[]): Promise<DirectoryLeaf[]> };
  /** The text of a checkpoint with so many leaves, or of the newest that could be had. */
  checkpointFor(size: number): Promise<string | undefined>;
};

type Printed = { readonly version: number; readonly checkpoint: string | null; readonly text: string };

export class DirectoryAnswer {
  readonly #deps: DirectoryAnswerDependencies;
  #printed: Printed | undefined;

  constructor(deps: DirectoryAnswerDependencies) {
    this.#deps = deps;
  }

  /** JSON of a directory with its leaves and a checkpoint. @throws CausewayError `store-unavailable` */
  async print(snapshot: DirectorySnapshot): Promise<string> {
    const { version, entries, leaves: indices } = snapshot;
    const size = indices.reduce((most, index) => Math.max(most, index + 1), 0);
    const checkpoint = (await this.#deps.checkpointFor(size)) ?? null;
    const known = this.#find(version, checkpoint);
    if (known !== undefined) return known;
    const leaves = await this.#deps.leaves.read(indices);
    // Somebody who asked at the same time may have been first.
    const meanwhile = this.#find(version, checkpoint);
    if (meanwhile !== undefined) return meanwhile;
    const text = JSON.stringify({
      version,
      entries: [...entries],
      leaves,
      checkpoint,
    } satisfies DirectoryResponse);
    this.#printed = { version, checkpoint, text };
    return text;
  }

  #find(version: number, checkpoint: string | null): string | undefined {
    const printed = this.#printed;
    return printed?.version === version && printed.checkpoint === checkpoint ? printed.text : undefined;
  }
}
