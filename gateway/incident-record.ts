/**
 * Records what went wrong outside single messages: refused connections, broken frames, bad receipts.
 *
 * Equal incidents within a second become one line with a count, so that a flood of them costs one write.
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
/** Different incidents kept for one write; more are counted under `endpoint: "others"`. */
const maxDistinct = 200;

export class IncidentRecord {
  readonly #store: Pick<Store, 'appendRecords'>;
  readonly #onError: (error: unknown) => void;
  #counts = new Map<string, { incident: Incident; count: number }>();
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
    if (known === undefined) this.#counts.set(name, { incident: noted, count: 1 });
    else known.count++;
    this.#timer ??= setTimeout(() => void this.flush(), flushMs).unref();
    return known === undefined;
  }

  /** Writes what was noted; on failure it stays noted and is written with the next. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const counts = this.#counts;
    if (counts.size === 0) return;
    this.#counts = new Map();
    const records = [...counts.values()].map(({ incident, count }): RecordEntry => ({ ...incident, count }));
    try {
      await this.#store.appendRecords(records);
    } catch (error) {
      this.#onError(error);
      for (const [name, { incident, count }] of counts) {
        const newer = this.#counts.get(name);
        this.#counts.set(name, { incident, count: count + (newer?.count ?? 0) });
      }
      this.#timer ??= setTimeout(() => void this.flush(), flushMs).unref();
    }
  }
}
