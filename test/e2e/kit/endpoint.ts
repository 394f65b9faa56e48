/** An enrolled endpoint as tests use it: it makes envelopes, seals payloads and signs, rightly or wrongly. */
import { randomUUIDv7 } from 'node:crypto';
import { signMessages } from '../../../clients/sdk/batcher.ts';
import { openHome, type Home } from '../../../clients/sdk/home.ts';
import { encryptAndSign, readOpenpgpIdentity, type OpenpgpIdentity } from '../../../clients/sdk/openpgp.ts';
import type { Digest, EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import { sha256 } from '../../../protocol/proof/merkle.ts';
import { batchSigner } from '../../../protocol/proof/signing.ts';
import { encodeEnvelope, type Envelope } from '../../../protocol/wire/envelope.ts';
import type { Unit } from '../../../protocol/wire/frame.ts';
import { signReceiptGroup } from '../../../protocol/wire/receipt-group.ts';
import { encodeReceipt, type Receipt } from '../../../protocol/wire/receipt.ts';

const hourMs = 3_600_000;

export type TestEndpoint = {
  readonly address: EndpointAddress;
  readonly home: Home;
  readonly signer: ReturnType<typeof batchSigner>;
  readonly openpgp: OpenpgpIdentity;
};

export async function openTestEndpoint(dir: string): Promise<TestEndpoint> {
  const home = await openHome(dir);
  return {
    address: home.endpoint,
    home,
    signer: batchSigner(home.signingKeyPem),
    openpgp: await readOpenpgpIdentity(home.openpgpPrivateKey),
  };
}

export function newId(): MessageId {
  return randomUUIDv7() as MessageId;
}

/** A real OpenPGP message to these endpoints, its content of no meaning. */
export async function seal(
  sender: TestEndpoint,
  recipients: readonly TestEndpoint[],
  bytes = 200,
): Promise<Buffer> {
  const options = {
    signWith: sender.openpgp,
    recipients: recipients.map(({ openpgp }) => openpgp.certificateArmored),
  };
  return Buffer.from(await encryptAndSign(Buffer.alloc(bytes, 'synthetic '), options));
}

/** What an envelope may say otherwise than a good one would. */
export type EnvelopeChanges = Partial<Record<keyof Envelope, unknown>>;

/** Makes messages from one endpoint to the same recipients, all good unless changed. The payload is sealed once. */
export class Writer {
  readonly sender: TestEndpoint;
  readonly payload: Buffer;
  readonly #to: readonly string[];
  readonly #keys: readonly string[];
  #count = 0;

  constructor(sender: TestEndpoint, to: readonly string[], keys: readonly string[], payload: Buffer) {
    this.sender = sender;
    this.payload = payload;
    this.#to = to;
    this.#keys = keys;
  }

  /** `to` stands in the envelope as given; the payload is sealed to `recipients`. */
  static async open(
    sender: TestEndpoint,
    recipients: readonly TestEndpoint[],
    to: readonly string[] = recipients.map(({ address }) => address),
    bytes?: number,
  ): Promise<Writer> {
    const keys = recipients.map(({ openpgp }) => openpgp.encryptionKey);
    return new Writer(sender, to, keys, await seal(sender, recipients, bytes));
  }

  /** An envelope as a plain object. A change to `undefined` leaves the member out. */
  envelope(changes: EnvelopeChanges = {}, payload: Uint8Array = this.payload): Record<string, unknown> {
    const now = Date.now();
    const id = newId();
    return {
      id,
      source: this.sender.address,
      type: 'notice',
      time: new Date(now).toISOString(),
      expires: new Date(now + hourMs).toISOString(),
      to: this.#to,
      sequence: this.#to.map(() => this.#count + 1),
      category: 'police-concern',
      severity: 'concern',
      purpose: 'child-protection',
      basis: 'public-task',
      subjects: [],
      thread: id,
      payloadDigest: digestText(payload),
      payloadBytes: payload.byteLength,
      recipientKeys: this.#keys,
      attachments: [],
      signingKey: this.sender.signer.keyId,
      ...changes,
    };
  }

  /** A message under a signature of its own. */
  message(changes: EnvelopeChanges = {}, payload: Uint8Array = this.payload): TestMessage {
    return sign([{ envelope: this.envelope(changes, payload), payload }], this.sender)[0]!;
  }

  /** Messages under one signature. */
  batch(changes: readonly EnvelopeChanges[]): TestMessage[] {
    const messages = changes.map((change) => ({ envelope: this.envelope(change), payload: this.payload }));
    return sign(messages, this.sender);
  }
}

/** A message and what receipts will name it by. */
export type TestMessage = { readonly id: MessageId; readonly digest: Buffer; readonly unit: Unit };

export function sign(
  messages: readonly { envelope: Record<string, unknown>; payload: Uint8Array }[],
  sender: TestEndpoint,
): TestMessage[] {
  const unsigned = messages.map(({ envelope, payload }) => ({
    envelope: encodeEnvelope(envelope as unknown as Envelope),
    payload,
  }));
  return signMessages(unsigned, sender.signer).map((unit, index) => ({
    id: messages[index]!.envelope.id as MessageId,
    digest: sha256(unit.envelope),
    unit,
  }));
}

export function digestText(bytes: Uint8Array): Digest {
  return sha256(bytes).toString('base64url') as Digest;
}

/** A receipt group of a recipient. */
export function receiptGroup(
  issuer: TestEndpoint,
  receipts: readonly (Pick<Receipt, 'message' | 'envelopeDigest'> & Partial<Receipt>)[],
): Buffer {
  const { address } = issuer;
  const encoded = receipts.map((receipt) =>
    encodeReceipt({
      kind: 'stored',
      at: Date.now(),
      issuer: address,
      recipient: address,
      detail: '',
      ...receipt,
    }),
  );
  return signReceiptGroup(encoded, issuer.signer);
}
