/**
 * Whether the disk has room for new messages. Nobody bounds what is queued: an agency that sends on while nobody collects
 * fills any disk, and on a full one not even a receipt could be written that would let go of something.
 *
 * ```
 * free disk  enough   new messages are taken
 *  2 × floor ─────────
 *            scarce   those of agencies that have brought much lately are refused for now: see submission-gate.ts
 *      floor ─────────
 *            short    new messages are refused for now but for small ones that are immediate; everything else is written on
 *  floor ÷ 2 ─────────
 *            full     all new messages are refused for now
 * ```
 */
import { statfs } from 'node:fs/promises';
import { mebibyte } from './mebibyte.ts';

/** What an agency sends between two looks is a small part of any sensible floor. */
const lookMs = 1_000;
/** It is better again a little above each bound, so that the answer does not change with each look. */
const recoveryFactor = 1.05;
/**
 * A file that has let go of payloads takes others in their place without growing. But the write-ahead log (some 300 MiB
 * under load), the published log and whatever else needs the disk: of each bound, this share must be free on the disk itself.
 */
const shareOnDisk = 0.5;
/** In floors: below it, room is scarce. */
const scarceBelow = 2;

/** Below half a floor, room is kept for what lets go of messages. */
const fullBelow = 0.5;

export type RoomLevel = 'enough' | 'scarce' | 'short' | 'full';

/** What a level means for senders, in words for operators. */
export const consequences: Readonly<Record<RoomLevel, string>> = {
  enough: 'new messages are taken',
  scarce: 'agencies that sent much lately are refused for now',
  short: 'new messages are refused for now, but for small immediate ones',
  full: 'all new messages are refused for now',
};

export type DiskRoomOptions = {
  /** The floor, MiB; 0 for none. */
  readonly floorMebibytes: number;
  /** Bytes that an unprivileged program may still write to the disk. */
  readonly readFreeBytes: () => Promise<number>;
  /** Bytes that the store can take without growing. */
  readonly readReusableBytes: () => Promise<number>;
};

/** What is left, MiB, rounded down. */
export type RoomLeft = { readonly freeMebibytes: number; readonly reusableMebibytes: number };

/** One look at the disk. @param before what the look before has found */
export async function lookAtRoom(
  { floorMebibytes, readFreeBytes, readReusableBytes }: DiskRoomOptions,
  before: RoomLevel = 'enough',
): Promise<RoomLeft & { readonly level: RoomLevel }> {
  const floor = floorMebibytes * mebibyte;
  const full = floor * fullBelow * (before === 'full' ? recoveryFactor : 1);
  const short = floor * (before === 'full' || before === 'short' ? recoveryFactor : 1);
  const scarce = floor * scarceBelow * (before === 'enough' ? 1 : recoveryFactor);
  const free = await readFreeBytes();
  const reusable = free < scarce ? await readReusableBytes() : 0;
  const isBelow = (bound: number): boolean => free + reusable < bound || free < bound * shareOnDisk;
  return {
    level: isBelow(full) ? 'full' : isBelow(short) ? 'short' : free + reusable < scarce ? 'scarce' : 'enough',
    freeMebibytes: Math.floor(free / mebibyte),
    reusableMebibytes: Math.floor(reusable / mebibyte),
  };
}

/** @returns how to ask for the free bytes of the disk that holds a folder */
export function freeBytesAt(folder: string): () => Promise<number> {
  return async () => {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  };
}

type DiskRoomEvents = {
  /** Told when there is another level of room than before. */
  onChange(level: RoomLevel, left: RoomLeft): void;
  /** Told when the disk cannot be looked at any more. */
  onError(error: unknown): void;
};

/** Looks once a second, never for a message. */
export class DiskRoom {
  readonly #options: DiskRoomOptions;
  readonly #events: DiskRoomEvents;
  #level: RoomLevel = 'enough';
  #hasFailed = false;
  #isStopped = false;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DiskRoomOptions, events: DiskRoomEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** False where there is no floor: nobody looks. */
  get isWatched(): boolean {
    return this.#options.floorMebibytes > 0;
  }

  /** As of the last look. While the disk cannot be looked at, that one stands. */
  get level(): RoomLevel {
    return this.#level;
  }

  /** Looks for the first time, and from then on by itself. */
  async start(): Promise<void> {
    if (!this.isWatched) return;
    await this.look();
    this.#timer = setInterval(() => void this.look(), lookMs).unref();
  }

  /** Tells nothing from now on. A look that is under way is not waited for: the disk may hang. */
  stop(): void {
    clearInterval(this.#timer);
    this.#isStopped = true;
  }

  /** One look at a time: a disk that hangs gathers no crowd. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** The first time of a row. */
  #failed(error: unknown): void {
    if (!this.#hasFailed && !this.#isStopped) this.#events.onError(error);
    this.#hasFailed = true;
  }

  async #look(): Promise<void> {
    const { level, ...left } = await lookAtRoom(this.#options, this.#level);
    this.#hasFailed = false;
    if (level === this.#level || this.#isStopped) return;
    this.#level = level;
    this.#events.onChange(level, left);
  }
}
