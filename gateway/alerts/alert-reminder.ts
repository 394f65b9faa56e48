/** Reminds people of an alert that nobody has answered in time: one message, to those whom the agreement names for that. */
import type { Logger } from 'pino';
import { correlatorAddress, agencyOf, type MessageId } from '../../protocol/ids.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { AlertCourier } from './alert-courier.ts';
import { findAlertLeaf, isOverdueOnRecord } from './alert-leaf.ts';
import { findHolders, type HolderDirectory } from './alert-recipients.ts';
import { reminderDocument, reminderIdOf } from '../correlator/alert-document.ts';
import { reminderCategory, reminderDataset } from '../policy/alerts.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { Lease, Store } from '../store/port.ts';

export type AlertReminderDependencies = {
  readonly store: Pick<Store, 'readMessage' | 'readLeaves'>;
  readonly courier: Pick<AlertCourier, 'deliver'>;
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

export class AlertReminder {
  readonly #deps: AlertReminderDependencies;

  constructor(deps: AlertReminderDependencies) {
    this.#deps = deps;
  }

  /**
   * Sends the reminder of an alert, unless it was sent before.
   * @throws CausewayError a retryable one when it may succeed later
   */
  async remind({ id, thread }: OverdueAlert, lease: Lease): Promise<ReminderOutcome> {
    const { store, courier, policy, directory, log } = this.#deps;
    const rules = policy().alerts?.overdue;
    const sent = await store.readMessage(correlatorAddress, id);
    const record = sent && (await findAlertLeaf(store, id, sent.record));
    // What was erased gets no further leaf: that would tell again what nobody is to know.
    if (sent === undefined || record === undefined) return { isToRecord: false };
    if (rules === undefined) return { isToRecord: true };
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
    const result = await courier.deliver(letter, find, lease);
    if (result.outcome === 'refused') {
      log.error({ alert: id, code: result.code, tries: result.tries }, 'reminder not sent');
      return { isToRecord: true };
    }
    const isOnRecord =
      result.outcome === 'sent-before' && (await isOverdueOnRecord(store, id, result.record));
    return { reminder: { id: result.id, to: result.to }, isToRecord: !isOnRecord };
  }
}
