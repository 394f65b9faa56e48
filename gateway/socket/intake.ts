/**
 * How many submitted bytes may wait to become durable, of one session and of all together. Past that, the gateway
 * stops reading: what a slow store cannot take yet then waits at the senders, and not in memory.
 */

/** What can be stopped from bringing more. Both may be called again in the same state. */
export type Valve = { readonly pause: () => void; readonly resume: () => void };

export type IntakeLimits = {
  readonly bytesOfOne: number;
  readonly bytesOfAll: number;
};

const mib = 1024 * 1024;
const defaults: IntakeLimits = { bytesOfOne: 8 * mib, bytesOfAll: 256 * mib };

/** All that waits in this gateway. */
export class Intake {
  readonly limits: IntakeLimits;
  readonly #shares = new Set<IntakeShare>();
  #waiting = 0;
  #isFull = false;

  constructor(limits: IntakeLimits = defaults) {
    this.limits = limits;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** The share of one session, which takes part once it is open. */
  shareOf(valve: Valve): IntakeShare {
    return new IntakeShare(this, this.#shares, valve);
  }

  /** @param bytes negative where they have become durable or were given up */
  add(bytes: number): void {
    this.#waiting += bytes;
    const { bytesOfAll } = this.limits;
    // Only once half of it is gone, so that thousands of sockets are not turned with every frame.
    const isFull = this.#isFull ? this.#waiting > bytesOfAll / 2 : this.#waiting > bytesOfAll;
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    for (const share of this.#shares) share.turn();
  }
}

export class IntakeShare {
  readonly #intake: Intake;
  readonly #open: Set<IntakeShare>;
  readonly #valve: Valve;
  #waiting = 0;
  #isPaused = false;

  constructor(intake: Intake, open: Set<IntakeShare>, valve: Valve) {
    this.#intake = intake;
    this.#open = open;
    this.#valve = valve;
  }

  /** From the welcome on: what is not heard before it would end the session. */
  open(): void {
    this.#open.add(this);
    this.turn();
  }

  /** Counts bytes until the work on them has ended, well or not. */
  async during<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    this.#add(bytes);
    try {
      return await work();
    } finally {
      this.#add(-bytes);
    }
  }

  /** Turns the valve to what the limits say now. */
  turn(): void {
    const isPaused = this.#intake.isFull || this.#waiting > this.#intake.limits.bytesOfOne;
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) this.#valve.pause();
    else this.#valve.resume();
  }

  /** The session has ended; what still waits of it goes on being counted. */
  close(): void {
    this.#open.delete(this);
  }

  #add(bytes: number): void {
    this.#waiting += bytes;
    this.#intake.add(bytes);
    this.turn();
  }
}
