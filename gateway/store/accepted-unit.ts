/**
 * Whether the bytes that a store has of a message are the ones that were accepted. A disk or somebody's hand may have
 * changed them since; then nobody can do anything with this message, and it must not keep anybody from the others.
 */
import { digestOf, sha256 } from '../../protocol/proof/merkle.ts';
import { readAcceptedEnvelope } from '../../protocol/wire/accepted-envelope.ts';
import type { Unit } from '../../protocol/wire/frame.ts';
import { takeApart } from './stored-unit.ts';

/** What a row says: the bytes, null where they are gone, and the digest of the envelope in them. */
type Row = { readonly unit: Uint8Array | null | undefined; readonly digest: Uint8Array };

/** The unit, its envelope being the one that was accepted; undefined where it is not. Says nothing of the payload. */
export function unitWithItsEnvelope({ unit, digest }: Row): Unit | undefined {
  if (unit === null || unit === undefined) return undefined;
  const found = takeApart(Buffer.from(unit.buffer, unit.byteOffset, unit.byteLength));
  return found !== undefined && sha256(found.envelope).equals(digest) ? found : undefined;
}

/** The unit, envelope and payload being the ones that were accepted; undefined where they are not. */
export function wholeUnit(row: Row): Unit | undefined {
  const found = unitWithItsEnvelope(row);
  return found !== undefined && hasItsPayload(found) ? found : undefined;
}

/**
 * Whether something of it is not what was accepted, and that is not because its case was erased, or its payload retired.
 * @param state isUnderWay: somebody is still to get it, so nothing was taken from it
 */
export function isDamaged(
  row: Row,
  { isErased, isUnderWay }: { readonly isErased: boolean; readonly isUnderWay: boolean },
): boolean {
  if (row.unit?.byteLength === 0 && isErased && !isUnderWay) return false;
  const found = unitWithItsEnvelope(row);
  if (found === undefined) return true;
  return !(found.payload.byteLength === 0 && !isUnderWay) && !hasItsPayload(found);
}

/**
 * The bytes of the payload are those that the envelope names, one after the other.
 * @param unit with the envelope that was accepted
 */
function hasItsPayload({ envelope, payload }: Unit): boolean {
  try {
    return readAcceptedEnvelope(envelope).payloadDigest === digestOf(payload);
  } catch {
    // Who can write the digest beside the unit can have both say anything.
    return false;
  }
}
