/**
 * A receipt: a signed statement of what became of a message.
 *
 * ```
 * receipt   kind u8 | message id 16 | envelope digest 32 | at u64, ms since 1970 |
 *           issuer length u8 | issuer | recipient length u8 | recipient | detail length u16 | detail, JSON
 * ```
 *
 * The ladder of one delivery: accepted, delivered (by the gateway), then stored or refused (by the recipient);
 * expired (by the gateway) where neither came in time. The gateway's own `refused` is about the whole message.
 */
import { isUtf8 } from 'node:buffer';
import { CausewayError } from '../errors.ts';
import { isEndpointAddress, type EndpointAddress, type MessageId } from '../id-forms.ts';
import { uuidFromBytes, uuidToBytes } from '../uuid.ts';

/** Kind → its number on the wire. */
export const receiptKinds = { accepted: 1, refused: 2, delivered: 3, stored: 4, expired: 5 } as const;
export type ReceiptKind = keyof typeof receiptKinds;
const kindByNumber = new Map<number, ReceiptKind>(
  (Object.entries(receiptKinds) as [ReceiptKind, number][]).map(([kind, number]) => [number, kind]),
);

/** A receipt, taken apart. `recipient` is empty where the statement is about the message as a whole. */
export type Receipt = {
  readonly kind: ReceiptKind;
  readonly message: MessageId;
  /** SHA-256 of the envelope's bytes, 32 bytes. */
  readonly envelopeDigest: Buffer;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly issuer: EndpointAddress;
  readonly recipient: EndpointAddress | '';
  /** JSON text; empty for `delivered`, `stored` and `expired`. */
  readonly detail: string;
};

/** Stands for the id of a message whose envelope could not be read; the digest still names it. */
export const unreadableId = '00000000-0000-0000-0000-000000000000' as MessageId;

const fixedBytes = 57;
/** The largest time that a Date holds. */
const maxTimeMs = 8_640_000_000_000_000;

/** The bytes of a receipt: a leaf of its group's tree. */
export function encodeReceipt(receipt: Receipt): Buffer {
  const { issuer, recipient, detail } = receipt;
  const detailBytes = Buffer.byteLength(detail);
  const bytes = Buffer.allocUnsafe(fixedBytes + 1 + issuer.length + 1 + recipient.length + 2 + detailBytes);
  bytes.writeUInt8(receiptKinds[receipt.kind], 0);
  bytes.set(uuidToBytes(receipt.message), 1);
  bytes.set(receipt.envelopeDigest, 17);
  bytes.writeUInt32BE(Math.floor(receipt.at / 2 ** 32), 49);
  bytes.writeUInt32BE(receipt.at % 2 ** 32, 53);
  let offset = bytes.writeUInt8(issuer.length, fixedBytes);
  offset += bytes.write(issuer, offset, 'latin1');
  offset = bytes.writeUInt8(recipient.length, offset);
  offset += bytes.write(recipient, offset, 'latin1');
  offset = bytes.writeUInt16BE(detailBytes, offset);
  bytes.write(detail, offset, 'utf8');
  return bytes;
}

/** Reads a receipt strictly, its detail left as text. @throws CausewayError `receipt-malformed` */
export function decodeReceipt(bytes: Buffer): Receipt {
  if (bytes.byteLength < fixedBytes + 4) throw malformed('It is too short.');
  const kind = kindByNumber.get(bytes.readUInt8(0));
  if (kind === undefined) throw malformed('Its kind is unknown.');
  const { issuer, recipient, end: recipientEnd } = partiesOf(bytes);
  if (recipientEnd + 2 + bytes.readUInt16BE(recipientEnd) !== bytes.byteLength) {
    throw malformed('The length of its detail does not fit.');
  }
  checkId(bytes, 1);
  const detail = recipientEnd + 2 === bytes.byteLength ? '' : readDetail(bytes.subarray(recipientEnd + 2));
  if (detail !== '' && kind !== 'accepted' && kind !== 'refused') {
    throw malformed('Only accepted and refused have a detail.');
  }
  // Where this loses digits, it is out of range.
  const at = bytes.readUInt32BE(49) * 2 ** 32 + bytes.readUInt32BE(53);
  if (at > maxTimeMs) throw malformed('Its time is out of range.');
  return {
    kind,
    message: uuidFromBytes(bytes, 1),
    envelopeDigest: bytes.subarray(17, 49),
    at,
    issuer,
    recipient,
    detail,
  };
}

/** Who states a receipt, also one that this version cannot read. @throws CausewayError `receipt-malformed` */
export function readIssuer(bytes: Buffer): EndpointAddress {
  if (bytes.byteLength < fixedBytes + 4) throw malformed('It is too short.');
  return partiesOf(bytes).issuer;
}

/** Who speaks for whom, as it was read last: most receipts have it in common with the one before. */
let lastParties = {
  bytes: Buffer.alloc(0),
  issuer: '' as EndpointAddress,
  recipient: '' as EndpointAddress | '',
};

/** @returns `end`: where the recipient ends @throws CausewayError `receipt-malformed` */
function partiesOf(bytes: Buffer): { issuer: EndpointAddress; recipient: EndpointAddress | ''; end: number } {
  const known = lastParties.bytes.byteLength;
  const knownEnd = fixedBytes + known;
  const isKnown =
    known > 0 &&
    knownEnd + 2 <= bytes.byteLength &&
    bytes.compare(lastParties.bytes, 0, known, fixedBytes, knownEnd) === 0;
  if (isKnown) return { issuer: lastParties.issuer, recipient: lastParties.recipient, end: knownEnd };
  const issuerEnd = fixedBytes + 1 + bytes.readUInt8(fixedBytes);
  if (issuerEnd + 1 > bytes.byteLength) throw malformed('Its issuer is cut short.');
  const end = issuerEnd + 1 + bytes.readUInt8(issuerEnd);
  if (end + 2 > bytes.byteLength) throw malformed('Its recipient is cut short.');
  const issuer = readAddress(bytes.toString('latin1', fixedBytes + 1, issuerEnd));
  const recipient = end === issuerEnd + 1 ? '' : readAddress(bytes.toString('latin1', issuerEnd + 1, end));
  lastParties = { bytes: Buffer.from(bytes.subarray(fixedBytes, end)), issuer, recipient };
  return { issuer, recipient, end };
}

/** A UUID of version 7, or zeros for {@link unreadableId}. */
function checkId(bytes: Buffer, offset: number): void {
  const isVersion7 =
    (bytes.readUInt8(offset + 6) & 0xf0) === 0x70 && (bytes.readUInt8(offset + 8) & 0xc0) === 0x80;
  if (!isVersion7 && bytes.subarray(offset, offset + 16).some((byte) => byte !== 0)) {
    throw malformed('It names no message id.');
  }
}

function readDetail(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw malformed('Its detail is not UTF-8.');
  return bytes.toString('utf8');
}

const knownAddresses = new Map<string, EndpointAddress>();

/** Addresses repeat in almost every receipt, so each is checked once. */
function readAddress(text: string): EndpointAddress {
  const known = knownAddresses.get(text);
  if (known !== undefined) return known;
  if (!isEndpointAddress(text)) throw malformed('It holds an address that is not agency/endpoint.');
  if (knownAddresses.size > 10_000) knownAddresses.clear();
  knownAddresses.set(text, text);
  return text;
}

function malformed(detail: string): CausewayError {
  return new CausewayError('receipt-malformed', { detail });
}
