/** Sends alerts to those whom the agreement names, and records that they were raised, or that they could not be sent. */
import type { Logger } from 'pino';
import { agencyOf, type EndpointAddress, type MessageId } from '../../protocol/ids.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { AlertCourier, CourierOutcome } from './alert-courier.ts';
import { isAlertTold } from './alert-leaf.ts';
import { findHolders, type HolderDirectory } from './alert-recipients.ts';
import { unlessLasting } from './lasting-failure.ts';
import { alertDocument, alertMessageId } from '../correlator/alert-document.ts';
import { alertRecord } from '../correlator/alert-record.ts';
import { alertKey, type Alert } from '../correlator/alert.ts';
import type { LetGo } from '../correlator/stuck-alerts.ts';
import { alertCategory, alertDataset, type AlertRules } from '../policy/alerts.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { Lease, RecordEntry, Store } from '../store/port.ts';
import { placeForUnsent } from './unsent-alerts.ts';

export type AlertSenderDependencies = {
  readonly store: Store;
  readonly courier: Pick<AlertCourier, 'deliver' | 'findSent'>;
  readonly policy: () => Pick<PolicySet, 'alerts'>;
  readonly directory: HolderDirectory;
  readonly log: Logger;
};

type LevelRules = AlertRules['levels']['suspect'];

export class AlertSender {
  readonly #deps: AlertSenderDependencies;
  /** Those of which the log says that they are stuck. */
  readonly #stuck = new Set<string>();

  constructor(deps: AlertSenderDependencies) {
    this.#deps = deps;
  }

  /**
   * Sends an alert, unless it was sent before, and records with it that it was raised: an alert is sent once, counted
   * once and recorded once. One that reaches nobody is tried again by `UnsentAlerts`.
   * @throws CausewayError a retryable one when it may succeed later
   */
  async send(alert: Alert, lease: Lease): Promise<void> {
    const rules = this.#rulesOf(alert);
    if (rules === undefined) return;
    const result = await this.#deliver(alert, rules, lease);
    if (result.outcome !== 'refused') return;
    const isForWant = result.code !== 'internal-error';
    const place =
      result.tries === 0 ? await placeForUnsent(this.#deps.store, { lease, isForWant }) : undefined;
    await this.#recordUnsent(alert, result, { rules, lease, place });
  }

  /**
   * As {@link send}. What keeps this one alone from being sent, and from being recorded as well, keeps back no other.
   * @returns false where that is so
   * @throws CausewayError a retryable one when it may succeed later
   */
  async trySend(alert: Alert, lease: Lease): Promise<boolean> {
    const key = alertKey(alert);
    const { pattern, tier, level, firedAt } = alert;
    const work = async (): Promise<boolean> => {
      await this.send(alert, lease);
      const wasStuck = this.#stuck.delete(key);
      if (wasStuck) this.#deps.log.info({ pattern: pattern.key, firedAt }, 'stuck alert sent or recorded');
      return true;
    };
    return unlessLasting(work, (err) => {
      // Not what it rests on: no erasure reaches this log.
      const told = { err, ...stuckAs(alert), tier, level, firedAt };
      if (!this.#stuck.has(key)) this.#deps.log.fatal(told, 'alert neither sent nor recorded');
      this.#stuck.add(key);
      return false;
    });
  }

  /** Says of an alert that was stuck that nobody tries it any more. */
  letGo(alert: Alert, why: LetGo): void {
    this.#stuck.delete(alertKey(alert));
    const { level, firedAt } = alert;
    this.#deps.log.error({ ...stuckAs(alert), level, firedAt, why }, 'stuck alert let go');
  }

  /**
   * Sends an alert that reached nobody before.
   * @returns false where it still reaches nobody, which is on record already
   * @throws CausewayError a retryable one when it may succeed later
   */
  async sendAgain(alert: Alert, lease: Lease): Promise<boolean> {
    const rules = this.#rulesOf(alert);
    if (rules === undefined) return false;
    const result = await this.#deliver(alert, rules, lease);
    if (result.outcome !== 'refused') return true;
    if (result.tries === 0) return false;
    await this.#recordUnsent(alert, result, { rules, lease });
    return true;
  }

  /** Whether an alert was sent, by whichever gateway. @throws CausewayError `store-unavailable` */
  async wasSent(alert: Alert): Promise<boolean> {
    return (await this.#deps.courier.findSent(alertMessageId(alert))) !== undefined;
  }

  #rulesOf({ level }: Alert): LevelRules | undefined {
    return this.#deps.policy().alerts?.levels[level];
  }

  /**
   * One that fails to be made, by a fault of the gateway or for something damaged in the store, counts as refused before
   * it was submitted: the alerts behind it do not wait for it, and it is tried again as if nobody had been there to have it.
   */
  async #deliver(alert: Alert, rules: LevelRules, lease: Lease): Promise<CourierOutcome> {
    const work = async (): Promise<CourierOutcome> => this.#makeAndDeliver(alert, rules, lease);
    return unlessLasting(work, async (err) => {
      const id = alertMessageId(alert);
      this.#deps.log.error({ err, alert: id }, 'alert could not be made, or recorded');
      return (await this.#findSent(id)) ?? { outcome: 'refused', code: 'internal-error', tries: 0 };
    });
  }

  /** It may have failed when it was accepted already. Where even that cannot be read, it is tried again, and looked up then. */
  async #findSent(id: MessageId): Promise<CourierOutcome | undefined> {
    const work = async (): Promise<CourierOutcome | undefined> => this.#deps.courier.findSent(id);
    return unlessLasting(work, () => undefined);
  }

  /** Has it sent, and recorded where it was. */
  async #makeAndDeliver(alert: Alert, rules: LevelRules, lease: Lease): Promise<CourierOutcome> {
    const { store, courier, log } = this.#deps;
    const thread = alertMessageId(alert);
    const letter = {
      id: thread,
      thread,
      category: alertCategory,
      severity: rules.severity,
      dataschema: alertDataset,
      document: alertDocument(alert, rules['disposition-hours']),
      meaning: (id: MessageId) => bodyOf('alert.raised', alert, { id, rules }),
    };
    const result = await courier.deliver(letter, () => this.#recipientsOf(alert, rules), lease);
    if (result.outcome === 'refused') return result;
    const { id } = result;
    if (result.outcome === 'sent') {
      log.info({ alert: id, pattern: alert.pattern.key, level: alert.level }, 'alert raised');
    } else if (!(await isAlertTold(store, id, result.record))) {
      // It was sent by a version that recorded it later, and was ended in between.
      await this.#append(bodyOf('alert.raised', alert, { id, rules }), alert, { lease });
    }
    return result;
  }

  async #recordUnsent(
    alert: Alert,
    { code, tries }: Extract<CourierOutcome, { outcome: 'refused' }>,
    under: { readonly rules: LevelRules; readonly lease: Lease; readonly place?: string | undefined },
  ): Promise<void> {
    const id = alertMessageId(alert);
    const body = { ...bodyOf('alert.unsent', alert, { id, rules: under.rules }), code, tries };
    await this.#append(body, alert, under);
    const { pattern, level } = alert;
    this.#deps.log.error({ alert: id, pattern: pattern.key, level, code, tries }, 'alert not sent');
  }

  /** @param place the mark that remembers it, set in the same commit: what is on record and not remembered is recorded anew */
  async #append(
    body: RecordEntry,
    alert: Alert,
    { lease, place }: { readonly lease: Lease; readonly place?: string | undefined },
  ): Promise<void> {
    await this.#deps.store.appendRecords([body], lease, alertMessageId(alert), place);
  }

  /** Those with a role for its level, in the agencies that sent or received the evidence. */
  async #recipientsOf(alert: Alert, { roles }: LevelRules): Promise<readonly DirectoryEntry[]> {
    const { store, directory, log } = this.#deps;
    const agencies = new Set<string>();
    for (const { id, source } of alert.events) {
      agencies.add(agencyOf(source));
      const message = await store.readMessage(source as EndpointAddress, id as MessageId);
      for (const { recipient } of message?.deliveries ?? []) agencies.add(agencyOf(recipient));
    }
    const { recipients, leftOut } = await findHolders(directory, agencies, roles);
    if (leftOut.length > 0)
      log.warn({ alert: alertMessageId(alert), leftOut }, 'more hold the role than a message may have');
    return recipients;
  }
}

function stuckAs(alert: Alert): object {
  return { event: 'alert-stuck', alert: alertMessageId(alert), pattern: alert.pattern.key };
}

function bodyOf(
  kind: 'alert.raised' | 'alert.unsent',
  alert: Alert,
  { id, rules }: { readonly id: MessageId; readonly rules: LevelRules },
): RecordEntry {
  return { kind, ...alertRecord(alert, { id, thread: alertMessageId(alert) }, rules) };
}
