/** The directory for what the gateway sends itself: its entries are proven by the audit log before anything is encrypted. */
import type { Logger } from 'pino';
import { emptyRoot } from '../protocol/proof/frontier.ts';
import { tileWidth } from '../protocol/proof/tile.ts';
import type { EndpointAddress } from '../protocol/ids.ts';
import type { DirectoryEntry } from '../protocol/wire/directory.ts';
import type { HolderDirectory } from './alerts/alert-recipients.ts';
import type { AuditLog } from './audit/audit-log.ts';
import { PublishedLeaves } from './audit/published-leaves.ts';
import type { EndpointDirectory } from './identity/directory.ts';
import { ProvenEntries } from './identity/proven-entries.ts';
import type { Store } from './store/port.ts';

export type ProvenDirectoryDependencies = {
  readonly store: Pick<Store, 'readLeaves'>;
  readonly directory: Pick<EndpointDirectory, 'entries' | 'get' | 'leafOf' | 'version'>;
  readonly auditLog: Pick<AuditLog, 'folder' | 'latest'>;
  readonly log: Logger;
};

/** What the correlator needs of a directory. */
export type ProvenDirectory = HolderDirectory & {
  readonly version: number;
  get(address: EndpointAddress): DirectoryEntry | undefined;
};

export function provenDirectory({
  store,
  directory,
  auditLog,
  log,
}: ProvenDirectoryDependencies): ProvenDirectory {
  // A tile that cannot be read must not keep an alert back: the body of the leaf proves the entry as well.
  const unread = new Set<number>();
  const onUnchecked = (leaf: number): void => {
    const tile = Math.floor(leaf / tileWidth);
    if (unread.has(tile)) return;
    unread.add(tile);
    log.warn(
      { code: 'log-unreadable', tile, leaf },
      'a tile cannot be read: directory entries could not be held against the published log',
    );
  };
  const proven = new ProvenEntries({
    leaves: {
      readLeaves: (from, limit) => {
        const published = auditLog.latest ?? { size: 0, root: emptyRoot };
        const leaves = new PublishedLeaves({
          ...{ store, folder: auditLog.folder, published },
          onUnchecked: () => onUnchecked(from),
        });
        return leaves.readLeaves(from, limit);
      },
    },
    directory,
    onDoubt: (endpoint, why) =>
      log.error(
        { code: 'log-proof-invalid', endpoint, why },
        'a directory entry is not what the audit log says: nothing is encrypted to it',
      ),
  });
  return {
    get version() {
      return directory.version;
    },
    entries: () => directory.entries(),
    get: (address) => directory.get(address),
    isProven: (entry) => proven.isProven(entry),
  };
}
