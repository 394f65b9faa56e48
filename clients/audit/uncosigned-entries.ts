/**
 * How long a log has gone on without the witnesses. Its newest checkpoint waits for none, so it may be a moment ahead of
 * what they have cosigned. But of what comes after that nobody except the log has said that there is one history.
 *
 * The times in those entries are the log's own, which can write what it likes into a history that it shows nobody else. So
 * they are held against times that it has no hand in: when the witnesses cosigned what comes before, and when the copy was
 * made, where that is known. Only the latter shows that an entry has waited while nothing was logged after it, or that the
 * times in the entries stand still or run ahead.
 */
import { leafTime } from '../../protocol/audit/leaf.ts';
import type { TrustedCheckpoint } from '../../protocol/proof/checkpoint.ts';
import type { Finding } from './finding.ts';
import { checkpointFile } from './log-folder.ts';

/** The time over which entries may have been logged that are not cosigned, ms, where nobody names another. */
export const uncosignedAtMostMs = 15 * 60_000;

/** How long entries may wait to be cosigned. */
export type UncosignedBound = {
  /** ms; by default {@link uncosignedAtMostMs}. */
  readonly atMostMs?: number | undefined;
  /** When the copy was made, ms since 1970, where that is known. */
  readonly copiedAtMs?: number | undefined;
};

/** The entries after the last checkpoint that every witness has cosigned, by the times in them. */
export class UncosignedEntries {
  readonly #cosigned: number;
  readonly #atMostMs: number;
  readonly #clocks: string;
  #oldest: number;
  #newest: number;
  #finding: Finding | undefined;

  /** @param witnessed what every witness has cosigned */
  constructor({ size, cosignatures }: TrustedCheckpoint, { atMostMs, copiedAtMs }: UncosignedBound) {
    this.#cosigned = size;
    this.#atMostMs = atMostMs ?? uncosignedAtMostMs;
    this.#oldest = copiedAtMs ?? Infinity;
    // It was cosigned when these entries were not there yet, or had only just come.
    const cosignedAt = cosignatures.map(({ timeSeconds = 0 }) => timeSeconds * 1000);
    this.#newest = Math.max(copiedAtMs ?? 0, ...cosignedAt);
    this.#clocks =
      copiedAtMs === undefined
        ? 'the times of its entries and of the cosignatures'
        : `the times of its entries, of the cosignatures and of the copy (${new Date(copiedAtMs).toISOString()}, if the clock that this is from is right)`;
  }

  /** What is wrong, once all entries were taken. */
  get finding(): Finding | undefined {
    return this.#finding;
  }

  /** @param first the index of the first of these entries in the log */
  take(first: number, entries: readonly Buffer[]): void {
    const from = Math.max(0, this.#cosigned - first);
    for (const [nth, entry] of entries.slice(from).entries()) {
      // It cannot become good again, and there may be a million of them.
      if (this.#finding !== undefined) return;
      this.#takeOne(first + from + nth, entry);
    }
  }

  #takeOne(entry: number, bytes: Buffer): void {
    const at = leafTime(bytes);
    const cosigned = `the newest checkpoint that each named witness has cosigned has size ${this.#cosigned}`;
    if (at === undefined) {
      const text = `${cosigned}, and entry ${entry} after it tells no time: it may have waited for any time.`;
      this.#finding = { kind: 'unwitnessed', where: checkpointFile, entry, text };
      return;
    }
    this.#oldest = Math.min(this.#oldest, at);
    this.#newest = Math.max(this.#newest, at);
    if (this.#newest - this.#oldest <= this.#atMostMs) return;
    const span = spanText(this.#atMostMs);
    const text = `${cosigned}, and the log has gone on for more than ${span} since, by ${this.#clocks}.`;
    this.#finding = { kind: 'unwitnessed', where: checkpointFile, entry, text };
  }
}

function spanText(ms: number): string {
  const [count, unit] = ms % 60_000 === 0 ? [ms / 60_000, 'minute'] : [ms / 1000, 'second'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
