/**
 * Binary frames: many units in one. All integers are big-endian.
 *
 * ```
 * frame   kind u8 | count u16 | unit × count                                  kind 1 submit, 2 deliver
 * unit    envelope length u32 | proof length u16 | payload length u32 | envelope | proof | payload
 * ```
 *
 * A delivered unit is the submitted one, byte for byte. Receipts (kind 3) are in `receipt-group.ts`.
 */
import { CausewayError } from '../errors.ts';
import { limits } from '../limits.ts';

export const frameKinds = { submit: 1, deliver: 2, receipts: 3 } as const;

export const frameHeaderBytes = 3;
export const unitHeaderBytes = 10;

/** A message as it travels and is stored. The parts are views of `bytes`, the whole unit. */
export type Unit = {
  readonly bytes: Buffer;
  readonly envelope: Buffer;
  readonly proof: Buffer;
  readonly payload: Buffer;
};

/** The kind of a binary frame. @throws CausewayError `frame-malformed` */
export function frameKind(frame: Buffer): keyof typeof frameKinds {
  switch (frame[0]) {
    case frameKinds.submit:
      return 'submit';
    case frameKinds.deliver:
      return 'deliver';
    case frameKinds.receipts:
      return 'receipts';
    default:
      throw malformed('Its kind is unknown.');
  }
}

/** Joins the parts of a message into one unit. */
export function encodeUnit(envelope: Uint8Array, proof: Uint8Array, payload: Uint8Array): Unit {
  const bytes = Buffer.allocUnsafe(
    unitHeaderBytes + envelope.byteLength + proof.byteLength + payload.byteLength,
  );
  bytes.writeUInt32BE(envelope.byteLength, 0);
  bytes.writeUInt16BE(proof.byteLength, 4);
  bytes.writeUInt32BE(payload.byteLength, 6);
  bytes.set(envelope, unitHeaderBytes);
  bytes.set(proof, unitHeaderBytes + envelope.byteLength);
  bytes.set(payload, unitHeaderBytes + envelope.byteLength + proof.byteLength);
  return decodeUnit(bytes);
}

/** Puts 1 to 256 units, as encoded, into one frame. */
export function encodeUnitFrame(kind: 'submit' | 'deliver', units: readonly Uint8Array[]): Buffer {
  if (units.length < 1 || units.length > limits.maxUnits) throw new RangeError('wrong number of units');
  const frame = Buffer.allocUnsafe(frameHeaderBytes + units.reduce((sum, unit) => sum + unit.byteLength, 0));
  frame.writeUInt8(frameKinds[kind], 0);
  frame.writeUInt16BE(units.length, 1);
  let offset = frameHeaderBytes;
  for (const unit of units) {
    frame.set(unit, offset);
    offset += unit.byteLength;
  }
  return frame;
}

/**
 * Takes a submit or deliver frame apart without copying. Lengths must add up to the frame exactly.
 * Limits on single units are the relay's to check: one large unit must not sink its neighbours.
 * @throws CausewayError `frame-malformed`
 */
export function decodeUnitFrame(frame: Buffer): Unit[] {
  if (frame.byteLength < frameHeaderBytes) throw malformed('It is too short.');
  if (frameKind(frame) === 'receipts') throw malformed('It does not hold units.');
  const count = frame.readUInt16BE(1);
  if (count < 1 || count > limits.maxUnits) throw malformed('Its number of units is out of range.');
  const units: Unit[] = [];
  let offset = frameHeaderBytes;
  for (let index = 0; index < count; index++) {
    const end = unitEnd(frame, offset);
    units.push(decodeUnit(frame.subarray(offset, end)));
    offset = end;
  }
  if (offset !== frame.byteLength) throw malformed('Bytes follow its last unit.');
  return units;
}

/** Takes one stored unit apart. @throws CausewayError `frame-malformed` */
export function decodeUnit(bytes: Buffer): Unit {
  if (unitEnd(bytes, 0) !== bytes.byteLength) throw malformed('Bytes follow its last unit.');
  const proofAt = unitHeaderBytes + bytes.readUInt32BE(0);
  const payloadAt = proofAt + bytes.readUInt16BE(4);
  return {
    bytes,
    envelope: bytes.subarray(unitHeaderBytes, proofAt),
    proof: bytes.subarray(proofAt, payloadAt),
    payload: bytes.subarray(payloadAt),
  };
}

function unitEnd(frame: Buffer, offset: number): number {
  if (offset + unitHeaderBytes > frame.byteLength) throw malformed('A unit is cut short.');
  const end =
    offset +
    unitHeaderBytes +
    frame.readUInt32BE(offset) +
    frame.readUInt16BE(offset + 4) +
    frame.readUInt32BE(offset + 6);
  if (end > frame.byteLength) throw malformed('A unit is cut short.');
  return end;
}

function malformed(detail: string): CausewayError {
  return new CausewayError('frame-malformed', { detail });
}
