/** Reading the audit log beside a gateway: the home, its store and the search index, with the reading recorded first. */
import type { Terminal } from '../../terminal/terminal.ts';
import type { SearchIndex } from '../audit/search-index.ts';
import type { GatewayHome } from '../home/gateway-home.ts';
import type { Store } from '../store/port.ts';
import { gatewayFolder, withGateway, type GatewayFlags } from './gateway-folder.ts';
import { recordReading } from './record-reading.ts';
import { tellUnchecked } from './tell-unchecked.ts';
import { withIndex } from './with-index.ts';

export type AuditReading = {
  readonly home: GatewayHome;
  readonly store: Store;
  /** The leaves of the store, held against the published log. */
  readonly leaves: Pick<Store, 'readLeaves'>;
  readonly index: SearchIndex;
  /** The leaf of this reading: what is shown is the log before it. */
  readonly leaf: number;
};

/** What is to be read, for the leaf that says so. */
export type ReadingRecord = { readonly kind: `audit.${string}` } & Readonly<Record<string, unknown>>;

/**
 * Records the reading, brings the index up to date, and lets the work begin only then. Where its leaves cannot be held
 * against the published log, that is told first.
 * @param isOurs false where what is shown has the form of somebody else
 */
export async function readAudit<T>(
  { dir }: GatewayFlags,
  { kind, ...what }: ReadingRecord,
  terminal: Terminal,
  work: (reading: AuditReading) => Promise<T>,
  { isOurs = true }: { readonly isOurs?: boolean } = {},
): Promise<T> {
  return withGateway(gatewayFolder(dir, terminal.env), async ({ home, store }) => {
    const leaf = await recordReading(store, kind, what);
    const { PublishedLog } = await import('./published-log.ts');
    const leaves = await new PublishedLog(home, store).leavesOf(store, (unchecked) =>
      tellUnchecked(unchecked, terminal, isOurs),
    );
    return withIndex({ home, store }, terminal, (index) => work({ home, store, leaves, index, leaf }));
  });
}
