/** When the correlator looks: by the schedule of the agreement, one gateway a slot, and at once where it is told to. */
import cron from 'node-cron';
import type { ScheduledTask } from 'node-cron';
import type { Store } from '../store/port.ts';

type SlotStore = Pick<Store, 'readMarks' | 'setMarks' | 'takeLease' | 'releaseLease'>;

const slotMark = 'correlator.slot';
const slotLease = 'correlator.slot';
const slotLeaseMs = 10_000;
const retryMs = 1_000;
/** Until this gateway comes back to what is left over, whichever gateway has the slots. */
const leftOverMs = 60_000;

const minuteMs = 60_000;

export type SlotOptions = {
  /** When the slot after this one begins; a minute later where it is not given. */
  readonly nextMs?: number | undefined;
  /** Told by how much the mark of a slot lies in the future: some clock stands wrong, or has. */
  readonly onFutureMark?: ((aheadMs: number) => void) | undefined;
};

/**
 * True for the one gateway that may run in this slot. A slot that everybody missed needs nothing more: what was
 * accepted meanwhile is found by the next look. Another gateway may have taken the next slot already; a mark further
 * ahead is that of a wrong clock, and holds nobody up.
 * @param key ends in the slot's time, as node-cron names it
 */
export async function takeSlot(key: string, store: SlotStore, options: SlotOptions = {}): Promise<boolean> {
  const slot = Date.parse(/\d{4}-\d\d-\d\dT[\d:.]+Z$/.exec(key)?.[0] ?? '');
  if (!Number.isFinite(slot)) throw new RangeError('a slot without its time');
  const lease = await store.takeLease(slotLease, slotLeaseMs);
  if (lease === undefined) return false;
  try {
    const taken = (await store.readMarks()).get(slotMark) ?? -1;
    const isStale = taken > (options.nextMs ?? slot + minuteMs);
    if (isStale) options.onFutureMark?.(taken - slot);
    else if (taken >= slot) return false;
    await store.setMarks(new Map([[slotMark, slot]]), lease);
    return true;
  } finally {
    await store.releaseLease(lease);
  }
}

/** What node-cron says of itself. */
function ignore(): void {
  // The gateway's log says what there is to say.
}

export type ScheduleOptions = {
  readonly store: SlotStore;
  /** A cron expression, in UTC. */
  readonly expression: string;
  /**
   * Looks once.
   * @returns false when it cannot look just now, as when another gateway does; `left-over` when it has looked, and no
   * other gateway knows of what it is to try again
   */
  readonly look: () => Promise<boolean | 'left-over'>;
  /** Whether this gateway may take a slot just now: one that could not look would take it from those that can. */
  readonly mayTake: () => boolean;
  readonly onError: (error: unknown) => void;
  /** See {@link SlotOptions}. */
  readonly onFutureMark?: SlotOptions['onFutureMark'];
};

/** Looks one after the other, never two at once. */
export class Schedule {
  readonly #options: ScheduleOptions;
  #task: ScheduledTask | undefined;
  #running: Promise<void> | undefined;
  #isWanted = false;
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  /** Looks now, for all that was accepted while nobody did, and then by the schedule. */
  start(): void {
    const { expression, store, mayTake, onError, onFutureMark } = this.#options;
    const nextMs = (): number | undefined => this.#task?.getNextRun()?.getTime();
    const report = (message: string | Error, error?: Error): void =>
      onError(error ?? (message instanceof Error ? message : new Error(message)));
    this.#task = cron.schedule(expression, () => this.soon(), {
      name: 'correlator',
      timezone: 'Etc/UTC',
      distributed: true,
      runCoordinator: {
        shouldRun: async (key) =>
          mayTake() && (await takeSlot(key, store, { nextMs: nextMs(), onFutureMark })),
      },
      suppressMissedWarning: true,
      unref: true,
      logger: { info: ignore, warn: ignore, debug: ignore, error: report },
    });
    this.soon();
  }

  /** Looks as soon as the look that is under way has ended. */
  soon(): void {
    this.#isWanted = true;
    if (this.#isClosed || this.#running !== undefined) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      // Asked for since the run last looked whether it was.
      if (this.#isWanted) this.soon();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await this.#task?.destroy();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#isWanted && !this.#isClosed) {
      this.#isWanted = false;
      let hasLooked: boolean | 'left-over' = false;
      try {
        hasLooked = await this.#options.look();
      } catch (error) {
        this.#options.onError(error);
      }
      clearTimeout(this.#retry);
      if (hasLooked === true) continue;
      this.#retry = setTimeout(() => this.soon(), hasLooked === false ? retryMs : leftOverMs).unref();
    }
  }
}
