/**
 * Knows which alerts nobody has answered in time, and has people reminded of them. It learns of alerts and answers from
 * the messages themselves, which the correlator reads again when it starts, so three marks are all that needs to be kept:
 * it has told of every alert that was due up to a time and accepted up to a position, but of those that were due just at
 * that time only up to a position of their own. The time alone would not do: an alert that a gateway sends after days of
 * standing still is due at once, and earlier than what was told of. Marks are set after each alert, so that a failure in
 * the middle has none told of twice.
 */
import type { Logger } from 'pino';
import { correlatorAddress, type MessageId } from '../../protocol/ids.ts';
import type { OverdueAlert, ReminderOutcome, SentReminder } from './alert-reminder.ts';
import { unlessLasting } from './lasting-failure.ts';
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
  /** Told of, and the marks that say so not set yet. */
  isTold?: boolean;
};

export type DispositionClockDependencies = {
  readonly store: Pick<Store, 'readMarks' | 'setMarks' | 'appendRecords'>;
  readonly now: () => number;
  readonly rules: AlertRules;
  /** By when an alert was to be answered when it was raised, ms since 1970; undefined where that is not on record. */
  readonly deadlineOf: (alert: MessageId) => Promise<number | undefined>;
  /** See `AlertReminder.remind`. */
  readonly remind: (alert: OverdueAlert, lease: Lease) => Promise<ReminderOutcome>;
  readonly log: Pick<Logger, 'warn' | 'error'>;
};

const marks = {
  time: 'correlator.overdue',
  position: 'correlator.overdue-position',
  tie: 'correlator.overdue-tie',
} as const;

/** Told of is what was accepted up to `position` and due before `time`, or just then and accepted up to `tie`. */
type Reached = { readonly time: number; readonly position: number; readonly tie: number };

type Due = readonly [MessageId, Open];

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
   * One at which this fails for good holds up no other: it is logged, and left out.
   * @returns their ids
   * @throws CausewayError `store-unavailable`, `lease-lost`; those that are left are then told the next time
   */
  async recordOverdue(lease: Lease, renew: Renew = noRenewal): Promise<readonly MessageId[]> {
    await this.#readDeadlines(renew);
    if (this.#dueBy(this.#deps.now()).length === 0) return [];
    const reached = await this.#readReached();
    // A gateway whose clock is behind goes by the one that told before it.
    const until = Math.max(reached.time, Math.trunc(this.#deps.now()));
    const told: MessageId[] = [];
    const news = this.#inOrder(this.#dueBy(until), reached);
    for (const { due, then } of news) {
      const [id, alert] = due;
      await renew();
      if (alert.isTold !== true && (await this.#tell(due, lease))) told.push(id);
      alert.isTold = true;
      await this.#setReached(then, lease);
      this.#open.delete(id);
    }
    if (news.length > 0)
      await this.#setReached({ time: until, position: this.#position, tie: this.#position }, lease);
    for (const [id] of this.#dueBy(until)) this.#open.delete(id);
    return told;
  }

  async #readReached(): Promise<Reached> {
    const { store, now } = this.#deps;
    const kept = await store.readMarks();
    const position = kept.get(marks.position) ?? Infinity;
    const time = kept.get(marks.time) ?? 0;
    // What a wrong clock noted far ahead would make every alert overdue at once.
    if (time > now() + skewMs) return { time: Math.trunc(now()), position, tie: Infinity };
    return { time, position, tie: kept.get(marks.tie) ?? Infinity };
  }

  async #setReached({ time, position, tie }: Reached, lease: Lease): Promise<void> {
    const reached = new Map([
      [marks.time, time],
      [marks.position, position],
      [marks.tie, Math.min(tie, position)],
    ]);
    await this.#deps.store.setMarks(reached, lease);
  }

  /** The alerts that were not told of, and what is reached after each: those that came late first, as they came. */
  #inOrder(due: readonly Due[], reached: Reached): { readonly due: Due; readonly then: Reached }[] {
    const { time, position: until, tie } = reached;
    const isLate = ([, { dueAt, position }]: Due): boolean =>
      dueAt < time || (dueAt === time && position <= tie);
    const late = due.filter((one) => isLate(one) && one[1].position > until);
    const others = due.filter((one) => !isLate(one));
    return [
      ...late
        .sort(([, a], [, b]) => a.position - b.position)
        .map((one) => ({ due: one, then: { ...reached, position: one[1].position } })),
      ...others
        .sort(([, a], [, b]) => a.dueAt - b.dueAt || a.position - b.position)
        .map((one) => ({
          due: one,
          then: { time: one[1].dueAt, position: this.#position, tie: one[1].position },
        })),
    ];
  }

  /** An agreement that has changed since changes nothing of what people were told when an alert was raised. */
  async #readDeadlines(renew: Renew): Promise<void> {
    for (const [id, alert] of this.#open) {
      if (alert.isAsRaised) continue;
      await renew();
      alert.dueAt = (await this.#deadlineOf(id)) ?? alert.dueAt;
      alert.isAsRaised = true;
    }
  }

  /** Undefined also where it cannot be read: one broken place in the log must not have all alerts wait. */
  async #deadlineOf(id: MessageId): Promise<number | undefined> {
    const work = async (): Promise<number | undefined> => this.#deps.deadlineOf(id);
    return unlessLasting(work, (err) => {
      this.#deps.log.error({ err, alert: id }, 'deadline of an alert not readable');
      return undefined;
    });
  }

  #dueBy(until: number): Due[] {
    return [...this.#open].filter(([, { dueAt }]) => dueAt <= until);
  }

  async #tell(due: Due, lease: Lease): Promise<boolean> {
    const work = async (): Promise<boolean> => this.#remindAndRecord(due, lease);
    return unlessLasting(work, (err) => {
      this.#deps.log.error({ err, alert: due[0] }, 'overdue alert not recorded');
      return false;
    });
  }

  /** @returns whether it was recorded: no leaf follows where one stands already, or the alert was erased */
  async #remindAndRecord([id, { dueAt, thread, recipients }]: Due, lease: Lease): Promise<boolean> {
    const { store, remind, log } = this.#deps;
    const { reminder, isToRecord } = await remind({ id, thread }, lease);
    if (!isToRecord) return false;
    const leaf = { kind: 'alert.overdue', message: id, thread, dispositionBy: dueAt, recipients };
    const record: RecordEntry =
      reminder === undefined ? leaf : { ...leaf, reminder: reminder.id, reminded: reminder.to };
    // Sealed under the alert's own case, and so erased with it.
    await store.appendRecords([record], lease, thread);
    log.warn({ alert: id, event: 'alert-overdue' }, 'alert not answered in time');
    return true;
  }

  /** Of the levels with this severity the longest time, so that nobody is told of too early. */
  #hoursFor(severity: string): number {
    const levels = Object.values(this.#deps.rules.levels);
    const own = levels.filter((level) => level.severity === severity);
    return Math.max(...(own.length > 0 ? own : levels).map((level) => level['disposition-hours']));
  }
}
