/** Alerts that could be neither sent nor recorded: they are tried again now and then, while others go on. */
import type { Lease } from '../store/port.ts';
import { alertKey, type Alert } from './alert.ts';
import { messageKey } from './event.ts';

/**
 * Why one is not tried any more. `evidence-gone`: something of what it rests on was erased, is damaged, or lies further back
 * than history is read. `too-many`: newer ones took its place.
 */
export type LetGo = 'evidence-gone' | 'too-many';

export type StuckAlertsDependencies = {
  readonly now: () => number;
  /** @returns false where it is stuck still */
  readonly send: (alert: Alert, lease: Lease) => Promise<boolean>;
  /** Told of each that is not tried any more. */
  readonly letGo?: (alert: Alert, why: LetGo) => void;
};

/** How many are held: a newer one takes the place of the oldest. */
export const maxStuck = 256;
/** Between two tries: each look of a schedule by the minute. */
const retryMs = 55_000;

export class StuckAlerts {
  readonly #deps: StuckAlertsDependencies;
  #alerts: readonly Alert[] = [];
  #triedAt = 0;

  constructor(deps: StuckAlertsDependencies) {
    this.#deps = deps;
  }

  /** Those that are held, the oldest first. */
  get all(): readonly Alert[] {
    return this.#alerts;
  }

  /** Takes one that was just tried. */
  add(alert: Alert): void {
    if (this.#alerts.length === 0) this.#triedAt = this.#deps.now();
    this.#alerts = [...this.#alerts, alert];
    const [oldest] = this.#alerts;
    if (this.#alerts.length > maxStuck) this.#letGo('too-many', (one) => one === oldest);
  }

  /** Forgets those with these keys: they tell nothing any more. */
  withdraw(keys: ReadonlySet<string>): void {
    this.#alerts = this.#alerts.filter((alert) => !keys.has(alertKey(alert)));
  }

  /** What rests on a notice that was erased is told nobody. @param unread keys of notices that history has no more */
  letGoOf(unread: ReadonlySet<string>): void {
    this.#letGo('evidence-gone', ({ events }) => events.some((event) => unread.has(messageKey(event))));
  }

  /** Tries them again, where it is time. @param renew called before each */
  async retry(lease: Lease, renew: () => Promise<void>): Promise<void> {
    const { now, send } = this.#deps;
    // A clock that was set back must not have them wait for longer.
    if (Math.abs(now() - this.#triedAt) < retryMs) return;
    this.#triedAt = now();
    for (const alert of this.#alerts) {
      await renew();
      if (await send(alert, lease)) this.#alerts = this.#alerts.filter((other) => other !== alert);
    }
  }

  #letGo(why: LetGo, isLetGo: (alert: Alert) => boolean): void {
    const gone = this.#alerts.filter(isLetGo);
    if (gone.length === 0) return;
    this.#alerts = this.#alerts.filter((alert) => !gone.includes(alert));
    for (const alert of gone) this.#deps.letGo?.(alert, why);
  }
}
