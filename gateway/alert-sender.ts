/** Sends alerts: ordinary messages from `gateway/correlator`, encrypted to those whom the agreement names, and signed. */
import type { Logger } from 'pino';
import { catalogue, CausewayError, type ErrorCode } from '../protocol/errors.ts';
import { agencyOf, type EndpointAddress, type MessageId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import { proveBatch, VerifiedRoots } from '../protocol/proof/batch-proof.ts';
import { digestOf } from '../protocol/proof/merkle.ts';
import { batchSigner } from '../protocol/proof/signing.ts';
import { encodeContent } from '../protocol/wire/content.ts';
import type { DirectoryEntry } from '../protocol/wire/directory.ts';
import { encodeEnvelope, parseEnvelope, type Envelope } from '../protocol/wire/envelope.ts';
import { decodeUnit, encodeUnit, type Unit } from '../protocol/wire/frame.ts';
import { decodeReceiptGroup } from '../protocol/wire/receipt-group.ts';
import { refusedDetail } from '../protocol/wire/receipt.ts';
import { alertDocument, alertMessageId } from './correlator/alert-document.ts';
import { alertRecord } from './correlator/alert-record.ts';
import type { Alert } from './correlator/alert.ts';
import { correlatorAddress, type CorrelatorKeys } from './identity/correlator-identity.ts';
import { isSealable, seal } from './identity/openpgp-seal.ts';
import { alertCategory, alertDataset, type AlertRules } from './policy/alerts.ts';
import type { PolicySet } from './policy/policy-set.ts';
import type { Sender } from './relay/examine.ts';
import type { Lease, Store } from './store/port.ts';

export type AlertSenderDependencies = {
  readonly store: Store;
  readonly keys: CorrelatorKeys;
  readonly now: () => number;
  readonly policy: () => PolicySet;
  readonly directory: {
    get(address: EndpointAddress): DirectoryEntry | undefined;
    entries(): Iterable<DirectoryEntry>;
  };
  /** See `Relay.submit`. */
  readonly submit: (sender: Sender, units: readonly Unit[], lease: Lease) => Promise<Buffer>;
  readonly log: Logger;
  readonly onError: (error: unknown) => void;
};

type LevelRules = AlertRules['levels']['suspect'];

const lifetimeMs = 30 * 24 * 3_600_000;
const leavesAtOnce = 500;
const sequenceMark = 'correlator.sequence ';

export class AlertSender {
  readonly #deps: AlertSenderDependencies;
  readonly #signer: ReturnType<typeof batchSigner>;
  readonly #verified = new VerifiedRoots();

  constructor(deps: AlertSenderDependencies) {
    this.#deps = deps;
    this.#signer = batchSigner(deps.keys.signingKeyPem);
  }

  /**
   * Sends an alert, unless it was sent before, and records that it was raised. After a crash in between, the next call
   * finishes what is missing: an alert is sent once, counted once and recorded once.
   * @throws CausewayError a retryable one when it may succeed later
   */
  async send(alert: Alert, lease: Lease): Promise<void> {
    const { policy } = this.#deps;
    const id = alertMessageId(alert);
    const rules = policy().alerts?.levels[alert.level];
    if (rules === undefined) return;
    if (!(await this.#finishSent(alert, id, rules, lease))) await this.#sendNow(alert, id, rules, lease);
  }

  /** @returns false where it was never sent */
  async #finishSent(alert: Alert, id: MessageId, rules: LevelRules, lease: Lease): Promise<boolean> {
    const sent = await this.#deps.store.readMessage(correlatorAddress, id);
    if (sent === undefined) return false;
    await this.#recoverNumbers(id, lease);
    if (!(await this.#isRecorded(id, sent.record)))
      await this.#record('alert.raised', alert, id, rules, lease);
    return true;
  }

  async #sendNow(alert: Alert, id: MessageId, rules: LevelRules, lease: Lease): Promise<void> {
    const recipients = await this.#recipientsOf(alert, rules.roles);
    const refusal =
      recipients.length > 0 ? await this.#submit(alert, id, recipients, rules, lease) : 'recipient-unknown';
    const { log } = this.#deps;
    const said = { alert: id, pattern: alert.pattern.key, level: alert.level };
    if (refusal === undefined) {
      await this.#record('alert.raised', alert, id, rules, lease);
      log.info(said, 'alert raised');
    } else {
      await this.#record('alert.unsent', alert, id, rules, lease);
      log.error({ ...said, code: refusal }, 'alert not sent');
    }
  }

  async #record(kind: string, alert: Alert, id: MessageId, rules: LevelRules, lease: Lease): Promise<void> {
    await this.#deps.store.appendRecords([{ kind, ...alertRecord(alert, id, rules) }], lease);
  }

  /** The leaf stands soon after that of the acceptance, unless a crash came between. */
  async #isRecorded(id: MessageId, acceptance: number): Promise<boolean> {
    for (let from = acceptance + 1; ;) {
      const leaves = await this.#deps.store.readLeaves(from, leavesAtOnce);
      if (leaves.some(({ entry }) => entry.kind === 'alert.raised' && entry.message === id)) return true;
      const last = leaves.at(-1);
      if (last === undefined) return false;
      from = last.index + 1;
    }
  }

  /** Who holds a role in an agency that sent or received the evidence, with a key that can be used. */
  async #recipientsOf({ events }: Alert, roles: readonly string[]): Promise<readonly DirectoryEntry[]> {
    const { store, directory } = this.#deps;
    const agencies = new Set<string>();
    for (const { id, source } of events) {
      agencies.add(agencyOf(source));
      const message = await store.readMessage(source as EndpointAddress, id as MessageId);
      for (const { recipient } of message?.deliveries ?? []) agencies.add(agencyOf(recipient));
    }
    const found: DirectoryEntry[] = [];
    for (const entry of directory.entries()) {
      if (entry.status !== 'active' || !agencies.has(entry.agency)) continue;
      if (!entry.roles.some((role) => roles.includes(role))) continue;
      if (await isSealable(entry.openpgpCertificate)) found.push(entry);
    }
    return found.sort((a, b) => (a.endpoint < b.endpoint ? -1 : 1)).slice(0, limits.maxRecipients);
  }

  /** @returns why it was refused for good, if it was */
  async #submit(
    alert: Alert,
    id: MessageId,
    recipients: readonly DirectoryEntry[],
    rules: LevelRules,
    lease: Lease,
  ): Promise<ErrorCode | undefined> {
    const { store, keys, directory, submit } = this.#deps;
    const entry = directory.get(correlatorAddress);
    if (entry === undefined) throw new RangeError('the correlator is not in the directory');
    const to = recipients.map(({ endpoint }) => endpoint);
    const body = Buffer.from(JSON.stringify(alertDocument(alert, rules['disposition-hours'])), 'utf8');
    const content = encodeContent(
      { id, source: correlatorAddress, to, mediaType: 'application/json', dataschema: alertDataset },
      body,
    );
    const payload = await seal(
      content,
      keys,
      recipients.map(({ openpgpCertificate }) => openpgpCertificate),
    );
    const kept = await store.readMarks();
    const sequence = to.map((address) => (kept.get(sequenceMark + address) ?? 0) + 1);
    const recipientKeys = recipients.map(({ encryptionKey }) => encryptionKey).sort();
    const parts = { id, to, sequence, severity: rules.severity, payload, recipientKeys };
    const envelope = encodeEnvelope(this.#envelopeOf(parts));
    const [proof] = proveBatch([envelope], this.#signer);
    if (proof === undefined) throw new RangeError('an envelope without proof');
    const sender = { entry, signingKey: this.#signer.publicKey, verified: this.#verified };
    const refusal = refusalIn(await submit(sender, [encodeUnit(envelope, proof, payload)], lease));
    if (refusal === undefined) await this.#keepNumbers(to, sequence, lease);
    return refusal;
  }

  #envelopeOf({
    id,
    to,
    sequence,
    severity,
    payload,
    recipientKeys,
  }: Pick<Envelope, 'id' | 'to' | 'sequence' | 'severity' | 'recipientKeys'> & {
    readonly payload: Buffer;
  }): Envelope {
    const time = this.#deps.now();
    return {
      id,
      source: correlatorAddress,
      type: 'notice',
      time: new Date(time).toISOString(),
      expires: new Date(time + lifetimeMs).toISOString(),
      to,
      sequence,
      category: alertCategory,
      severity,
      purpose: 'child-protection',
      basis: 'public-task',
      dataschema: alertDataset,
      subjects: [],
      thread: id,
      payloadDigest: digestOf(payload),
      payloadBytes: payload.byteLength,
      recipientKeys,
      attachments: [],
      signingKey: this.#signer.keyId,
    };
  }

  /** A crash between sending and counting leaves the message itself, which says what was counted. */
  async #recoverNumbers(id: MessageId, lease: Lease): Promise<void> {
    const evidence = await this.#deps.store.readEvidence(id);
    const unit = evidence.find(({ source }) => source === correlatorAddress)?.unit;
    if (unit === undefined || unit.byteLength === 0) return;
    const { to, sequence } = parseEnvelope(decodeUnit(unit).envelope);
    await this.#keepNumbers(to, sequence, lease);
  }

  async #keepNumbers(to: readonly string[], sequence: readonly number[], lease: Lease): Promise<void> {
    const { store } = this.#deps;
    const kept = await store.readMarks();
    const marks = new Map(
      to.map((address, nth) => {
        const name = sequenceMark + address;
        return [name, Math.max(kept.get(name) ?? 0, sequence[nth] ?? 0)];
      }),
    );
    await store.setMarks(marks, lease);
  }
}

/** @throws CausewayError where it may be taken later */
function refusalIn(answer: Buffer): ErrorCode | undefined {
  const [receipt] = decodeReceiptGroup(answer).receipts;
  if (receipt?.kind !== 'refused') return undefined;
  const code = refusedDetail(receipt).code;
  if (catalogue[code].retryable) throw new CausewayError(code);
  return code;
}
