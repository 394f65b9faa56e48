/**
 * How long a log has gone on without the witnesses. Its newest checkpoint waits for none, so it may be a moment ahead of
 * what they have cosigned. But of what comes after that nobody except the log has said that there is one history.
 */
import { leafTime } from '../../protocol/audit/leaf.ts';
import type { Finding } from './finding.ts';
import { checkpointFile } from './log-folder.ts';

/** The time over which entries may have been logged that are not cosigned, ms, where nobody names another. */
export const uncosignedAtMostMs = 15 * 60_000;

/** The entries after the last checkpoint that every witness has cosigned, by the times in them. */
export class UncosignedEntries {
  readonly #cosigned: number;
  readonly #atMostMs: number;
  #oldest = Infinity;
  #newest = -Infinity;
  #finding: Finding | undefined;

  /** @param cosigned how many entries every witness has cosigned */
  constructor(cosigned: number, atMostMs = uncosignedAtMostMs) {
    this.#cosigned = cosigned;
    this.#atMostMs = atMostMs;
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
    const text = `${cosigned}, and the log has gone on for more than ${spanText(this.#atMostMs)} since.`;
    this.#finding = { kind: 'unwitnessed', where: checkpointFile, text };
  }
}

function spanText(ms: number): string {
  const [count, unit] = ms % 60_000 === 0 ? [ms / 60_000, 'minute'] : [ms / 1000, 'second'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
