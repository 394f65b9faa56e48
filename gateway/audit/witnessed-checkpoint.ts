/** `checkpoint.witnessed` in the folder of the log: it never goes back, and no cosignature of it is lost, also at a start. */
import type { VerifierKey } from '../../protocol/proof/verifier-key.ts';
import type { LogBuilder } from './log-builder.ts';
import type { LogFolder } from './log-folder.ts';
import { joinSignatures, openPublished, type PublishedCheckpoint } from './published-checkpoint.ts';

export type WitnessedCheckpointParts = {
  readonly builder: Pick<LogBuilder, 'published' | 'republish'>;
  readonly folder: Pick<LogFolder, 'readWitnessedCheckpoint' | 'writeWitnessedCheckpoint'>;
  /** Of the log. */
  readonly key: VerifierKey;
  readonly onPublished: (checkpoint: PublishedCheckpoint) => void;
};

export class WitnessedCheckpoint {
  readonly #parts: WitnessedCheckpointParts;
  #newest: PublishedCheckpoint | undefined;

  constructor(parts: WitnessedCheckpointParts) {
    this.#parts = parts;
  }

  /**
   * Goes on from what the process before has left: the log leads on from it, see `readSignedBefore`. That process may have
   * ended before it put the cosignatures in the place of the newest checkpoint as well.
   */
  async recall(): Promise<void> {
    const left = await this.#readLeft();
    this.#newest = left;
    const { published } = this.#parts.builder;
    if (left === undefined || published?.size !== left.size) return;
    const text = joinSignatures(published.text, left.text);
    if (text !== published.text) await this.#republish({ ...published, text });
  }

  /** Where it is still the newest, it is put in the place of the one without cosignatures too. */
  async show(cosigned: PublishedCheckpoint): Promise<void> {
    const before = this.#newest;
    const { size } = cosigned;
    if (before !== undefined && size < before.size) return;
    const text = before?.size === size ? joinSignatures(before.text, cosigned.text) : cosigned.text;
    const witnessed = { ...cosigned, text };
    this.#parts.folder.writeWitnessedCheckpoint(text);
    this.#newest = witnessed;
    await this.#republish(witnessed);
  }

  async #republish(witnessed: PublishedCheckpoint): Promise<void> {
    const { builder, onPublished } = this.#parts;
    if (builder.published?.size !== witnessed.size) return;
    await builder.republish(witnessed);
    // A newer one may have been published, and told of, before its turn came.
    if (builder.published === witnessed) onPublished(witnessed);
  }

  /** What is spoilt or of another key makes way for the next one that is cosigned. */
  async #readLeft(): Promise<PublishedCheckpoint | undefined> {
    const { folder, key } = this.#parts;
    try {
      const text = await folder.readWitnessedCheckpoint();
      return text === undefined ? undefined : openPublished(text, key);
    } catch {
      return undefined;
    }
  }
}
