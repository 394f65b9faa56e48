/** What the receipts `accepted` and `refused` tell beyond their kind, as JSON. */
import { z } from 'zod';
import { CausewayError, errorCodes } from '../errors.ts';
import { endpointAddressSchema } from '../ids.ts';
import { describeIssues } from './describe-issues.ts';
import type { Receipt } from './receipt.ts';
import { rememberLast } from './remember-last.ts';

/** What `accepted` tells beyond the time. */
export const acceptedDetailSchema = z.strictObject({
  /** Index of the record of this acceptance. */
  record: z.int().min(0),
  /** Recipients with a session open at that moment, and those without. */
  listening: z.array(endpointAddressSchema),
  away: z.array(endpointAddressSchema),
});
export type AcceptedDetail = z.infer<typeof acceptedDetailSchema>;

/** Why something was refused, by the gateway or by the recipient. */
export const refusedDetailSchema = z.strictObject({
  code: z.enum(errorCodes),
  text: z.string().max(2000).optional(),
});
export type RefusedDetail = z.infer<typeof refusedDetailSchema>;

/** As the gateway writes it: the record, and who was there and away. */
const plainDetail = /^\{"record":(0|[1-9]\d{0,14}),("listening":\[[^\]]*\],"away":\[[^\]]*\])\}$/;

/** The receipts of a group mostly differ in the record alone. */
const lastPresence = rememberLast<Pick<AcceptedDetail, 'listening' | 'away'>>();

/** The detail of an `accepted` receipt. @throws CausewayError `receipt-malformed` */
export function acceptedDetail(receipt: Receipt): AcceptedDetail {
  const read = (): AcceptedDetail => parseDetail(receipt, acceptedDetailSchema);
  const [, record, presence] = plainDetail.exec(receipt.detail) ?? [];
  if (presence === undefined) return read();
  const { listening, away } = lastPresence(presence, read);
  return { record: Number(record), listening: listening.slice(), away: away.slice() };
}

/** The detail of a `refused` receipt. @throws CausewayError `receipt-malformed` */
export function refusedDetail(receipt: Receipt): RefusedDetail {
  return parseDetail(receipt, refusedDetailSchema);
}

function parseDetail<T>(receipt: Receipt, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(receipt.detail);
  } catch {
    throw new CausewayError('receipt-malformed', { detail: 'Its detail is not JSON.' });
  }
  const result = schema.safeParse(value);
  if (!result.success) throw new CausewayError('receipt-malformed', describeIssues(result.error));
  return result.data;
}
