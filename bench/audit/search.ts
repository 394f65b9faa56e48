/** How long a page of a search takes, over the leaves of a real store. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { SearchHit, SearchQuery } from '../../gateway/audit/index-reader.ts';
import { SearchIndex } from '../../gateway/audit/search-index.ts';
import type { Store } from '../../gateway/store/port.ts';
import { openSqliteStore } from '../../gateway/store/sqlite/sqlite-store.ts';
import { fillStore, type BenchClock } from './fill-store.ts';

export type SearchFigures = { readonly searchMs: { readonly p50: number; readonly p99: number } };

const pageLeaves = 25;

/**
 * Fills a SQLite store in a folder with so many leaves, and measures searches in it.
 * @param say told how long the parts took that are not measured
 */
export async function searchFilledStore(
  dir: string,
  leaves: number,
  say: (words: string) => void,
): Promise<SearchFigures> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const clock: BenchClock = { now: Date.UTC(2026, 9, 1) };
  const store = await openSqliteStore({
    file: join(dir, 'store.db'),
    receiptKeyPem: pem.toString(),
    auditKey: randomBytes(32),
    clock: () => clock.now,
  });
  try {
    const start = performance.now();
    await fillStore(store, clock, leaves);
    const count = await store.countLeaves();
    say(`filled a store with ${count} leaves in ${seconds(start)} s`);
    return await measureSearch(store, join(dir, 'index.db'), 1_000, say);
  } finally {
    await store.close();
  }
}

/**
 * Indexes the store's leaves (not measured), then asks for pages by what leaves from all over the log are about:
 * everything, kind, outcome, case, endpoint, agency with outcome, category within a period, and what nothing meets.
 * @param file where the index is put; the caller removes it
 */
export async function measureSearch(
  store: Store,
  file: string,
  searches: number,
  say: (words: string) => void,
): Promise<SearchFigures> {
  const index = SearchIndex.open(file, store);
  try {
    const begun = performance.now();
    await index.catchUp();
    say(`indexed them in ${seconds(begun)} s`);
    const queries = await sampleQueries(index, await store.countLeaves(), searches);
    const times: number[] = [];
    for (const query of queries) {
      const start = performance.now();
      await index.search(query, pageLeaves);
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    say(`${times.length} pages of ${pageLeaves} leaves: the slowest took ${round(times.at(-1) ?? 0)} ms`);
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

function seconds(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1);
}
