/**
 * Knows which alerts nobody has answered in time. It learns of alerts and answers from the messages themselves, which the
 * correlator reads again when it starts, so nothing but one mark needs to be kept: up to when it has told.
 */
import type { MessageId } from '../protocol/ids.ts';
import { dispositionDeadline } from './correlator/alert.ts';
import { raisedAtOf } from './correlator/alert-document.ts';
import type { StoredEvent } from './correlator/stored-event.ts';
import { correlatorAddress } from './identity/correlator-identity.ts';
import { alertCategory, dispositionCategories, type AlertRules } from './policy/alerts.ts';
import type { Lease, Store } from './store/port.ts';

type Open = { readonly dueAt: number; readonly recipients: readonly string[] };

export type DispositionClockDependencies = {
  readonly store: Pick<Store, 'readMarks' | 'setMarks' | 'appendRecords'>;
  readonly now: () => number;
  readonly rules: AlertRules;
};

const overdueMark = 'correlator.overdue';

export class DispositionClock {
  readonly #deps: DispositionClockDependencies;
  readonly #open = new Map<MessageId, Open>();

  constructor(deps: DispositionClockDependencies) {
    this.#deps = deps;
  }

  /** Alerts that wait for an answer. */
  get size(): number {
    return this.#open.size;
  }

  /** Takes in a message, in the order of acceptance. An answer counts from those that got the alert. */
  see({ envelope: { id, source, to, category, severity, inReplyTo } }: Pick<StoredEvent, 'envelope'>): void {
    if (source === correlatorAddress && category === alertCategory) {
      this.#open.set(id, {
        dueAt: dispositionDeadline(raisedAtOf(id), this.#hoursFor(severity)),
        recipients: to,
      });
    } else if (inReplyTo !== undefined && dispositionCategories.has(category)) {
      if (this.#open.get(inReplyTo)?.recipients.includes(source) === true) this.#open.delete(inReplyTo);
    }
  }

  /**
   * Records each alert whose time has passed, once: `alert.overdue`.
   * @returns their ids
   * @throws CausewayError `store-unavailable`, `lease-lost`; they are then told the next time
   */
  async recordOverdue(lease: Lease): Promise<readonly MessageId[]> {
    const { store, now } = this.#deps;
    const until = Math.trunc(now());
    const late = [...this.#open].filter(([, { dueAt }]) => dueAt <= until);
    if (late.length === 0) return [];
    const told = (await store.readMarks()).get(overdueMark) ?? 0;
    const news = late.filter(([, { dueAt }]) => dueAt > told);
    if (news.length > 0) {
      await store.appendRecords(
        news.map(([message, { dueAt, recipients }]) => ({
          kind: 'alert.overdue',
          message,
          thread: message,
          dispositionBy: dueAt,
          recipients,
        })),
        lease,
      );
      await store.setMarks(new Map([[overdueMark, until]]), lease);
    }
    for (const [id] of late) this.#open.delete(id);
    return news.map(([id]) => id);
  }

  /** Of the levels with this severity the longest time, so that nobody is told of too early. */
  #hoursFor(severity: string): number {
    const levels = Object.values(this.#deps.rules.levels);
    const own = levels.filter((level) => level.severity === severity);
    return Math.max(...(own.length > 0 ? own : levels).map((level) => level['disposition-hours']));
  }
}
