/** The search index of a gateway's home, for a command. */
import { join } from 'node:path';
import type { Terminal } from '../../terminal/terminal.ts';
import type { SearchIndex } from '../audit/search-index.ts';
import type { OpenGateway } from './gateway-folder.ts';

/** Opens it, brings it up to date, and closes it after the work. @throws CausewayError `store-unavailable` */
export async function withIndex<T>(
  { home, store }: OpenGateway,
  terminal: Terminal,
  work: (index: SearchIndex) => Promise<T>,
): Promise<T> {
  const { indexFileName, SearchIndex } = await import('../audit/search-index.ts');
  const index = SearchIndex.open(join(home.dir, indexFileName), store);
  try {
    await terminal.during('Bringing the search index up to date', () => index.catchUp());
    return await work(index);
  } finally {
    index.close();
  }
}
