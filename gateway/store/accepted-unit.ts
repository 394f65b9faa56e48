/**
 * Whether the bytes that a store has of a message are the ones that were accepted. A disk or somebody's hand may have
 * changed them since; then nobody can do anything with this message, and it must not keep anybody from the others.
 */
import { hash } from 'node:crypto';
import { digestOf, sha256 } from '../../protocol/proof/merkle.ts';
import { readAcceptedEnvelope } from '../../protocol/wire/accepted-envelope.ts';
import type { Envelope } from '../../protocol/wire/envelope.ts';
import type { Unit } from '../../protocol/wire/frame.ts';
import { areOfEnvelope, type AcceptedColumns } from './accepted-columns.ts';
import type { Matter } from './port.ts';
import { takeApart } from './stored-unit.ts';

/** What a row says: the bytes, null where they are gone, and the digest of the envelope in them, perhaps in hex. */
type Row = { readonly unit: Uint8Array | null | undefined; readonly digest: Uint8Array | string };

/** The unit, its envelope being the one that was accepted; undefined where it is not. Says nothing of the payload. */
export function unitWithItsEnvelope({ unit, digest }: Row): Unit | undefined {
  if (unit === null || unit === undefined) return undefined;
  const found = takeApart(Buffer.from(unit.buffer, unit.byteOffset, unit.byteLength));
  return found !== undefined && isDigestOf(digest, found.envelope) ? found : undefined;
}

/** The unit, envelope and payload being the ones that were accepted; undefined where they are not. */
export function wholeUnit(row: Row): Unit | undefined {
  const found = unitWithItsEnvelope(row);
  if (found === undefined) return undefined;
  try {
    return hasItsPayload(found, readAcceptedEnvelope(found.envelope)) ? found : undefined;
  } catch {
    // See matterOf.
    return undefined;
  }
}

/** @param isUnderWay somebody is still to get it, so nothing was taken from it */
export function matterOf(row: Row & AcceptedColumns, isUnderWay: boolean): Matter {
  if (row.unit?.byteLength === 0 && hasNoMatter(row) && !isUnderWay)
    return isNothing(row.thread) ? 'emptied' : 'half-emptied';
  const found = unitWithItsEnvelope(row);
  if (found === undefined) return 'damaged';
  try {
    const envelope = readAcceptedEnvelope(found.envelope);
    const isRetired = found.payload.byteLength === 0 && !isUnderWay;
    return areOfEnvelope(row, envelope) && (isRetired || hasItsPayload(found, envelope))
      ? 'whole'
      : 'damaged';
  } catch {
    // Who can write the digest beside the unit can have both say anything.
    return 'damaged';
  }
}

function hasNoMatter({ category, severity }: AcceptedColumns): boolean {
  return isNothing(category) && isNothing(severity);
}

function isNothing(column: string | null | undefined): boolean {
  return column === null || column === undefined;
}

/** @param digest in lower case where it is in hex */
function isDigestOf(digest: Uint8Array | string, envelope: Uint8Array): boolean {
  return typeof digest === 'string'
    ? hash('sha256', envelope, 'hex') === digest
    : sha256(envelope).equals(digest);
}

/** The bytes of the payload are those that the envelope names, one after the other. */
function hasItsPayload({ payload }: Unit, { payloadDigest }: Envelope): boolean {
  return payloadDigest === digestOf(payload);
}
