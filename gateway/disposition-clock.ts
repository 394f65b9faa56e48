/**
 * Knows which alerts nobody has answered in time, and has people reminded of them. It learns of alerts and answers from the messages themselves, which the
 * correlator reads again when it starts, so nothing but one mark needs to be kept: up to when it has told.
 */
import type { MessageId } from '../protocol/ids.ts';
import type { OverdueAlert, SentReminder } from './alert-reminder.ts';
import { dispositionDeadline } from './correlator/alert.ts';
import { raisedAtOf } from './correlator/alert-document.ts';
import type { StoredEvent } from './correlator/stored-event.ts';
import { correlatorAddress } from './identity/correlator-identity.ts';
import { alertCategory, dispositionCategories, reminderCategory, type AlertRules } from './policy/alerts.ts';
import type { Lease, RecordEntry, Store } from './store/port.ts';

type Open = {
  readonly dueAt: number;
  readonly thread: MessageId;
  readonly recipients: readonly string[];
  /** Sent, and the leaf that follows it not written yet. */
  reminder?: SentReminder;
};

export type DispositionClockDependencies = {
  readonly store: Pick<Store, 'readMarks' | 'setMarks' | 'appendRecords'>;
  readonly now: () => number;
  readonly rules: AlertRules;
  /** See `AlertReminder.remind`. */
  readonly remind: (alert: OverdueAlert, lease: Lease) => Promise<SentReminder | undefined>;
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

  /** Takes in a message, in the order of acceptance. An answer counts from those who got the alert or its reminder. */
  see({ envelope }: Pick<StoredEvent, 'envelope'>): void {
    const { id, source, to, category, severity, thread, inReplyTo } = envelope;
    if (source === correlatorAddress && category === alertCategory) {
      const dueAt = dispositionDeadline(raisedAtOf(id), this.#hoursFor(severity));
      this.#open.set(id, { dueAt, thread, recipients: to });
    } else if (inReplyTo === undefined) {
      return;
    } else if (source === correlatorAddress && category === reminderCategory) {
      const alert = this.#open.get(inReplyTo);
      if (alert !== undefined) alert.reminder = { id, to };
    } else if (dispositionCategories.has(category)) {
      this.#answer(inReplyTo, source);
    }
  }

  #answer(replied: MessageId, source: string): void {
    for (const [id, { recipients, reminder }] of this.#open) {
      if (id !== replied && reminder?.id !== replied) continue;
      if (recipients.includes(source) || reminder?.to.includes(source) === true) this.#open.delete(id);
    }
  }

  /**
   * Has people reminded of each alert whose time has passed, and then records it, once: `alert.overdue`.
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
    const records: RecordEntry[] = [];
    for (const [id, alert] of news) records.push(await this.#remind(id, alert, lease));
    if (records.length > 0) {
      await store.appendRecords(records, lease);
      await store.setMarks(new Map([[overdueMark, until]]), lease);
    }
    for (const [id] of late) this.#open.delete(id);
    return news.map(([id]) => id);
  }

  /** @returns the leaf that follows */
  async #remind(id: MessageId, { dueAt, thread, recipients }: Open, lease: Lease): Promise<RecordEntry> {
    const reminder = await this.#deps.remind({ id, thread }, lease);
    return {
      kind: 'alert.overdue',
      message: id,
      thread,
      dispositionBy: dueAt,
      recipients,
      ...(reminder === undefined ? {} : { reminder: reminder.id, reminded: reminder.to }),
    };
  }

  /** Of the levels with this severity the longest time, so that nobody is told of too early. */
  #hoursFor(severity: string): number {
    const levels = Object.values(this.#deps.rules.levels);
    const own = levels.filter((level) => level.severity === severity);
    return Math.max(...(own.length > 0 ? own : levels).map((level) => level['disposition-hours']));
  }
}
