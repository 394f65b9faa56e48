/** Notices of an endless stream as stores hold them when they were accepted: whole units, with payload and signatures of chance. */
import { randomBytes } from 'node:crypto';
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import { digestOf, sha256 } from '../../protocol/proof/merkle.ts';
import { encodeEnvelope, type Envelope, type Severity } from '../../protocol/wire/envelope.ts';
import { encodeUnit } from '../../protocol/wire/frame.ts';
import type { EndlessNotice } from '../stream/endless.ts';

const lifeMs = 5 * 24 * 3600_000;
/** A signature over a batch of eight, with its path. */
const proofBytes = 68 + 3 * 32;
export const recipient = 'north-lanarkshire-social-work/duty' as EndpointAddress;

export type AcceptedNotice = {
  readonly id: MessageId;
  readonly source: EndpointAddress;
  readonly digest: Buffer;
  /** ms since 1970. */
  readonly arrived: number;
  readonly expiresAt: number;
  readonly category: string;
  readonly severity: Severity;
  readonly unit: Buffer;
};

/** Writes notices down, one after the other. */
export class NoticeWriter {
  readonly #payloadBytes: number;
  readonly #chance = randomBytes(1 << 20);
  #count = 0;

  constructor(payloadBytes: number) {
    this.#payloadBytes = payloadBytes;
  }

  /** How many were written. */
  get count(): number {
    return this.#count;
  }

  write({ event, tokens }: EndlessNotice): AcceptedNotice {
    const record = this.#count++;
    const id = `01900000-0000-7000-8000-${record.toString(16).padStart(12, '0')}` as MessageId;
    const source = event.source as EndpointAddress;
    const severity = event.severity as Severity;
    const { category, arrived } = event;
    const payload = this.#noise(this.#payloadBytes);
    const key = this.#noise(32);
    const envelope = encodeEnvelope({
      id,
      source,
      type: 'notice',
      time: new Date(event.time).toISOString(),
      expires: new Date(event.time + lifeMs).toISOString(),
      to: [recipient],
      sequence: [record + 1],
      category,
      severity,
      purpose: 'child-protection',
      basis: 'public-task',
      subjects: [tokens],
      thread: id,
      payloadDigest: digestOf(payload),
      payloadBytes: this.#payloadBytes,
      recipientKeys: [key.toString('hex')] as Envelope['recipientKeys'],
      attachments: [],
      signingKey: key.toString('base64url') as Envelope['signingKey'],
    });
    const { bytes: unit } = encodeUnit(envelope, this.#noise(proofBytes), payload);
    const digest = sha256(envelope);
    return { id, source, digest, arrived, expiresAt: arrived + lifeMs, category, severity, unit };
  }

  /** Ciphertext and signatures: nothing that a disk could compress. */
  #noise(bytes: number): Buffer {
    const from = (this.#count * 4099) % (this.#chance.byteLength - bytes);
    return this.#chance.subarray(from, from + bytes);
  }
}
