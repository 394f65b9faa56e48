/**
 * Knows which alerts nobody has answered in time, and has people reminded of them. It learns of alerts and answers from
 * the messages themselves, which the correlator reads again when it starts, so two marks are all that needs to be kept:
 * it has told of every alert that was due up to a time and accepted up to a position. The time alone would not do: an
 * alert that a gateway sends after days of standing still is due at once, and earlier than what was told of.
 */
import { correlatorAddress, type MessageId } from '../../protocol/ids.ts';
import type { OverdueAlert, ReminderOutcome, SentReminder } from './alert-reminder.ts';
import { dispositionDeadline } from '../correlator/alert.ts';
import { raisedAtOf } from '../correlator/alert-document.ts';
import { noRenewal, type Renew } from '../correlator/renew.ts';
import type { StoredEvent } from '../correlator/stored-event.ts';
import { alertCategory, dispositionCategories, reminderCategory, type AlertRules } from '../policy/alerts.ts';
import type { Lease, RecordEntry, Store } from '../store/port.ts';

type Open = {
  /** By today's agreement, until it is read what the alert itself says. */
  dueAt: number;
  isAsRaised: boolean;
  readonly position: number;
  readonly thread: MessageId;
  readonly recipients: readonly string[];
  /** Sent, and the leaf that follows it not written yet. */
  reminder?: SentReminder;
};

export type DispositionClockDependencies = {
  readonly store: Pick<Store, 'readMarks' | 'setMarks' | 'appendRecords'>;
  readonly now: () => number;
  readonly rules: AlertRules;
  /** By when an alert was to be answered when it was raised, ms since 1970; undefined where that is not on record. */
  readonly deadlineOf: (alert: MessageId) => Promise<number | undefined>;
  /** See `AlertReminder.remind`. */
  readonly remind: (alert: OverdueAlert, lease: Lease) => Promise<ReminderOutcome>;
};

const marks = { time: 'correlator.overdue', position: 'correlator.overdue-position' } as const;

/** Clocks of gateways may differ by so much. */
const skewMs = 3_600_000;

/** How far back the messages must be shown to a clock: an alert waits for its answer, and once as long again for a gateway. */
export function reachOfClock({ levels }: AlertRules): number {
  return (
    2 * dispositionDeadline(0, Math.max(...Object.values(levels).map((one) => one['disposition-hours'])))
  );
}

export class DispositionClock {
  readonly #deps: DispositionClockDependencies;
  readonly #open = new Map<MessageId, Open>();
  /** Of the last message that was seen. */
  #position = 0;

  constructor(deps: DispositionClockDependencies) {
    this.#deps = deps;
  }

  /** Alerts that wait for an answer. */
  get size(): number {
    return this.#open.size;
  }

  /** Takes in a message, in the order of acceptance. An answer counts from those who got the alert or its reminder. */
  see({ envelope, position }: Pick<StoredEvent, 'envelope' | 'position'>): void {
    this.#position = Math.max(this.#position, position);
    const { id, source, to, category, severity, thread, inReplyTo } = envelope;
    if (source === correlatorAddress && category === alertCategory) {
      const dueAt = dispositionDeadline(raisedAtOf(id), this.#hoursFor(severity));
      this.#open.set(id, { dueAt, isAsRaised: false, position, thread, recipients: to });
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
  async recordOverdue(lease: Lease, renew: Renew = noRenewal): Promise<readonly MessageId[]> {
    const { store, now } = this.#deps;
    await this.#readDeadlines(renew);
    if (this.#dueBy(now()).length === 0) return [];
    const kept = await store.readMarks();
    const noted = kept.get(marks.time) ?? 0;
    // What a wrong clock noted far ahead would make every alert overdue at once.
    const toldUntil = noted > now() + skewMs ? Math.trunc(now()) : noted;
    const toldPosition = kept.get(marks.position) ?? Infinity;
    // A gateway whose clock is behind goes by the one that told before it.
    const until = Math.max(toldUntil, Math.trunc(now()));
    const late = this.#dueBy(until);
    const news = late.filter(([, { dueAt, position }]) => dueAt > toldUntil || position > toldPosition);
    const told: MessageId[] = [];
    for (const [id, alert] of news) {
      await renew();
      const record = await this.#remind(id, alert, lease);
      if (record === undefined) continue;
      // Sealed under the alert's own case, and so erased with it.
      await store.appendRecords([record], lease, alert.thread);
      told.push(id);
    }
    if (news.length > 0) {
      const reached = new Map([
        [marks.time, until],
        [marks.position, this.#position],
      ]);
      await store.setMarks(reached, lease);
    }
    for (const [id] of late) this.#open.delete(id);
    return told;
  }

  /** An agreement that has changed since changes nothing of what people were told when an alert was raised. */
  async #readDeadlines(renew: Renew): Promise<void> {
    for (const [id, alert] of this.#open) {
      if (alert.isAsRaised) continue;
      await renew();
      alert.dueAt = (await this.#deps.deadlineOf(id)) ?? alert.dueAt;
      alert.isAsRaised = true;
    }
  }

  #dueBy(until: number): [MessageId, Open][] {
    return [...this.#open].filter(([, { dueAt }]) => dueAt <= until);
  }

  /** @returns the leaf that follows, if one is to follow */
  async #remind(
    id: MessageId,
    { dueAt, thread, recipients }: Open,
    lease: Lease,
  ): Promise<RecordEntry | undefined> {
    const { reminder, isToRecord } = await this.#deps.remind({ id, thread }, lease);
    if (!isToRecord) return undefined;
    const leaf = { kind: 'alert.overdue', message: id, thread, dispositionBy: dueAt, recipients };
    return reminder === undefined ? leaf : { ...leaf, reminder: reminder.id, reminded: reminder.to };
  }

  /** Of the levels with this severity the longest time, so that nobody is told of too early. */
  #hoursFor(severity: string): number {
    const levels = Object.values(this.#deps.rules.levels);
    const own = levels.filter((level) => level.severity === severity);
    return Math.max(...(own.length > 0 ? own : levels).map((level) => level['disposition-hours']));
  }
}
