/** Reminds people of an alert that nobody has answered in time: one message, to those whom the agreement names for that. */
import type { Logger } from 'pino';
import { correlatorAddress, agencyOf, type MessageId } from '../../protocol/ids.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { AlertCourier, CourierOutcome } from './alert-courier.ts';
import { findAlertLeaf, isOverdueOnRecord } from './alert-leaf.ts';
import { findHolders, type HolderDirectory } from './alert-recipients.ts';
import { unlessLasting } from './lasting-failure.ts';
import { reminderDocument, reminderIdOf } from '../correlator/alert-document.ts';
import type { AlertRecord } from '../correlator/alert-record.ts';
import { reminderCategory, reminderDataset, type AlertRules } from '../policy/alerts.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { Lease, MessageState, Store } from '../store/port.ts';

export type AlertReminderDependencies = {
  readonly store: Pick<Store, 'readMessage' | 'readLeaves'>;
  readonly courier: Pick<AlertCourier, 'deliver' | 'findSent'>;
  readonly policy: () => Pick<PolicySet, 'alerts'>;
  readonly directory: HolderDirectory;
  readonly log: Logger;
};

/** An alert without an answer. */
export type OverdueAlert = { readonly id: MessageId; readonly thread: MessageId };

/** A reminder that was sent. */
export type SentReminder = { readonly id: MessageId; readonly to: readonly string[] };

/** What is to be recorded of an alert without an answer. */
export type ReminderOutcome = {
  /** Undefined where the agreement names nobody, or nobody could be found. */
  readonly reminder?: SentReminder;
  /** False where the leaf `alert.overdue` stands already, or the alert was erased. */
  readonly isToRecord: boolean;
};

/** What the reminder of an alert is made of. */
type Occasion = OverdueAlert & {
  readonly record: AlertRecord;
  readonly sent: MessageState;
  readonly rules: NonNullable<AlertRules['overdue']>;
};

export class AlertReminder {
  readonly #deps: AlertReminderDependencies;

  constructor(deps: AlertReminderDependencies) {
    this.#deps = deps;
  }

  /**
   * Sends the reminder of an alert, unless it was sent before. One that fails to be made holds up no other: it is logged,
   * and the alert recorded as one of which nobody was reminded.
   * @throws CausewayError a retryable one when it may succeed later; whatever keeps it from being known whether the alert
   * was erased, or whether people were reminded
   */
  async remind({ id, thread }: OverdueAlert, lease: Lease): Promise<ReminderOutcome> {
    const { store, courier, policy, log } = this.#deps;
    const rules = policy().alerts?.overdue;
    const sent = await store.readMessage(correlatorAddress, id);
    const record = sent && (await findAlertLeaf(store, id, sent.record));
    // What was erased gets no further leaf: that would tell again what nobody is to know.
    if (sent === undefined || record === 'erased') return { isToRecord: false };
    if (record === undefined) {
      log.error({ alert: id, code: 'store-damaged' }, 'reminder not sent: no leaf says what the alert was');
      return { isToRecord: (await courier.findSent(reminderIdOf(id))) === undefined };
    }
    if (rules === undefined) return { isToRecord: true };
    const result = await this.#deliver({ id, thread, record, sent, rules }, lease);
    if (result.outcome === 'refused') {
      log.error({ alert: id, code: result.code, tries: result.tries }, 'reminder not sent');
      return { isToRecord: true };
    }
    const isOnRecord =
      result.outcome === 'sent-before' && (await isOverdueOnRecord(store, id, result.record));
    return { reminder: { id: result.id, to: result.to }, isToRecord: !isOnRecord };
  }

  async #deliver(occasion: Occasion, lease: Lease): Promise<CourierOutcome> {
    const { courier, log } = this.#deps;
    const work = async (): Promise<CourierOutcome> => this.#makeAndDeliver(occasion, lease);
    return unlessLasting(work, async (err) => {
      log.error({ err, alert: occasion.id }, 'reminder could not be made');
      // It may have failed when it was accepted already, and people were reminded.
      const before = await courier.findSent(reminderIdOf(occasion.id));
      return before ?? { outcome: 'refused', code: 'internal-error', tries: 0 };
    });
  }

  async #makeAndDeliver(
    { id, thread, record, sent, rules }: Occasion,
    lease: Lease,
  ): Promise<CourierOutcome> {
    const { courier, directory, log } = this.#deps;
    const sentTo = sent.deliveries.map(({ recipient }) => recipient);
    const agencies = new Set(sentTo.map(agencyOf));
    const letter = {
      id: reminderIdOf(id),
      thread,
      inReplyTo: id,
      category: reminderCategory,
      severity: rules.severity,
      dataschema: reminderDataset,
      document: reminderDocument(record, sentTo),
    };
    const find = async (): Promise<readonly DirectoryEntry[]> => {
      const { recipients, leftOut } = await findHolders(directory, agencies, rules.roles);
      if (leftOut.length > 0) log.warn({ alert: id, leftOut }, 'more hold the role than a message may have');
      return recipients;
    };
    return await courier.deliver(letter, find, lease);
  }
}
