/**
 * Submits again what the gateway has accepted and then lost, as after it was restored from a backup: the same id and the same
 * bytes, so that a gateway that has a message after all gives the first outcome and nothing else comes of it.
 *
 * In order, and only so many at a time: each one that the gateway has not lost counts as a repetition there.
 */
import type { Outbox } from './outbox.ts';
import { LostTable, type LossSign, type LostMessage } from './lost-table.ts';
import type { StateDatabase } from './state-database.ts';

type LostDependencies = {
  readonly state: StateDatabase;
  readonly outbox: Pick<Outbox, 'isAttached' | 'sendFrom'>;
  /** Names this client among those that share the home; see `holder.ts`. */
  readonly holder: string;
  readonly now: () => number;
  /** See `GatewayClock.earliest`. */
  readonly earliest: () => number;
};

/** So many within {@link portionMs}: far less than the repetitions that a gateway grants an endpoint by default. */
const portion = 256;
const portionMs = 10_000;

export class LostMessages {
  readonly #deps: LostDependencies;
  readonly #table: LostTable;
  #portion = { startedAt: -Infinity, used: 0 };

  constructor(deps: LostDependencies) {
    this.#deps = deps;
    this.#table = new LostTable(deps.state.statements);
  }

  /** Those that are lost, or may be, and still open. */
  list(): LostMessage[] {
    return this.#table.list(this.#deps.earliest());
  }

  /** A sign that the gateway has lost messages. @param only these rows of the outbox; by default all that are open */
  async found(sign: LossSign, only?: readonly number[]): Promise<void> {
    const { state, now } = this.#deps;
    await state.write(() => this.#table.note(sign, now(), only === undefined ? {} : { only }));
    await this.sendDue();
  }

  /** Submits again what is due, as far as there is a session and a portion allows; the rest at the next call. */
  async sendDue(): Promise<void> {
    const { state, outbox, holder, now, earliest } = this.#deps;
    if (!outbox.isAttached || !this.#table.hasDue()) return;
    const room = this.#room(now());
    if (room === 0) return;
    this.#portion.used += room;
    const sent = await state.write(() => this.#table.release(room, holder, now(), earliest()));
    this.#portion.used -= room - sent.length;
    const [first] = sent;
    if (first !== undefined) outbox.sendFrom(first);
  }

  #room(now: number): number {
    if (Math.abs(now - this.#portion.startedAt) >= portionMs) this.#portion = { startedAt: now, used: 0 };
    return portion - this.#portion.used;
  }
}
