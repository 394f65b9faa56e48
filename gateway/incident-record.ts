/**
 * Records what went wrong outside single messages: refused connections, broken frames, bad receipts.
 *
 * Equal incidents within a second become one line with a count, so that a flood of them costs one write. Where nobody is
 * named, anybody may be at it for weeks, and each line is a leaf for ever that every client reads: the first of its kind is
 * written as soon, and what repeats it once a minute.
 */
import type { ErrorCode } from '../protocol/errors.ts';
import type { RecordEntry, Store } from './store/port.ts';

export type Incident = {
  readonly kind: 'session.error' | 'request.refused';
  readonly code: ErrorCode;
  /** Absent where the peer could not be identified. */
  readonly endpoint?: string;
};

const flushMs = 1_000;
const anonymousMs = 60_000;
/** Different incidents kept for one write; more are counted under `endpoint: "others"`. */
const maxDistinct = 200;

type Counted = { readonly incident: Incident; count: number };

export class IncidentRecord {
  readonly #store: Pick<Store, 'appendRecords'>;
  readonly #onError: (error: unknown) => void;
  readonly #counts = new Map<string, Counted>();
  /** When those that name nobody were written last, by `performance.now`. One for each code at most. */
  readonly #writtenAt = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Pick<Store, 'appendRecords'>, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /** @returns true when it is the first of its kind since the last write */
  note(incident: Incident): boolean {
    let name = `${incident.kind} ${incident.code} ${incident.endpoint ?? ''}`;
    let noted = incident;
    if (!this.#counts.has(name) && this.#counts.size >= maxDistinct) {
      noted = { ...incident, endpoint: 'others' };
      name = `${incident.kind} ${incident.code} others`;
    }
    const known = this.#counts.get(name);
    this.#count(name, noted, 1);
    return known === undefined;
  }

  /** Writes what was noted, all of it; on failure it stays noted and is written with the next. */
  async flush(): Promise<void> {
    await this.#write([...this.#counts]);
  }

  #count(name: string, incident: Incident, count: number): void {
    const known = this.#counts.get(name);
    if (known === undefined) this.#counts.set(name, { incident, count });
    else known.count += count;
    this.#timer ??= setTimeout(() => void this.#writeDue(), flushMs).unref();
  }

  async #writeDue(): Promise<void> {
    const since = performance.now() - anonymousMs;
    await this.#write([...this.#counts].filter(([name]) => (this.#writtenAt.get(name) ?? since) <= since));
  }

  async #write(due: readonly (readonly [name: string, counted: Counted])[]): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = performance.now();
    for (const [name, { incident }] of due) {
      this.#counts.delete(name);
      if (incident.endpoint === undefined) this.#writtenAt.set(name, now);
    }
    if (this.#counts.size > 0) this.#timer = setTimeout(() => void this.#writeDue(), flushMs).unref();
    if (due.length === 0) return;
    const records = due.map(([, { incident, count }]): RecordEntry => ({ ...incident, count }));
    try {
      await this.#store.appendRecords(records);
    } catch (error) {
      this.#onError(error);
      for (const [name, { incident, count }] of due) {
        this.#writtenAt.delete(name);
        this.#count(name, incident, count);
      }
    }
  }
}
