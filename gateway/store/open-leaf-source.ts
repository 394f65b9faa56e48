/** Opens the leaves of a store for reading only, on a connection of its own, as the thread of the published log needs. */
import type { LeafSource } from './port.ts';
import { openSqliteLeaves } from './sqlite/leaf-source.ts';

/** Which store; travels between threads. */
export type LeafSourceOptions = { readonly sqliteFile: string };

export function openLeafSource({ sqliteFile }: LeafSourceOptions): LeafSource {
  return openSqliteLeaves(sqliteFile);
}
