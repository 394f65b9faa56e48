/**
 * Looks at the packet headers of an OpenPGP message (RFC 9580) without decrypting anything.
 *
 * Allowed is one shape: version 6 public-key encrypted session keys (section 5.1.2), then one version 2
 * symmetrically encrypted and integrity protected data packet (section 5.13.2), and nothing else.
 */
import { CausewayError } from '../errors.ts';
import { isSameSet, type Fingerprint } from '../ids.ts';

const tags = { publicKeyEncryptedSessionKey: 1, symmetricallyEncryptedIntegrityProtectedData: 18 } as const;
const aesCiphers = new Set([7, 8, 9]);
const aeads = new Set([2 /* OCB */, 3 /* GCM */]);
const maxChunkSizeOctet = 16;
/** RFC 9580 wants it of the first part of a body; of all, it bounds how many parts a payload can have. */
const leastPartBytes = 512;

type Packet = { readonly tag: number; readonly start: number; readonly end: number; readonly next: number };

/**
 * The fingerprints of the keys that a payload is encrypted to, in the order of its packets.
 * @throws CausewayError `payload-not-encrypted` when it is not such a message, `encryption-unsupported` when it
 * is encrypted in an older or weaker way
 */
export function peekRecipients(payload: Buffer): Fingerprint[] {
  const recipients: Fingerprint[] = [];
  let offset = 0;
  while (offset < payload.byteLength) {
    const packet = readPacket(payload, offset);
    if (packet.tag === tags.publicKeyEncryptedSessionKey) {
      recipients.push(readSessionKeyPacket(payload, packet));
    } else if (packet.tag === tags.symmetricallyEncryptedIntegrityProtectedData) {
      checkDataPacket(payload, packet);
      if (packet.next !== payload.byteLength) throw notEncrypted('Bytes follow the encrypted data.');
      if (recipients.length === 0) throw notEncrypted('It names no recipient.');
      return recipients;
    } else {
      throw notEncrypted('It holds a packet that does not belong into an encrypted message.');
    }
    offset = packet.next;
  }
  throw notEncrypted('It holds no encrypted data.');
}

/**
 * Checks that a payload is encrypted to exactly these keys.
 * @throws CausewayError `recipient-keys-mismatch`, and everything that {@link peekRecipients} throws
 */
export function checkRecipientPackets(payload: Buffer, recipientKeys: readonly Fingerprint[]): void {
  if (isSameSet(peekRecipients(payload), recipientKeys)) return;
  throw new CausewayError('recipient-keys-mismatch', {
    detail: 'The recipient packets of the payload differ from recipientKeys.',
  });
}

function readSessionKeyPacket(payload: Buffer, { start, end }: Packet): Fingerprint {
  if (payload[start] !== 6) throw unsupported('A recipient packet is not version 6.');
  const length = payload[start + 1];
  if (end - start < 36 || length !== 33 || payload[start + 2] !== 6) {
    throw unsupported('A recipient packet does not name a version 6 key.');
  }
  return payload.toString('hex', start + 3, start + 35) as Fingerprint;
}

function checkDataPacket(payload: Buffer, { start, end }: Packet): void {
  if (payload[start] !== 2) throw unsupported('The encrypted data is not version 2 (AEAD).');
  const [cipher = 0, aead = 0, chunkSize = 255] = payload.subarray(start + 1, start + 4);
  // Version, algorithms and chunk size, 32 bytes of salt, and at least the final tag.
  if (end - start < 4 + 32 + 16) throw notEncrypted('The encrypted data is cut short.');
  if (!aesCiphers.has(cipher)) throw unsupported('The cipher is not AES.');
  if (!aeads.has(aead)) throw unsupported('The mode is neither GCM nor OCB.');
  if (chunkSize > maxChunkSizeOctet) throw unsupported('The chunk size is out of range.');
}

/** Reads one packet header (RFC 9580, 4.2.1). `start` to `end` is the first, and mostly only, part of its body. */
function readPacket(payload: Buffer, offset: number): Packet {
  const first = payload[offset] ?? 0;
  if ((first & 0xc0) !== 0xc0) throw notEncrypted('It is not binary OpenPGP in the current packet format.');
  const tag = first & 0x3f;
  let part = readLength(payload, offset + 1);
  const start = part.bodyAt;
  const end = part.bodyEnd;
  if (part.partial && tag !== tags.symmetricallyEncryptedIntegrityProtectedData) {
    throw notEncrypted('A recipient packet is in parts.');
  }
  while (part.partial) part = readLength(payload, part.bodyEnd);
  return { tag, start, end, next: part.bodyEnd };
}

function readLength(payload: Buffer, at: number): { bodyAt: number; bodyEnd: number; partial: boolean } {
  const first = payload[at];
  if (first === undefined) throw notEncrypted('A packet is cut short.');
  let bodyAt = at + 1;
  let length = first;
  const partial = first >= 224 && first < 255;
  if (partial) {
    length = 2 ** (first & 0x1f);
    if (length < leastPartBytes)
      throw notEncrypted(`A part of a packet has less than ${leastPartBytes} bytes.`);
  } else if (first === 255) {
    if (at + 5 > payload.byteLength) throw notEncrypted('A packet is cut short.');
    length = payload.readUInt32BE(at + 1);
    bodyAt = at + 5;
  } else if (first >= 192) {
    if (at + 2 > payload.byteLength) throw notEncrypted('A packet is cut short.');
    length = ((first - 192) << 8) + payload.readUInt8(at + 1) + 192;
    bodyAt = at + 2;
  }
  if (bodyAt + length > payload.byteLength) throw notEncrypted('A packet is cut short.');
  return { bodyAt, bodyEnd: bodyAt + length, partial };
}

function notEncrypted(detail: string): CausewayError {
  return new CausewayError('payload-not-encrypted', { detail });
}

function unsupported(detail: string): CausewayError {
  return new CausewayError('encryption-unsupported', { detail });
}
