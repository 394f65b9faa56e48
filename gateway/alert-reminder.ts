/** Reminds people of an alert that nobody has answered in time: one message, to those whom the agreement names for that. */
import type { Logger } from 'pino';
import { agencyOf, type MessageId } from '../protocol/ids.ts';
import type { DirectoryEntry } from '../protocol/wire/directory.ts';
import type { AlertCourier } from './alert-courier.ts';
import { findAlertLeaf } from './alert-leaf.ts';
import { findHolders } from './alert-recipients.ts';
import { reminderDocument, reminderIdOf } from './correlator/alert-document.ts';
import { correlatorAddress } from './identity/correlator-identity.ts';
import { reminderCategory, reminderDataset } from './policy/alerts.ts';
import type { PolicySet } from './policy/policy-set.ts';
import type { Lease, Store } from './store/port.ts';

export type AlertReminderDependencies = {
  readonly store: Pick<Store, 'readMessage' | 'readLeaves'>;
  readonly courier: Pick<AlertCourier, 'deliver'>;
  readonly policy: () => Pick<PolicySet, 'alerts'>;
  readonly directory: { entries(): Iterable<DirectoryEntry> };
  readonly log: Logger;
};

/** An alert without an answer. */
export type OverdueAlert = { readonly id: MessageId; readonly thread: MessageId };

/** A reminder that was sent. */
export type SentReminder = { readonly id: MessageId; readonly to: readonly string[] };

export class AlertReminder {
  readonly #deps: AlertReminderDependencies;

  constructor(deps: AlertReminderDependencies) {
    this.#deps = deps;
  }

  /**
   * Sends the reminder of an alert, unless it was sent before.
   * @returns undefined where the agreement names nobody, nobody could be found, or the alert was erased
   * @throws CausewayError a retryable one when it may succeed later
   */
  async remind({ id, thread }: OverdueAlert, lease: Lease): Promise<SentReminder | undefined> {
    const { store, courier, policy, directory, log } = this.#deps;
    const rules = policy().alerts?.overdue;
    const sent = await store.readMessage(correlatorAddress, id);
    if (rules === undefined || sent === undefined) return undefined;
    const record = await findAlertLeaf(store, id, sent.record);
    if (record === undefined) return undefined;
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
    const result = await courier.deliver(letter, () => findHolders(directory, agencies, rules.roles), lease);
    if (result.outcome !== 'refused') return { id: result.id, to: result.to };
    log.error({ alert: id, code: result.code, tries: result.tries }, 'reminder not sent');
    return undefined;
  }
}
