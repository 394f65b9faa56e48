/**
 * The configured witnesses. Each is asked by itself, so that one that does not answer holds up none of the others.
 *
 * An endpoint may need the cosignatures of several on one checkpoint, or that of a slow one while the log never pauses.
 * So nobody is asked about a newer checkpoint while one that was quick the last time is still to answer; those that
 * were not quick are not waited for.
 */
import type { TileReader } from '../../protocol/proof/tile-proof.ts';
import { addSignatures, parseNote } from '../../protocol/proof/note.ts';
import type { PublishedCheckpoint } from './published-checkpoint.ts';
import { WitnessFailure, type Witness } from './witness.ts';

/** Who has cosigned within this time is waited for the next time, and for so long. */
const quickMs = 3_000;
/** Cosignatures that come within this time after another one are told of together. */
const gatherMs = 200;

type AskedWitness = Pick<Witness, 'name' | 'hasSigned' | 'cosign'>;

/** A witness, and how it has answered. */
type Standing = {
  readonly witness: AskedWitness;
  /** Whether it was quick the last time that it answered. */
  isQuick: boolean;
  /** The size that it was last asked about, and when, by `performance.now()`. */
  askedSize: number;
  askedAt: number;
  /** Ends the question that it has not answered yet. */
  asking: AbortController | undefined;
};

export class Witnesses {
  readonly #standings: readonly Standing[];
  readonly #onError: (error: unknown) => void;
  /** By name, for what reasons it has failed since it cosigned last: each is told once. */
  readonly #told = new Map<string, Set<string>>();
  /** The newest checkpoint that was to be cosigned. */
  #size = -1;

  constructor(witnesses: readonly AskedWitness[], onError: (error: unknown) => void) {
    this.#standings = witnesses.map((witness) => ({
      ...{ witness, isQuick: false, askedSize: -1, askedAt: 0, asking: undefined },
    }));
    this.#onError = onError;
  }

  /** True when a witness that could be asked has not cosigned this checkpoint. */
  isMissingOn(checkpoint: PublishedCheckpoint): boolean {
    return this.#freeAndMissing(checkpoint).length > 0;
  }

  /**
   * True when it is time to have this checkpoint cosigned, the newest one.
   * @param isLast no newer one comes, so that there is nothing to wait for
   */
  isDue(checkpoint: PublishedCheckpoint, isLast = false): boolean {
    const { size } = checkpoint;
    if (size !== this.#size) {
      if (this.#standings.every(({ asking }) => asking === undefined)) return true;
      if (!isLast && this.#standings.some(isAwaited)) return false;
    }
    return this.#freeAndMissing(checkpoint).some(({ askedSize }) => askedSize !== size);
  }

  /**
   * Asks those that have not cosigned it and are not busy with another one. Never throws.
   * @param onCosigned told of the checkpoint with what has come, each time that more has
   * @returns the checkpoint with the cosignatures of all that gave one, when the last has answered
   */
  async cosign(
    checkpoint: PublishedCheckpoint,
    read: TileReader,
    onCosigned?: (cosigned: PublishedCheckpoint) => void,
  ): Promise<PublishedCheckpoint> {
    const asked = this.#freeAndMissing(checkpoint);
    this.#size = checkpoint.size;
    let cosigned = checkpoint;
    let told = checkpoint;
    let gathering: NodeJS.Timeout | undefined;
    const tell = (): void => {
      clearTimeout(gathering);
      gathering = undefined;
      if (told !== cosigned) onCosigned?.(cosigned);
      told = cosigned;
    };
    const ask = async (standing: Standing): Promise<void> => {
      const lines = await this.#ask(standing, checkpoint, read);
      if (lines.length > 0) cosigned = { ...checkpoint, text: addSignatures(cosigned.text, lines) };
      if (!asked.some(isAwaited)) tell();
      else if (told !== cosigned) gathering ??= setTimeout(tell, gatherMs);
    };
    await Promise.all(asked.map(ask));
    tell();
    return cosigned;
  }

  /** Waits for no answer any more. */
  close(): void {
    for (const { asking } of this.#standings) asking?.abort();
  }

  #freeAndMissing({ text }: PublishedCheckpoint): readonly Standing[] {
    const { signatures } = parseNote(text);
    return this.#standings.filter(
      ({ asking, witness }) => asking === undefined && !witness.hasSigned(signatures),
    );
  }

  async #ask(
    standing: Standing,
    checkpoint: PublishedCheckpoint,
    read: TileReader,
  ): Promise<readonly string[]> {
    const asking = new AbortController();
    const askedAt = performance.now();
    Object.assign(standing, { asking, askedAt, askedSize: checkpoint.size });
    const lines = await this.#answerOf(standing.witness, checkpoint, read, asking.signal);
    standing.asking = undefined;
    standing.isQuick = lines.length > 0 && performance.now() - askedAt < quickMs;
    return lines;
  }

  async #answerOf(
    witness: AskedWitness,
    checkpoint: PublishedCheckpoint,
    read: TileReader,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    try {
      const lines = await witness.cosign(checkpoint, read, signal);
      this.#told.delete(witness.name);
      return lines;
    } catch (error) {
      if (!signal.aborted && this.#isNews(witness, error)) this.#onError(error);
      return [];
    }
  }

  #isNews({ name }: AskedWitness, error: unknown): boolean {
    const told = this.#told.get(name) ?? new Set();
    this.#told.set(name, told);
    const kind = error instanceof WitnessFailure ? error.kind : 'failure';
    if (told.has(kind)) return false;
    told.add(kind);
    return true;
  }
}

/** True for one that has not answered yet, though it will soon by what it did the last time. */
function isAwaited({ asking, isQuick, askedAt }: Standing): boolean {
  return asking !== undefined && isQuick && performance.now() - askedAt < quickMs;
}
