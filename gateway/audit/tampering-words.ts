/** What people are told of a leaf whose body somebody has changed or made unreadable in the store. */
import type { Tampering } from '../store/port.ts';

/** A sentence. */
export function lossInWords(leaf: number, tampering: Tampering): string {
  return tampering === 'changed'
    ? `What leaf ${leaf} said was changed in the store after it was written: it is not what the leaf is bound to, and is not told.`
    : `What leaf ${leaf} said cannot be read: its secret is gone without an erasure on record. Somebody has removed it from the store.`;
}

/** A remark in a line of a table. */
export const tamperingRemarks: Readonly<Record<Tampering, string>> = {
  changed: 'changed in the store: not what the leaf is bound to',
  'secret-gone': 'its secret is gone without an erasure on record',
};
