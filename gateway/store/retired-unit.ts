/** What stays of a message once its payload has been retired. */
import { encodeUnit } from '../../protocol/wire/frame.ts';
import { takeApart } from './stored-unit.ts';

const nothing = Buffer.alloc(0);

/**
 * The unit with envelope and proof as they are and an empty payload: signatures still verify, and the envelope says
 * the payload's digest and length.
 * @returns undefined where there is nothing to take: it was retired before, or its case was erased; or where it is so
 * damaged that nobody can tell what to take, which must not keep the payloads of others
 */
export function withoutPayload(unit: Buffer): Buffer | undefined {
  const parts = takeApart(unit);
  if (parts === undefined || parts.payload.byteLength === 0) return undefined;
  return encodeUnit(parts.envelope, parts.proof, nothing).bytes;
}

/** True when a message's payload was retired, and not its whole case erased. */
export function isRetired(unit: Buffer): boolean {
  return takeApart(unit)?.payload.byteLength === 0;
}

/**
 * The record of a retirement, complete.
 * @param line the record entry as JSON
 * @param leaves of the acceptances of the messages concerned
 */
export function retirementLine(line: string, leaves: readonly number[]): string {
  return JSON.stringify({ ...(JSON.parse(line) as object), count: leaves.length, leaves });
}
