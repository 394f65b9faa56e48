/** A group of receipts that is not genuine, as a fault: what it is about, and the group itself. */
import { isCausewayError, type CausewayError } from '../../protocol/errors.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import { decodeReceiptGroup } from '../../protocol/wire/receipt-group.ts';
import type { FaultReport } from './log/log-faults.ts';

/**
 * @param position its place in the receipt stream; 0 where it is the answer to a submission
 * @param error what shows that it is not genuine
 */
export function falseReceipt(position: number, group: Buffer, error: CausewayError): FaultReport {
  const { subject, words } = claimOf(group);
  return {
    subject,
    detail: `The gateway gave ${words} that is not genuine. ${error.message}`,
    facts: { position, group: group.toString('base64') },
  };
}

/** What the group says that it is about, true or not. */
function claimOf(group: Buffer): { subject: string; words: string } {
  try {
    const { issuer, receipts } = decodeReceiptGroup(group);
    const [first] = receipts;
    if (first !== undefined)
      return { subject: first.message, words: `a receipt of ${issuer} for ${first.message}` };
  } catch (error) {
    if (!isCausewayError(error)) throw error;
  }
  return { subject: digestOf(group), words: 'a receipt' };
}
