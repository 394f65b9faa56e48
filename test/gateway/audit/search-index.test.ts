import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { IndexReader, type SearchPage, type SearchQuery } from '../../../gateway/audit/index-reader.ts';
import { SearchIndex } from '../../../gateway/audit/search-index.ts';
import type { AcceptableMessage, Store, StoredLeaf } from '../../../gateway/store/port.ts';
import { agencyOf, type EndpointAddress } from '../../../protocol/ids.ts';
import { createSqliteFixture, type SqliteFixture } from '../store/sqlite-fixture.ts';
import {
  acceptable,
  health,
  messageId,
  noon,
  police,
  refusable,
  school,
  settlementOf,
  socialWork,
} from '../store/synthetic-messages.ts';
import { matchesSlowly } from './slow-search.ts';

const parties = [police, health, school, socialWork];
const categories = ['concern', 'ird-request', 'school-absence'];
const threads = [1, 2, 3, 4].map(messageId);

let fixture: SqliteFixture;
let store: Store;
let file: string;
let index: SearchIndex;

async function begin(): Promise<void> {
  fixture = await createSqliteFixture();
  store = await fixture.open();
  file = join(dirname(fixture.file), 'audit-index.db');
  index = SearchIndex.open(file, store);
}

async function end(): Promise<void> {
  index.close();
  await store.close();
  await fixture.remove();
}

beforeEach(begin);
afterEach(end);

async function allLeaves(): Promise<StoredLeaf[]> {
  const leaves: StoredLeaf[] = [];
  for (;;) {
    const more = await store.readLeaves(leaves.length, 1_000);
    if (more.length === 0) return leaves;
    leaves.push(...more);
  }
}

/** Every page of a search, one after the other. */
async function searchAll(query: SearchQuery, limit = 7): Promise<number[]> {
  const found: number[] = [];
  let { before } = query;
  for (;;) {
    const { hits, next } = await index.search({ ...query, before }, limit);
    found.push(...hits.map((hit) => hit.index));
    if (next === undefined) return found;
    expect(hits).toHaveLength(limit);
    before = next;
  }
}

async function expectSame(query: SearchQuery, limit?: number): Promise<void> {
  const leaves = await allLeaves();
  const slow = leaves.filter((leaf) => matchesSlowly(leaf, leaves, query)).map((leaf) => leaf.index);
  expect(await searchAll(query, limit)).toEqual(slow.reverse());
}

function message(
  number: number,
  source: EndpointAddress,
  to: readonly EndpointAddress[],
  change: Partial<AcceptableMessage> = {},
): AcceptableMessage {
  const thread = threads[number % threads.length] ?? messageId(number);
  const category = categories[number % categories.length] ?? 'concern';
  const made = acceptable(number, {
    thread,
    category,
    recipients: to.map((endpoint) => ({ endpoint, listening: true })),
    ...change,
  });
  const decisions = to.map((recipient) => ({ recipient, effect: 'permit' }));
  return {
    ...made,
    record: JSON.stringify({
      kind: 'message.accepted',
      message: made.id,
      source,
      thread,
      category,
      severity: 'concern',
      to,
      decisions,
    }),
  };
}

async function send(number: number, source: EndpointAddress, to: readonly EndpointAddress[]): Promise<void> {
  const sent = message(number, source, to);
  const { outcomes } = await store.submit({ source, messages: [sent] });
  const [outcome] = outcomes;
  if (outcome?.outcome !== 'accepted') return;
  await store.markDelivered(outcome.deliveries);
  for (const recipient of to) {
    await store.settle(settlementOf([sent], recipient, number % 5 === 0 ? 'refused' : 'stored'));
  }
}

const party = fc.constantFrom(...parties);
const actionArbitrary = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      number: fc.nat(40),
      source: party,
      to: fc.uniqueArray(party, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('refuse' as const),
      number: fc.nat(40),
      source: party,
      known: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('act' as const), endpoint: party }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('erase' as const),
      thread: fc.constantFrom(...threads),
      named: fc.boolean(),
      told: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('catch-up' as const, 'reopen' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: -50, max: 500 }) }),
  },
);
type Action = typeof actionArbitrary extends fc.Arbitrary<infer T> ? T : never;

async function act(action: Action): Promise<void> {
  switch (action.do) {
    case 'send':
      return send(action.number, action.source, action.to);
    case 'refuse': {
      const { number, source, known } = action;
      const thread = threads[number % threads.length];
      const refused = refusable(100 + number, {
        thread: known ? thread : undefined,
        final: known,
        record: JSON.stringify({
          kind: 'message.refused',
          source,
          thread,
          to: [health],
          category: 'concern',
          code: 'policy-denied',
        }),
      });
      await store.submit({ source, messages: [refused] });
      return;
    }
    case 'act':
      await store.appendRecords([{ kind: 'endpoint.renewed', endpoint: action.endpoint }]);
      return;
    case 'erase': {
      const { thread, named, told } = action;
      const record = { kind: 'case.erased', ...(named && { case: thread }), authority: 'court' };
      const outcome = await store.eraseCase(thread, record);
      if (told && outcome === 'erased') await index.forgetCase(thread);
      return;
    }
    case 'catch-up':
      await index.catchUp();
      return;
    case 'reopen':
      index.close();
      index = SearchIndex.open(file, store);
      return;
    case 'wait':
      fixture.clock.now += action.ms;
  }
}

const some = <T>(values: readonly T[]): fc.Arbitrary<T[] | undefined> =>
  fc.option(fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 }), { nil: undefined });
const queryArbitrary = fc.record({
  agency: some(parties.map(agencyOf)),
  endpoint: some<string>(parties),
  case: some<string>(threads),
  category: some(categories),
  kind: some([
    'message.accepted',
    'message',
    'delivery',
    'delivery.stored',
    'case.erased',
    'endpoint.renewed',
  ]),
  outcome: some(['accepted', 'refused', 'stored', 'delivered', 'repeated', 'policy-denied']),
  from: fc.option(fc.integer({ min: noon - 100, max: noon + 2_000 }), { nil: undefined }),
  to: fc.option(fc.integer({ min: noon - 100, max: noon + 2_000 }), { nil: undefined }),
  before: fc.option(fc.nat(120), { nil: undefined }),
});
/** Random histories seldom meet a query of nine conditions: most queries have a few. */
const sparseQuery = fc
  .tuple(
    queryArbitrary,
    fc.subarray(
      ['agency', 'endpoint', 'case', 'category', 'kind', 'outcome', 'from', 'to', 'before'] as const,
      { maxLength: 3 },
    ),
  )
  .map(
    ([query, kept]) =>
      Object.fromEntries(
        kept.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]]])),
      ) as SearchQuery,
  );

describe('the search index', () => {
  test('finds what a filter over all leaves finds, whatever was sent, erased, reopened and asked', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(actionArbitrary, { minLength: 5, maxLength: 40 }),
        fc.array(sparseQuery, { minLength: 4, maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        async (actions, queries, limit) => {
          await end();
          await begin();
          for (const action of actions) await act(action);
          for (const query of queries) await expectSame(query, limit);
        },
      ),
      { numRuns: 20 },
    );
  }, 120_000);

  test('pages over many segments, with rare and common terms', async () => {
    const entries = Array.from({ length: 10_000 }, (_, number) => ({
      kind: 'endpoint.renewed',
      endpoint: number % 997 === 0 ? police : health,
    }));
    for (let from = 0; from < entries.length; from += 1_000) {
      fixture.clock.now += 1_000;
      await store.appendRecords(entries.slice(from, from + 1_000));
    }
    await expectSame({ endpoint: [police] }, 3);
    await expectSame({ agency: ['nhs-lanarkshire'], from: noon + 3_000, to: noon + 5_000 }, 700);
    await expectSame({ endpoint: [police], agency: ['nhs-lanarkshire'] });
    await expectSame({ endpoint: [police, health], before: 4_097 }, 999);
  });

  test('says of a delivery who sent the notice to whom, and in which case', async () => {
    await send(1, police, [health, school]);
    const { hits } = await index.search({ kind: ['delivery.stored'], endpoint: [school] }, 10);
    expect(hits).toEqual([
      expect.objectContaining({
        of: 0,
        nth: 1,
        case: threads[1],
        matter: {
          message: messageId(1),
          source: police,
          recipients: [health, school],
          category: 'ird-request',
          severity: 'concern',
        },
      }),
    ]);
  });

  test('finds an alert by each agency whose notices it rests on, until its case is erased', async () => {
    const [alert] = [messageId(1)];
    await store.submit({ source: police, messages: [message(1, police, [health])] });
    await store.settle(settlementOf([message(1, police, [health])], health));
    await store.appendRecords([{ kind: 'alert.raised', sources: [school, socialWork] }], undefined, alert);
    for (const source of [school, socialWork]) {
      expect(await searchAll({ kind: ['alert'], agency: [agencyOf(source)] })).toHaveLength(1);
      expect(await searchAll({ endpoint: [source] })).toHaveLength(1);
    }
    expect(await searchAll({ kind: ['alert'], agency: [agencyOf(health)] })).toEqual([]);
    await store.eraseCase(alert, { kind: 'case.erased', case: alert });
    expect(await searchAll({ kind: ['alert'], agency: [agencyOf(school)] })).toEqual([]);
  });

  test('a refusal whose sender could not be verified is in no case', async () => {
    await act({ do: 'refuse', number: 1, source: police, known: false });
    expect((await index.search({ case: [threads[1]!] }, 10)).hits).toEqual([]);
    expect((await index.search({ endpoint: [police] }, 10)).hits).toHaveLength(1);
  });

  test('holds nothing of an erased case, on any page of its file', async () => {
    const secret = 'secret-agency/desk' as EndpointAddress;
    await send(1, secret, [health]);
    await send(2, police, [health]);
    await index.catchUp();
    expect(readFileSync(file).includes('secret-agency')).toBe(true);
    expect(await store.eraseCase(threads[1]!, { kind: 'case.erased', case: threads[1] })).toBe('erased');
    await index.catchUp();
    const left = readFileSync(file);
    expect(left.includes('secret-agency')).toBe(false);
    expect(left.includes(police)).toBe(true);
    expect((await index.search({ kind: ['message.accepted'] }, 10)).hits.map(({ erased }) => erased)).toEqual(
      [false, true],
    );
  });

  test('proposes as bodies of a case those that it knows of, and those that it could not read', async () => {
    const thread = messageId(1);
    const messages = [acceptable(1), acceptable(2, { thread }), refusable(3, { thread }), acceptable(4)];
    for (const message of messages) await store.submit({ source: police, messages: [message] });
    await store.settle(settlementOf([acceptable(1)], health));
    await store.appendRecords([{ kind: 'audit.story', case: thread }]);
    fixture.execute("UPDATE audit_block SET bodies = x'' WHERE first = 2");
    expect(await index.proposeBodiesOf(thread)).toEqual({ asOf: 6, leaves: [1, 0, 2] });
  });

  test('is made anew when its file is cut short, is rubbish, or belongs to another store', async () => {
    for (let number = 1; number < 30; number++) await send(number, police, [health]);
    await index.catchUp();
    index.close();
    const { size } = statSync(file);
    for (const damage of [
      () => truncateSync(file, Math.floor(size / 2)),
      () => truncateSync(file, 100),
      () => truncateSync(file, 0),
      () => writeFileSync(file, Buffer.alloc(20_000, 0x5a)),
    ]) {
      damage();
      index = SearchIndex.open(file, store);
      await expectSame({ endpoint: [health], kind: ['delivery.stored'] });
      await expectSame({});
      index.close();
    }
    const other = await createSqliteFixture();
    const otherStore = await other.open();
    await otherStore.appendRecords(
      Array.from({ length: 100 }, () => ({ kind: 'endpoint.renewed', endpoint: school })),
    );
    index = SearchIndex.open(file, otherStore);
    expect((await index.search({ endpoint: [police] }, 10)).hits).toEqual([]);
    expect((await index.search({ endpoint: [school] }, 10)).hits).toHaveLength(10);
    await otherStore.close();
    await other.remove();
  });

  test('is caught up by several at once without a leaf twice or none', async () => {
    for (let number = 1; number < 20; number++) await send(number, police, [health]);
    const others = [1, 2, 3].map(() => SearchIndex.open(file, store));
    await Promise.all(others.map(async (other) => other.catchUp()));
    others.forEach((other) => other.close());
    await expectSame({ endpoint: [health] });
  });
});

test('whoever asks while another process empties it and takes everything in again finds all that there is', async () => {
  await send(1, police, [health]);
  await index.catchUp();
  const other = new DatabaseSync(file, { timeout: 0 });
  const ask: (this: IndexReader, ...of: Parameters<IndexReader['search']>) => SearchPage = Reflect.get(
    IndexReader.prototype,
    'search',
  );
  const asking = vi.spyOn(IndexReader.prototype, 'search').mockImplementation(function (
    this: IndexReader,
    ...of
  ) {
    // Where it may, between the statements of one question.
    let isEmptied = true;
    try {
      other.exec('CREATE TEMP TABLE kept AS SELECT * FROM segment; DELETE FROM segment');
    } catch {
      isEmptied = false;
    }
    const page = ask.call(this, ...of);
    if (isEmptied) other.exec('INSERT INTO segment SELECT * FROM kept');
    return page;
  });
  await expectSame({ endpoint: [health] });
  expect(asking).toHaveBeenCalled();
  asking.mockRestore();
  other.close();
});

test('a full disk is told as such, and the index goes on when there is room again', async () => {
  await store.appendRecords(Array.from({ length: 3_000 }, (_, nth) => ({ kind: 'test.happened', nth })));
  const exec: (this: DatabaseSync, sql: string) => void = Reflect.get(DatabaseSync.prototype, 'exec');
  const full = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (
    this: DatabaseSync,
    sql,
  ) {
    exec.call(this, sql);
    // No page more than it has.
    if (sql.startsWith('BEGIN')) exec.call(this, 'PRAGMA max_page_count = 1');
  });
  await expect(index.findAll({})).rejects.toMatchObject({
    code: 'store-unavailable',
    detail: 'The search index cannot be written: database or disk is full.',
  });
  full.mockRestore();
  index.close();
  index = SearchIndex.open(file, store);
  expect(await index.findAll({})).toHaveLength(3_000);
});
