/** What a receipt stream tells its endpoint, so that a test can say what must stand there. */
import type { EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import { decodeReceiptGroup } from '../../../protocol/wire/receipt-group.ts';

/** True for a group as `settlementOf` makes it, which the store passes on and never reads. */
export function isPassedOn(group: Buffer): boolean {
  return group.subarray(0, 5).equals(Buffer.from('group'));
}

/** Each receipt of the gateway's own groups, and each group that was passed on as one. */
export function toldBy(groups: readonly { readonly group: Buffer }[]): string[] {
  return groups.flatMap(({ group }) =>
    isPassedOn(group)
      ? [group.toString()]
      : decodeReceiptGroup(group).receipts.map(({ kind, message, recipient }) =>
          toldOf(kind, message, recipient),
        ),
  );
}

export function toldOf(kind: string, message: MessageId, recipient: EndpointAddress | ''): string {
  return `${kind} ${message} ${recipient}`;
}
