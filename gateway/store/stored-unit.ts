/** Taking apart a unit that a store has kept. */
import { isCausewayError } from '../../protocol/errors.ts';
import { decodeUnit, type Unit } from '../../protocol/wire/frame.ts';

/** Undefined where it is damaged so that nobody can tell where its parts are. */
export function takeApart(unit: Buffer): Unit | undefined {
  try {
    return decodeUnit(unit);
  } catch (error) {
    if (isCausewayError(error, 'frame-malformed')) return undefined;
    throw error;
  }
}
