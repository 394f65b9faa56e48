/** Moves a store from the embedded engine to MongoDB. */
import { CausewayError } from '../../protocol/errors.ts';
import { leavesToTry, refuseOtherAuditKey } from './audit-key.ts';
import { CaseVault } from './case-vault.ts';
import type { MoveObserver, MoveOutcome } from './mongodb/move-in.ts';
import { markMoved, refuseOtherPlace } from './moved-mark.ts';
import { lockPath } from './path-lock.ts';
import { houseCase, type Store, type StoredLeaf } from './port.ts';
import { isMongodbAddress, isStoreAddress } from './store-address.ts';
import type { StoreContents } from './store-contents.ts';
import { openBlock } from './stored-leaf.ts';
import { readTreeHead, treeHeadOf, type TreeHead } from './tree-head.ts';

export type MigrationOptions = {
  /** `sqlite:<file>`, or the file. */
  readonly from: string;
  /** `mongodb://…`; its database must be empty. */
  readonly to: string;
  readonly observe: MoveObserver;
  /** The one that the source was written with. */
  readonly auditKey: Uint8Array;
  /** Who moves it. */
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** How long a write may wait for a primary before it fails. Default 20 s. */
  readonly patienceMs?: number;
};

export type MigrationResult = { readonly outcome: MoveOutcome; readonly head: TreeHead };

/**
 * Moves everything, compares it, and compares the audit logs of both; then that of the destination goes on with a leaf
 * `store.migrated`. The source stays as it is; nobody can write to it meanwhile, and nobody opens it afterwards: it is
 * marked. What was cut off goes on when it is called again, from the mark as well: the mark stays where the last step has
 * failed, since that may have been done all the same.
 * @throws CausewayError `configuration-invalid` when an address is not usable; `store-in-use` while a gateway runs on the
 * source; `store-not-moved` when the destination holds something else, what arrived differs, or the source was moved to
 * another place before; `home-invalid` when the
 * audit key is another one; `store-unavailable`, `store-incompatible`, `store-damaged`
 */
export async function migrateStore({
  from,
  to,
  observe,
  auditKey,
  by,
  clock = Date.now,
  patienceMs,
}: MigrationOptions): Promise<MigrationResult> {
  const file = from.replace(/^sqlite:/, '');
  if (isMongodbAddress(file)) {
    throw new CausewayError('configuration-invalid', {
      detail: 'A store is moved from sqlite:<file> to mongodb://…, and not the other way.',
    });
  }
  if (!isStoreAddress(file)) {
    throw new CausewayError('configuration-invalid', {
      detail: 'What is moved must be sqlite: and the path of a file, after --from.',
    });
  }
  if (!isMongodbAddress(to)) {
    throw new CausewayError('configuration-invalid', {
      detail: 'Where the store goes must be mongodb://…: after --to, or as `store` in gateway.yaml.',
    });
  }
  const [{ SqliteContents }, { MongodbDestination }, { placeOf }] = await Promise.all([
    import('./sqlite/contents.ts'),
    import('./mongodb/move-in.ts'),
    import('./mongodb/place.ts'),
  ]);
  const contents = new SqliteContents(file);
  try {
    const lock = lockPath(file);
    try {
      const vault = new CaseVault(auditKey);
      await refuseOtherAuditKey({ readLeaves: firstLeavesOf(contents, vault) });
      const head = treeHeadOf(contents.blocks());
      const place = await placeOf(to);
      refuseOtherPlace(file, place);
      const destination = await MongodbDestination.open(to, head, patienceMs);
      try {
        // Marked before gateways may start there: of a move that ends with neither word nor mark both would go on.
        const confirm = async (): Promise<void> => {
          await confirmHead(to, head);
          await markMoved(file, clock(), place);
        };
        const root = head.root.toString('base64');
        const entry = { kind: 'store.migrated', from: 'sqlite', leaves: head.leaves, root, by };
        const outcome = await destination.take(contents, observe, confirm, { entry, at: clock(), vault });
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

/** As `Store.readLeaves` gives them, as far as the gateway's own can be opened. */
function firstLeavesOf(contents: StoreContents, vault: CaseVault): Store['readLeaves'] {
  let secret: Uint8Array | undefined;
  for (const held of contents.caseSecrets()) {
    if (held.id !== houseCase) continue;
    ({ secret } = held);
    break;
  }
  const leaves: StoredLeaf[] = [];
  for (const block of contents.blocks()) {
    leaves.push(...openBlock(block, 0, vault, (id) => (id === houseCase ? secret : undefined)));
    if (leaves.length >= leavesToTry) break;
  }
  return async (from, limit) => Promise.resolve(leaves.slice(from, from + limit));
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
