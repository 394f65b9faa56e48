/** The document by which history is read, made from that of its message. */
import { isCausewayError } from '../../../protocol/errors.ts';
import { decodeUnit } from '../../../protocol/wire/frame.ts';
import { packAcceptance } from '../packed-acceptance.ts';
import type { AcceptanceDocument, MessageDocument } from './documents.ts';

/** None of a message that was refused. */
export function acceptanceOf({ record, at, unit }: MessageDocument): AcceptanceDocument[] {
  if (unit === undefined) return [];
  const packed = unit.byteLength === 0 ? unit : packedOf(unit);
  return [packed === undefined ? { _id: record, at } : { _id: record, at, packed }];
}

/** Undefined where it is not what a relay would have accepted: it must not cost its neighbours their acceptance. */
function packedOf(unit: Buffer): Buffer | undefined {
  try {
    return packAcceptance(decodeUnit(unit).envelope);
  } catch (error) {
    if (isCausewayError(error)) return undefined;
    throw error;
  }
}
