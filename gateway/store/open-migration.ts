/** Moves a store from the embedded engine to MongoDB. */
import { CausewayError } from '../../protocol/errors.ts';
import type { MoveObserver, MoveOutcome } from './mongodb/move-in.ts';
import { lockPath } from './path-lock.ts';
import { isMongodbAddress } from './store-address.ts';
import { readTreeHead, treeHeadOf, type TreeHead } from './tree-head.ts';

export type MigrationOptions = {
  /** `sqlite:<file>`, or the file. */
  readonly from: string;
  /** `mongodb://…`; its database must be empty. */
  readonly to: string;
  readonly observe: MoveObserver;
};

export type MigrationResult = { readonly outcome: MoveOutcome; readonly head: TreeHead };

/**
 * Moves everything, compares it, and compares the audit logs of both. The source stays as it is; nobody can write to
 * it meanwhile. What was cut off goes on when it is called again.
 * @throws CausewayError `configuration-invalid` when an address is not usable; `store-in-use` while a gateway runs on the
 * source; `store-not-moved` when the destination holds something else, or what arrived differs; `store-unavailable`,
 * `store-incompatible`, `store-damaged`
 */
export async function migrateStore({ from, to, observe }: MigrationOptions): Promise<MigrationResult> {
  const file = from.replace(/^sqlite:/, '');
  if (isMongodbAddress(file) || !isMongodbAddress(to)) {
    throw new CausewayError('configuration-invalid', {
      detail: 'A store is moved from sqlite:<file> to mongodb://…, and not the other way.',
    });
  }
  const [{ SqliteContents }, { MongodbDestination }] = await Promise.all([
    import('./sqlite/contents.ts'),
    import('./mongodb/move-in.ts'),
  ]);
  const contents = new SqliteContents(file);
  try {
    const lock = lockPath(file);
    try {
      const head = treeHeadOf(contents.blocks());
      const destination = await MongodbDestination.open(to, head);
      try {
        const confirm = async (): Promise<void> => confirmHead(to, head);
        const outcome = await destination.take(contents, observe, confirm);
        if (outcome === 'before') await confirm();
        return { outcome, head };
      } finally {
        await destination.close();
      }
    } finally {
      lock.release();
    }
  } finally {
    contents.close();
  }
}

/** Reads the destination's audit log as its publisher will, and makes the tree again. */
async function confirmHead(to: string, { leaves, root }: TreeHead): Promise<void> {
  const { openMongodbLeaves } = await import('./mongodb/leaf-runs.ts');
  const source = await openMongodbLeaves(to);
  try {
    const there = await readTreeHead(source, leaves);
    if (there.leaves === leaves && there.root.equals(root)) return;
    throw new CausewayError('store-not-moved', {
      detail:
        `The audit log there is another one: ${there.leaves} leaves with the root ${there.root.toString('base64')}, ` +
        `not ${leaves} with ${root.toString('base64')}.`,
    });
  } finally {
    await source.close();
  }
}
