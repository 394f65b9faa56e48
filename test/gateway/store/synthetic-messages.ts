/** Synthetic input for tests of the store: real ids, digests and addresses, meaningless content. */
import { createHash } from 'node:crypto';
import type {
  AcceptableMessage,
  EnrolmentPermit,
  RefusableMessage,
  Settlement,
} from '../../../gateway/store/port.ts';
import type { EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import { uuidFromBytes } from '../../../protocol/uuid.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import { encodeEnvelope } from '../../../protocol/wire/envelope.ts';
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

/** An envelope about nobody, for the number told by its id and its category. */
export function sampleEnvelopeOf(number: number, bytes = 0): Buffer {
  const [id, category] = [messageId(number), `category-${number}`];
  const envelope = { ...sampleEnvelope(), id, category, subjects: [] };
  const purpose = 'x'.repeat(Math.max(1, bytes - encodeEnvelope({ ...envelope, purpose: '' }).byteLength));
  return encodeEnvelope({ ...envelope, purpose });
}

export function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** A message that passed every check; `variant` stands for the envelope's bytes. */
export function acceptable(
  number: number,
  changes: Partial<AcceptableMessage> & { variant?: string } = {},
): AcceptableMessage {
  const { variant = '', ...rest } = changes;
  const id = messageId(number);
  return {
    verdict: 'accept',
    id,
    envelopeDigest: digestOf(`envelope ${number} ${variant}`),
    unit: Buffer.from(`unit ${number} ${variant} ÄÖ`),
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

/** A message that failed a check. */
export function refusable(
  number: number,
  changes: Partial<RefusableMessage> & { variant?: string } = {},
): RefusableMessage {
  const { variant = '', ...rest } = changes;
  const id = messageId(number);
  return {
    verdict: 'refuse',
    id,
    envelopeDigest: digestOf(`envelope ${number} ${variant}`),
    code: 'policy-denied',
    text: 'No rule permits it.',
    final: true,
    thread: id,
    record: JSON.stringify({ kind: 'message.refused', message: id, code: 'policy-denied' }),
    ...rest,
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
