/**
 * Carries what the correlator has to say: encrypts it to whom the directory names now, signs it, and submits it through
 * the relay like any message.
 *
 * A refusal uses up an id for good. Most have to do with the moment, as when a recipient's key was renewed between
 * encrypting and submitting; so the same is encrypted once more, under the next id that follows from the first.
 */
import { catalogue, CausewayError, type ErrorCode } from '../../protocol/errors.ts';
import { correlatorAddress, type EndpointAddress, type MessageId } from '../../protocol/ids.ts';
import { proveBatch, VerifiedRoots } from '../../protocol/proof/batch-proof.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import { batchSigner } from '../../protocol/proof/signing.ts';
import { encodeContent } from '../../protocol/wire/content.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import { encodeEnvelope, type Envelope } from '../../protocol/wire/envelope.ts';
import { encodeUnit, type Unit } from '../../protocol/wire/frame.ts';
import { decodeReceiptGroup } from '../../protocol/wire/receipt-group.ts';
import { acceptedDetail, refusedDetail } from '../../protocol/wire/receipt-detail.ts';
import { alertIds } from '../correlator/alert-document.ts';
import { type CorrelatorKeys } from '../identity/correlator-identity.ts';
import { seal } from '../identity/openpgp-seal.ts';
import { PairNumbers } from './pair-numbers.ts';
import type { Sender } from '../relay/examine.ts';
import type { Lease, RecordEntry, Store } from '../store/port.ts';

export type AlertCourierDependencies = {
  readonly store: Store;
  readonly keys: CorrelatorKeys;
  readonly now: () => number;
  readonly directory: { get(address: EndpointAddress): DirectoryEntry | undefined };
  /** See `Relay` and `withMeaning`. */
  readonly submit: (
    sender: Sender,
    unit: Unit,
    lease: Lease,
    meaning: RecordEntry | undefined,
  ) => Promise<Buffer>;
};

/** What is to be told. */
export type Letter = {
  /** Its first id. The same letter always has the same. */
  readonly id: MessageId;
  readonly thread: MessageId;
  readonly inReplyTo?: MessageId;
  readonly category: string;
  readonly severity: Envelope['severity'];
  readonly dataschema: string;
  /** Of that data set. */
  readonly document: object;
  /** What the log says of it, in the same commit as that it was accepted. */
  readonly meaning?: (id: MessageId) => RecordEntry;
};

/** Under which id it was accepted and for whom, just now or before, or that none of its ids was. */
export type CourierOutcome =
  | { readonly outcome: 'sent'; readonly id: MessageId; readonly to: readonly EndpointAddress[] }
  | SentBefore
  | { readonly outcome: 'refused'; readonly code: ErrorCode; readonly tries: number };

type SentBefore = {
  readonly outcome: 'sent-before';
  readonly id: MessageId;
  readonly to: readonly EndpointAddress[];
  /** The leaf of its acceptance. */
  readonly record: number;
};

const lifetimeMs = 30 * 24 * 3_600_000;

export class AlertCourier {
  readonly #deps: AlertCourierDependencies;
  readonly #numbers: PairNumbers;
  readonly #signer: ReturnType<typeof batchSigner>;
  readonly #verified = new VerifiedRoots();

  constructor(deps: AlertCourierDependencies) {
    this.#deps = deps;
    this.#numbers = new PairNumbers(deps.store);
    this.#signer = batchSigner(deps.keys.signingKeyPem);
  }

  /**
   * Sends a letter, unless it was sent before.
   * @param findRecipients asked anew each time that it is encrypted; nobody to write to is a refusal
   * @throws CausewayError a retryable one when it may succeed later
   */
  async deliver(
    letter: Letter,
    findRecipients: () => Promise<readonly DirectoryEntry[]>,
    lease: Lease,
  ): Promise<CourierOutcome> {
    const before = await this.findSent(letter.id);
    if (before !== undefined) return before;
    let code: ErrorCode = 'recipient-unknown';
    let tries = 0;
    for (const id of alertIds(letter.id)) {
      const recipients = await findRecipients();
      if (recipients.length === 0) return { outcome: 'refused', code: 'recipient-unknown', tries };
      tries += 1;
      const refusal = await this.#submit(letter, id, recipients, lease);
      if (refusal === undefined)
        return { outcome: 'sent', id, to: recipients.map(({ endpoint }) => endpoint) };
      code = refusal;
    }
    return { outcome: 'refused', code, tries };
  }

  /** How the letter with this id was sent, if it was, under this id or one that follows from it. */
  async findSent(first: MessageId): Promise<SentBefore | undefined> {
    for (const id of alertIds(first)) {
      const message = await this.#deps.store.readMessage(correlatorAddress, id);
      if (message === undefined) continue;
      const to = message.deliveries.map(({ recipient }) => recipient);
      return { outcome: 'sent-before', id, to, record: message.record };
    }
    return undefined;
  }

  /** @returns why it was refused for good, if it was */
  async #submit(
    letter: Letter,
    id: MessageId,
    recipients: readonly DirectoryEntry[],
    lease: Lease,
  ): Promise<ErrorCode | undefined> {
    const { keys, directory, submit } = this.#deps;
    const entry = directory.get(correlatorAddress);
    if (entry === undefined) throw new RangeError('the correlator is not in the directory');
    const to = recipients.map(({ endpoint }) => endpoint);
    const payload = await seal(
      encodeContent(
        { id, source: correlatorAddress, to, mediaType: 'application/json', dataschema: letter.dataschema },
        Buffer.from(JSON.stringify(letter.document), 'utf8'),
      ),
      keys,
      recipients.map(({ openpgpCertificate }) => openpgpCertificate),
    );
    const sequence = await this.#numbers.next(to, lease);
    const recipientKeys = recipients.map(({ encryptionKey }) => encryptionKey).sort();
    const envelope = encodeEnvelope(this.#envelopeOf(letter, { id, to, sequence, recipientKeys }, payload));
    const [proof] = proveBatch([envelope], this.#signer);
    if (proof === undefined) throw new RangeError('an envelope without proof');
    const sender = { entry, signingKey: this.#signer.publicKey, verified: this.#verified };
    const unit = encodeUnit(envelope, proof, payload);
    const answer = await submit(sender, unit, lease, letter.meaning?.(id)).catch((error: unknown) => {
      this.#numbers.doubt();
      throw error;
    });
    const outcome = readOutcome(answer);
    if ('refusal' in outcome) return outcome.refusal;
    await this.#numbers.keep({ to, sequence }, outcome.record, lease);
    return undefined;
  }

  #envelopeOf(
    { thread, inReplyTo, category, severity, dataschema }: Letter,
    { id, to, sequence, recipientKeys }: Pick<Envelope, 'id' | 'to' | 'sequence' | 'recipientKeys'>,
    payload: Buffer,
  ): Envelope {
    const time = this.#deps.now();
    return {
      id,
      source: correlatorAddress,
      type: 'notice',
      time: new Date(time).toISOString(),
      expires: new Date(time + lifetimeMs).toISOString(),
      to,
      sequence,
      category,
      severity,
      purpose: 'child-protection',
      basis: 'public-task',
      dataschema,
      subjects: [],
      thread,
      ...(inReplyTo === undefined ? {} : { inReplyTo }),
      payloadDigest: digestOf(payload),
      payloadBytes: payload.byteLength,
      recipientKeys,
      attachments: [],
      signingKey: this.#signer.keyId,
    };
  }
}

/** @returns the leaf of the acceptance, or why there is none @throws CausewayError where it may be taken later */
function readOutcome(answer: Buffer): { readonly record: number } | { readonly refusal: ErrorCode } {
  const [receipt] = decodeReceiptGroup(answer).receipts;
  if (receipt === undefined) throw new RangeError('an answer without a receipt');
  if (receipt.kind === 'accepted') return { record: acceptedDetail(receipt).record };
  const { code } = refusedDetail(receipt);
  if (catalogue[code].retryable) throw new CausewayError(code);
  return { refusal: code };
}
