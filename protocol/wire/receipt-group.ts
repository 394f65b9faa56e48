/**
 * Receipts travel as one signed group; whoever receives it derives the tree and, if need be, each path.
 *
 * ```
 * frame   kind u8 = 3 | position u64 | group
 * group   count u16 | Ed25519 signature 64 | (length u16 | receipt) × count
 * ```
 *
 * All receipts of a group have one issuer and speak to one addressee, the sender of their messages. A group is
 * stored and passed on byte for byte. `position` is its place in the addressee's receipt stream, which grows, with
 * gaps; it is 0 in groups that answer a submission, and in those that a client sends.
 */
import { CausewayError } from '../errors.ts';
import type { EndpointAddress } from '../ids.ts';
import { rootOfEntries } from '../proof/merkle.ts';
import { signatureBytes, verifyRoot, type BatchSigner, type SigningKey } from '../proof/signing.ts';
import { frameKind, frameKinds } from './frame.ts';
import { limits } from '../limits.ts';
import { readEach } from '../read-each.ts';
import { decodeReceipt, readIssuer, type Receipt } from './receipt.ts';

const frameHeaderBytes = 9;
const groupHeaderBytes = 2 + signatureBytes;

/** Bytes of a frame of receipts beside its receipts, and of each receipt beside itself. */
export const receiptFrameOverhead = { frame: frameHeaderBytes + groupHeaderBytes, receipt: 2 } as const;

/** A group taken apart: its receipts have one issuer, and the signature has not been checked yet. */
export type ReceiptGroup = {
  readonly issuer: EndpointAddress;
  readonly signature: Buffer;
  readonly leaves: readonly Buffer[];
  readonly receipts: readonly Receipt[];
};

/** Signs 1 to 256 encoded receipts of one issuer as a group. */
export function signReceiptGroup(receipts: readonly Buffer[], signer: BatchSigner): Buffer {
  if (receipts.length < 1 || receipts.length > limits.maxUnits)
    throw new RangeError('wrong number of receipts');
  const root = rootOfEntries(receipts);
  const size = receipts.reduce((sum, receipt) => sum + 2 + receipt.byteLength, groupHeaderBytes);
  const group = Buffer.allocUnsafe(size);
  group.writeUInt16BE(receipts.length, 0);
  group.set(signer.signRoot('receipts', receipts.length, root), 2);
  let offset = groupHeaderBytes;
  for (const receipt of receipts) {
    offset = group.writeUInt16BE(receipt.byteLength, offset);
    group.set(receipt, offset);
    offset += receipt.byteLength;
  }
  return group;
}

/** Puts a group into a frame. */
export function encodeReceiptFrame(position: number, group: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(frameHeaderBytes + group.byteLength);
  frame.writeUInt8(frameKinds.receipts, 0);
  frame.writeBigUInt64BE(BigInt(position), 1);
  frame.set(group, frameHeaderBytes);
  return frame;
}

/** Takes a frame of kind 3 apart, the group left as bytes. @throws CausewayError `frame-malformed` */
export function decodeReceiptFrame(frame: Buffer): { position: number; group: Buffer } {
  if (frame.byteLength < frameHeaderBytes + groupHeaderBytes) {
    throw new CausewayError('frame-malformed', { detail: 'It is too short.' });
  }
  if (frameKind(frame) !== 'receipts') {
    throw new CausewayError('frame-malformed', { detail: 'It does not hold receipts.' });
  }
  const position = frame.readBigUInt64BE(1);
  if (position > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new CausewayError('frame-malformed', { detail: 'Its position is out of range.' });
  }
  return { position: Number(position), group: frame.subarray(frameHeaderBytes) };
}

/** Takes a group apart strictly. @throws CausewayError `receipt-malformed` */
export function decodeReceiptGroup(group: Buffer): ReceiptGroup {
  const { signature, leaves } = splitGroup(group);
  const receipts = leaves.map(decodeReceipt);
  return { issuer: issuerOf(receipts.map(({ issuer }) => issuer)), signature, leaves, receipts };
}

/**
 * Takes a group apart whose signature covers what this version may not know, such as a receipt of a later kind: the other
 * receipts are no worse for it.
 * @returns the receipts that can be read, and what is wrong with each of the others
 * @throws CausewayError `receipt-malformed` when the group itself cannot be read, or an issuer
 */
export function decodeReadableReceipts(
  group: Buffer,
): ReceiptGroup & { readonly unreadable: readonly CausewayError[] } {
  const { signature, leaves } = splitGroup(group);
  const issuer = issuerOf(leaves.map(readIssuer));
  const { read, faults } = readEach(leaves, decodeReceipt);
  return { issuer, signature, leaves, receipts: read, unreadable: faults };
}

function splitGroup(group: Buffer): Pick<ReceiptGroup, 'signature' | 'leaves'> {
  if (group.byteLength < groupHeaderBytes) throw malformed('The group is too short.');
  const count = group.readUInt16BE(0);
  if (count < 1 || count > limits.maxUnits) throw malformed('The number of receipts is out of range.');
  const leaves: Buffer[] = [];
  let offset = groupHeaderBytes;
  for (let index = 0; index < count; index++) {
    if (offset + 2 > group.byteLength) throw malformed('A receipt is cut short.');
    const end = offset + 2 + group.readUInt16BE(offset);
    if (end > group.byteLength) throw malformed('A receipt is cut short.');
    leaves.push(group.subarray(offset + 2, end));
    offset = end;
  }
  if (offset !== group.byteLength) throw malformed('Bytes follow the last receipt.');
  return { signature: group.subarray(2, groupHeaderBytes), leaves };
}

function issuerOf(issuers: readonly EndpointAddress[]): EndpointAddress {
  const [issuer] = issuers;
  if (issuer === undefined || issuers.some((each) => each !== issuer))
    throw malformed('The group has several issuers.');
  return issuer;
}

/** Checks the group's signature. @throws CausewayError `receipt-invalid` */
export function verifyReceiptGroup(group: ReceiptGroup, key: SigningKey): void {
  const root = rootOfEntries(group.leaves);
  if (!verifyRoot('receipts', group.leaves.length, root, group.signature, key)) {
    throw new CausewayError('receipt-invalid');
  }
}

function malformed(detail: string): CausewayError {
  return new CausewayError('receipt-malformed', { detail });
}
