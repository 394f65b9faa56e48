/** How long a page of a search takes, over the leaves of a real store. */
import { performance } from 'node:perf_hooks';
import type { SearchHit, SearchQuery } from '../../gateway/audit/index-reader.ts';
import { SearchIndex } from '../../gateway/audit/search-index.ts';
import type { Store } from '../../gateway/store/port.ts';

export type SearchFigures = { readonly searchMs: { readonly p50: number; readonly p99: number } };

const pageLeaves = 25;

/**
 * Indexes the store's leaves (not measured), then asks for pages by what leaves from all over the log are about:
 * everything, kind, outcome, case, endpoint, agency with outcome, category within a period, and what nothing meets.
 * @param file where the index is put; the caller removes it
 */
export async function measureSearch(store: Store, file: string, searches = 1_000): Promise<SearchFigures> {
  const index = SearchIndex.open(file, store);
  try {
    await index.catchUp();
    const queries = await sampleQueries(index, await store.countLeaves(), searches);
    const times: number[] = [];
    for (const query of queries) {
      const start = performance.now();
      await index.search(query, pageLeaves);
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    const at = (share: number): number =>
      times[Math.min(Math.floor(share * times.length), times.length - 1)] ?? 0;
    return { searchMs: { p50: round(at(0.5)), p99: round(at(0.99)) } };
  } finally {
    index.close();
  }
}

async function sampleQueries(index: SearchIndex, leaves: number, searches: number): Promise<SearchQuery[]> {
  const queries: SearchQuery[] = [];
  for (let place = 0; queries.length < searches; place++) {
    const before = 1 + ((place * 7_919) % leaves);
    const { hits } = await index.search({ before }, 1);
    const [hit] = hits;
    if (hit === undefined) throw new Error('the log has no leaves');
    queries.push(...queriesAbout(hit, before));
  }
  return queries.slice(0, searches);
}

function queriesAbout({ at, kind, case: id, matter }: SearchHit, before: number): SearchQuery[] {
  const { source, category } = matter ?? {};
  const agency = source?.split('/')[0];
  return [
    { before },
    { kind: [kind] },
    { kind: [kind], from: at - 60_000, to: at + 60_000 },
    { agency: [agency ?? 'nobody'], outcome: ['stored'], before },
    { endpoint: [source ?? 'nobody/nothing'] },
    { case: [id ?? 'none'] },
    { category: [category ?? 'none'], to: at },
    { agency: [agency ?? 'nobody'], outcome: ['policy-denied'] },
  ];
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
