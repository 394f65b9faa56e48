/** What people are told of a leaf that somebody has changed in the store, or made its body unreadable. */
import type { Tampering } from '../store/port.ts';

/** A sentence. */
export function lossInWords(leaf: number, tampering: Tampering): string {
  switch (tampering) {
    case 'changed':
      return `What leaf ${leaf} said was changed in the store after it was written: it is not what the leaf is bound to, and is not told.`;
    case 'secret-gone':
      return `What leaf ${leaf} said cannot be read: its secret is gone without an erasure on record. Somebody has removed it from the store.`;
    case 'rewritten':
      return `Leaf ${leaf} itself was changed in the store: it is not the one that was published in the log, and is not told.`;
  }
}

/** A remark in a line of a table. */
export const tamperingRemarks: Readonly<Record<Tampering, string>> = {
  changed: 'changed in the store: not what the leaf is bound to',
  'secret-gone': 'its secret is gone without an erasure on record',
  rewritten: 'the leaf itself was changed in the store: not the one that was published',
};
