/** Synthetic input for tests of the store: real ids, digests, addresses and units, meaningless content. */
import { createHash } from 'node:crypto';
import type {
  AcceptableMessage,
  EnrolmentPermit,
  RecordEntry,
  RefusableMessage,
  Settlement,
} from '../../../gateway/store/port.ts';
import type { Digest, EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import { uuidFromBytes } from '../../../protocol/uuid.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import { encodeEnvelope, type Envelope } from '../../../protocol/wire/envelope.ts';
import { encodeUnit, unitHeaderBytes } from '../../../protocol/wire/frame.ts';
import { sampleEnvelope } from '../../protocol/samples.ts';

export const police = 'strathclyde-police/concern-hub' as EndpointAddress;
export const health = 'nhs-lanarkshire/child-protection' as EndpointAddress;
export const school = 'north-lanarkshire-education/wishaw' as EndpointAddress;
export const socialWork = 'south-lanarkshire-social-work/duty' as EndpointAddress;

/** Opens the bodies of leaves; the same in every process of a test. */
export const auditKey = Buffer.alloc(32, 0xa5);

/** A time in the test's own world. */
export const noon = Date.UTC(2026, 10, 23, 12);
export const hourMs = 3600_000;

/** The same id for the same number, a UUID version 7. */
export function messageId(number: number): MessageId {
  const bytes = createHash('sha256').update(`id ${number}`).digest().subarray(0, 16);
  bytes.writeUIntBE(noon + number, 0, 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  return uuidFromBytes(bytes);
}

const samplePayload = Buffer.from('payload');

/** An envelope about nobody, for the number told by its id and its category, and for this payload. */
export function sampleEnvelopeOf(number: number, bytes = 0, payload = samplePayload, variant = ''): Buffer {
  const [id, category] = [messageId(number), `category-${number}`];
  const payloadDigest = digestOfBytes(payload).toString('base64url') as Digest;
  const about = { id, category, subjects: [], payloadDigest, payloadBytes: payload.byteLength };
  const envelope = { ...sampleEnvelope(), ...about, purpose: variant };
  const purpose = variant + 'x'.repeat(Math.max(1, bytes - encodeEnvelope(envelope).byteLength));
  return encodeEnvelope({ ...envelope, purpose });
}

/** What {@link sampleEnvelopeOf} makes, with its payload and a proof of nothing. */
export function sampleUnitOf(number: number, payload = samplePayload, variant = ''): Buffer {
  return encodeUnit(sampleEnvelopeOf(number, 0, payload, variant), Buffer.alloc(67, 7), payload).bytes;
}

/** A unit of about two kibibytes. */
export function largerUnitOf(number: number): Buffer {
  return sampleUnitOf(number, Buffer.alloc(2048, number % 251));
}

function digestOfBytes(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** Of the envelope in a unit; of bytes that are none, of nothing. */
function envelopeDigestOf(unit: Buffer): Buffer {
  const length = unit.byteLength < unitHeaderBytes ? 0 : unit.readUInt32BE(0);
  return digestOfBytes(unit.subarray(unitHeaderBytes, unitHeaderBytes + length));
}

export function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** A message that passed every check; `variant` is a part of its envelope. */
export function acceptable(
  number: number,
  changes: Partial<AcceptableMessage> & { variant?: string } = {},
): AcceptableMessage {
  const { variant = '', ...rest } = changes;
  const id = messageId(number);
  const { unit = sampleUnitOf(number, samplePayload, variant) } = rest;
  return {
    verdict: 'accept',
    id,
    envelopeDigest: envelopeDigestOf(unit),
    unit,
    expiresAt: noon + hourMs,
    lane: 1,
    category: 'concern-report',
    severity: 'concern',
    thread: id,
    recipients: [{ endpoint: health, listening: true }],
    record: JSON.stringify({ kind: 'message.accepted', message: id, note: 'naïve' }),
    ...rest,
  };
}

/** As {@link acceptable}, with an envelope that says what is kept beside it. */
export function acceptableAsWritten(
  number: number,
  changes: Partial<AcceptableMessage> = {},
  source = police,
): AcceptableMessage {
  const message = acceptable(number, changes);
  const { category, severity, thread } = message;
  const expires = new Date(message.expiresAt).toISOString();
  const sample = JSON.parse(sampleEnvelopeOf(number).toString()) as Envelope;
  const envelope = encodeEnvelope({ ...sample, source, expires, category, severity, thread });
  const unit = encodeUnit(envelope, Buffer.alloc(67, 7), samplePayload).bytes;
  return { ...message, unit, envelopeDigest: digestOfBytes(envelope) };
}

/** A message that failed a check. */
export function refusable(
  number: number,
  changes: Partial<RefusableMessage> & { variant?: string } = {},
): RefusableMessage {
  const { variant = '', ...rest } = changes;
  const id = messageId(number);
  const answer = { code: 'policy-denied', text: 'No rule permits it.', ...rest } as const;
  const envelopeDigest = envelopeDigestOf(sampleUnitOf(number, samplePayload, variant));
  return {
    verdict: 'refuse',
    id,
    envelopeDigest,
    final: true,
    thread: id,
    record: JSON.stringify({
      kind: 'message.refused',
      message: id,
      envelope: envelopeDigest.toString('base64url'),
      code: answer.code,
      text: answer.text ?? null,
    }),
    ...answer,
  };
}

/** What a recipient would send about these messages; the group's bytes are opaque to the store. */
export function settlementOf(
  messages: readonly AcceptableMessage[],
  recipient: EndpointAddress,
  kind: 'stored' | 'refused' = 'stored',
  deliveries: readonly number[] = [],
): Settlement {
  return {
    recipient,
    group: Buffer.from(`group ${kind} ${recipient} ${messages.map(({ id }) => id).join()}`),
    receipts: messages.map(({ id, envelopeDigest }, index) => ({
      kind,
      message: id,
      envelopeDigest,
      delivery: deliveries[index],
    })),
  };
}

/** The record of the erasure of the case that message `number` begins. */
export function erasureOf(number: number): RecordEntry {
  return { kind: 'case.erased', case: messageId(number) };
}

export function permit(endpoint: EndpointAddress, secret: string, expiresAt: number): EnrolmentPermit {
  return { secretDigest: digestOf(secret), endpoint, roles: ['named-person'], expiresAt };
}

export function directoryEntry(
  endpoint: EndpointAddress,
  changes: Partial<DirectoryEntry> = {},
): DirectoryEntry {
  const name = digestOf(endpoint);
  return {
    endpoint,
    agency: endpoint.slice(0, endpoint.indexOf('/')),
    roles: ['named-person'],
    status: 'active',
    enrolledAt: '2026-11-23T12:00:00.000Z',
    revokedAt: null,
    tlsThumbprint: name.toString('base64url') as DirectoryEntry['tlsThumbprint'],
    previousTlsThumbprint: null,
    openpgpCertificate: 'a certificate',
    openpgpFingerprint: name.toString('hex') as DirectoryEntry['openpgpFingerprint'],
    encryptionKey: name.toString('hex') as DirectoryEntry['encryptionKey'],
    previousEncryptionKey: null,
    signingKey: name.toString('base64url'),
    ...changes,
  };
}
