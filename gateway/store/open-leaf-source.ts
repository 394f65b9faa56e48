/** Opens the leaves of a store for reading only, on a connection of its own, as the thread of the published log needs. */
import type { LeafSource } from './port.ts';
import { isMongodbAddress } from './store-address.ts';

/** Which store: the embedded engine's file, or `mongodb://…`. Travels between threads. */
export type LeafSourceOptions = { readonly store: string };

/** @throws CausewayError `store-damaged`, `store-unavailable`, `configuration-invalid` */
export async function openLeafSource({ store }: LeafSourceOptions): Promise<LeafSource> {
  if (isMongodbAddress(store)) {
    const { openMongodbLeaves } = await import('./mongodb/leaf-runs.ts');
    return await openMongodbLeaves(store);
  }
  const { openSqliteLeaves } = await import('./sqlite/leaf-source.ts');
  return openSqliteLeaves(store);
}
