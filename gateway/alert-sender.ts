/** Sends alerts to those whom the agreement names, and records that they were raised, or that they could not be sent. */
import type { Logger } from 'pino';
import { agencyOf, type EndpointAddress, type MessageId } from '../protocol/ids.ts';
import type { DirectoryEntry } from '../protocol/wire/directory.ts';
import type { AlertCourier } from './alert-courier.ts';
import { findAlertLeaf } from './alert-leaf.ts';
import { findHolders } from './alert-recipients.ts';
import { alertDocument, alertMessageId } from './correlator/alert-document.ts';
import { alertRecord } from './correlator/alert-record.ts';
import type { Alert } from './correlator/alert.ts';
import { alertCategory, alertDataset, type AlertRules } from './policy/alerts.ts';
import type { PolicySet } from './policy/policy-set.ts';
import type { Lease, Store } from './store/port.ts';

export type AlertSenderDependencies = {
  readonly store: Store;
  readonly courier: Pick<AlertCourier, 'deliver'>;
  readonly policy: () => Pick<PolicySet, 'alerts'>;
  readonly directory: { entries(): Iterable<DirectoryEntry> };
  readonly log: Logger;
};

type LevelRules = AlertRules['levels']['suspect'];

export class AlertSender {
  readonly #deps: AlertSenderDependencies;

  constructor(deps: AlertSenderDependencies) {
    this.#deps = deps;
  }

  /**
   * Sends an alert, unless it was sent before, and records that it was raised. After a crash in between, the next call
   * finishes what is missing: an alert is sent once, counted once and recorded once.
   * @throws CausewayError a retryable one when it may succeed later
   */
  async send(alert: Alert, lease: Lease): Promise<void> {
    const { store, courier, policy, log } = this.#deps;
    const rules = policy().alerts?.levels[alert.level];
    if (rules === undefined) return;
    const thread = alertMessageId(alert);
    const letter = {
      id: thread,
      thread,
      category: alertCategory,
      severity: rules.severity,
      dataschema: alertDataset,
      document: alertDocument(alert, rules['disposition-hours']),
    };
    const result = await courier.deliver(letter, () => this.#recipientsOf(alert, rules), lease);
    const record = (kind: string, id: MessageId, more: object = {}): Promise<number> =>
      store.appendRecords([{ kind, ...alertRecord(alert, { id, thread }, rules), ...more }], lease);
    const said = { pattern: alert.pattern.key, level: alert.level };
    if (result.outcome === 'refused') {
      const { code, tries } = result;
      await record('alert.unsent', thread, { code, tries });
      log.error({ alert: thread, ...said, code, tries }, 'alert not sent');
    } else if (result.outcome === 'sent') {
      await record('alert.raised', result.id);
      log.info({ alert: result.id, ...said }, 'alert raised');
    } else if ((await findAlertLeaf(store, result.id, result.record)) === undefined) {
      await record('alert.raised', result.id);
    }
  }

  /** Those with a role for its level, in the agencies that sent or received the evidence. */
  async #recipientsOf({ events }: Alert, { roles }: LevelRules): Promise<readonly DirectoryEntry[]> {
    const { store, directory } = this.#deps;
    const agencies = new Set<string>();
    for (const { id, source } of events) {
      agencies.add(agencyOf(source));
      const message = await store.readMessage(source as EndpointAddress, id as MessageId);
      for (const { recipient } of message?.deliveries ?? []) agencies.add(agencyOf(recipient));
    }
    return await findHolders(directory, agencies, roles);
  }
}
