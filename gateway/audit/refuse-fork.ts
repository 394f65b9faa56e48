/** The leaves of the store must lead to whatever was signed of them. */
import { CausewayError } from '../../protocol/errors.ts';
import type { TreeHead } from './between.ts';

/** A tree of the store's leaves: all of them, or as many as were signed. */
type LeafTree = { readonly size: number; root(): Buffer };

/** @throws CausewayError `log-forked` where the leaves of the store do not lead to what was signed of them */
export function refuseFork(tree: LeafTree, signed: readonly TreeHead[]): void {
  for (const { size, root } of signed) {
    if (tree.size < size) {
      throw new CausewayError('log-forked', {
        detail:
          `The store has ${tree.size} leaves, but the log was published with ${size}: ` +
          'it seems to have been restored from an older copy.',
      });
    }
    if (!tree.root().equals(root)) {
      throw new CausewayError('log-forked', {
        detail: `The first ${size} leaves of the store are not those that were published.`,
      });
    }
  }
}
