/** Why recipients refused: the log holds the digest of each receipt, and the store the receipt that says it. */
import { isCausewayError, type ErrorCode } from '../../protocol/errors.ts';
import type { Leaf } from '../../protocol/audit/leaf.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import { refusedDetail } from '../../protocol/wire/receipt-detail.ts';
import { decodeReceiptGroup } from '../../protocol/wire/receipt-group.ts';
import type { Store, StoredLeaf } from '../store/port.ts';
import { openLeaf } from '../store/stored-leaf.ts';

/** The code of each refusal by a recipient, by the index of its leaf. */
export type RefusalCodes = ReadonlyMap<number, ErrorCode>;

/**
 * @param leaves refusals, and the acceptances that they continue
 * @returns the codes of those whose receipt is there, and is the one that the leaf names
 */
export async function readRefusalCodes(
  store: Pick<Store, 'readEvidence'>,
  leaves: readonly StoredLeaf[],
): Promise<RefusalCodes> {
  const byIndex = new Map(leaves.map((leaf) => [leaf.index, openLeaf(leaf)]));
  const refusals = [...byIndex].filter(([, { kind }]) => kind === 'delivery.refused');
  const codes = new Map<number, ErrorCode>();
  for (const [of, ofOne] of Map.groupBy(refusals, ([, leaf]) => leaf.of)) {
    const acceptance = of === undefined ? undefined : byIndex.get(of);
    if (acceptance?.message === undefined) continue;
    // It reads the message with all receipts, so once for all who refused it.
    const deliveries = (await store.readEvidence(acceptance.message)).flatMap((each) => each.deliveries);
    for (const [index, { receipt }] of ofOne) {
      const group = deliveries.find(({ settledRecord }) => settledRecord === index)?.group;
      if (group === undefined || digestOf(group) !== receipt) continue;
      const code = codeIn(group, acceptance);
      if (code !== undefined) codes.set(index, code);
    }
  }
  return codes;
}

/** Of a receipt that cannot be read, `causeway audit verify` tells; a story goes on without its reason. */
function codeIn(group: Buffer, { message, envelope }: Leaf): ErrorCode | undefined {
  try {
    const found = decodeReceiptGroup(group).receipts.find(
      (each) => each.message === message && each.envelopeDigest.toString('base64url') === envelope,
    );
    return found?.kind === 'refused' ? refusedDetail(found).code : undefined;
  } catch (error) {
    if (isCausewayError(error, 'receipt-malformed')) return undefined;
    throw error;
  }
}
