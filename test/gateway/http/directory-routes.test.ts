import { fastify } from 'fastify';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { registerDirectoryRoutes } from '../../../gateway/http/directory-routes.ts';
import { sendProblem } from '../../../gateway/http/problem.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import { asCausewayError } from '../../../protocol/wire/problem-details.ts';
import { directoryDigest } from '../../../protocol/wire/directory-digest.ts';
import { directoryEntryDigest } from '../../../protocol/wire/directory-entry-digest.ts';
import { directoryResponseSchema, type DirectoryEntry } from '../../../protocol/wire/directory.ts';
import { council, openRegistry, police, type Registry } from '../identity/registry.ts';

let registry: Registry;
let entries: readonly DirectoryEntry[];
beforeAll(async () => {
  registry = await openRegistry();
  await registry.enrolNew(council);
  ({ entries } = await registry.store.readDirectory());
});
afterAll(() => registry.close());

/** How often the leaves were read: once for each time that the directory is printed. */
let printed = 0;
let failsNext = false;
let version = 1;
let checkpoint = 'first';
let minutes = 0;
/** The version with which the nth entry came to be. */
let versionOf = (_: unknown, nth: number): number => nth;
/** What the store has by the time that somebody looks. */
let later: number | undefined;
let looks = 0;
let isAway = false;
beforeEach(() => {
  printed = looks = 0;
  isAway = false;
  later = undefined;
  versionOf = () => 1;
});

function open(readsPerMinute?: number) {
  const app = fastify();
  app.setErrorHandler((error, _request, reply) => sendProblem(reply, asCausewayError(error)));
  registerDirectoryRoutes(app, {
    directory: {
      get snapshot() {
        return {
          version,
          entries,
          leaves: entries.map((_, index) => index),
          versions: entries.map(versionOf),
        };
      },
    },
    lookForLater: () => {
      looks++;
      version = later ?? version;
      return isAway ? Promise.reject(new CausewayError('store-unavailable')) : Promise.resolve();
    },
    policy: () => ({ datasets: new Map() }),
    identify: ({ headers }) => ({ ...entries[0]!, endpoint: headers.from === 'police' ? police : council }),
    leaves: {
      read: async (indices) => {
        printed++;
        await Promise.resolve();
        if (failsNext) {
          failsNext = false;
          throw new CausewayError('store-unavailable');
        }
        return indices.map((index) => ({ index, leaf: `leaf ${index}` }));
      },
    },
    checkpointFor: () => Promise.resolve(checkpoint),
    now: () => minutes * 60_000,
    ...(readsPerMinute === undefined ? {} : { readsPerMinute }),
  });
  const read = (headers: Record<string, string> = {}, query = '') =>
    app.inject({ url: `/v1/directory${query}`, headers });
  return { app, read };
}

it('the directory is printed once for each version and checkpoint, however many ask', async () => {
  const { read } = open();
  const first = await read();
  expect(first.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(directoryResponseSchema.parse(first.json())).toEqual({
    version: 1,
    entries,
    leaves: entries.map((_, index) => ({ index, leaf: `leaf ${index}` })),
    checkpoint: 'first',
  });
  expect((await read()).body).toBe(first.body);
  expect(printed).toBe(1);
  checkpoint = 'second';
  expect((await read()).json()).toMatchObject({ version: 1, checkpoint: 'second' });
  version = 2;
  expect((await read()).json()).toMatchObject({ version: 2, checkpoint: 'second' });
  expect(printed).toBe(2);
});

it('all who ask at once when the directory has changed wait for the same print', async () => {
  const { read } = open();
  await read();
  version++;
  const answers = await Promise.all(Array.from({ length: 50 }, () => read()));
  expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  expect(answers[0]!.json()).toMatchObject({ version });
  expect(printed).toBe(2);
});

it('a print that failed is tried again by whoever asks next', async () => {
  const { read } = open();
  version++;
  failsNext = true;
  expect((await read()).statusCode).toBe(503);
  expect((await read()).json()).toMatchObject({ version });
});

it('whoever has the version already is not sent it again', async () => {
  const { read } = open();
  const { headers } = await read();
  expect(await read({ 'if-none-match': String(headers.etag) })).toMatchObject({ statusCode: 304, body: '' });
});

it('whoever holds a version is sent what has changed since, and the digest of the whole', async () => {
  const { read } = open();
  const model = entries[0]!;
  entries = Array.from({ length: 2_000 }, (_, nth) => ({
    ...model,
    endpoint: `council/team-${nth}` as DirectoryEntry['endpoint'],
  }));
  version = 2_000;
  versionOf = (_, nth) => nth + 1;
  const whole = await read();
  const answers = await Promise.all(Array.from({ length: 50 }, () => read({}, '?since=1998')));
  const answer = directoryResponseSchema.parse(answers[0]!.json());
  expect(answer).toMatchObject({ version: 2_000, since: 1_998, checkpoint });
  expect(answer.entries.map(({ endpoint }) => endpoint)).toEqual(['council/team-1998', 'council/team-1999']);
  expect(answer.leaves.map(({ index }) => index)).toEqual([1_998, 1_999]);
  expect(answer.digest).toBe(
    directoryDigest(
      entries.map((entry, leaf) => ({ endpoint: entry.endpoint, entry: directoryEntryDigest(entry), leaf })),
    ),
  );
  expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  expect(answers[0]!.body.length).toBeLessThan(whole.body.length / 500);
  expect(printed).toBe(1);
  expect((await read({}, '?since=2000')).json()).toMatchObject({ since: 2_000, entries: [], leaves: [] });
});

it('whoever holds a later version than this gateway knows has the store looked at first, and nothing taken back', async () => {
  const { read } = open();
  version = 7;
  later = 9;
  expect((await read({}, '?since=7')).json()).toMatchObject({ version: 7 });
  expect(looks).toBe(0);
  const answer = await read({}, '?since=9');
  expect(answer.json()).toMatchObject({ version: 9, since: 9, entries: [] });
  expect([looks, answer.headers.etag]).toEqual([1, '"9"']);
  isAway = true;
  expect((await read({}, '?since=10')).statusCode).toBe(503);
  expect((await read({}, '?since=9')).statusCode).toBe(200);
});

it('whoever holds a version that the directory never had is sent the whole', async () => {
  const { read } = open();
  const { body } = await read();
  expect((await read({}, `?since=${version + 1}`)).body).toBe(body);
  expect(body).not.toContain('"since"');
  const values = ['', 'x', '-1', '1.5', '1&since=2', '9'.repeat(16)].map((value) => `since=${value}`);
  for (const query of [...values, 'since[]=1', 'Since=1', 'since=1&until=2', 'since%20=1']) {
    const refused = await read({}, `?${query}`);
    expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([400, 'request-malformed']);
  }
});

it('an endpoint that reads without end is refused for a while, and no other', async () => {
  const { app, read } = open(3);
  for (let nth = 0; nth < 2; nth++) expect((await read()).statusCode).toBe(200);
  expect((await app.inject({ url: '/v1/datasets' })).statusCode).toBe(200);
  const refused = await read();
  expect(refused.statusCode).toBe(429);
  expect(refused.json()).toMatchObject({ code: 'rate-limited' });
  expect((await app.inject({ url: '/v1/datasets/none/1.0' })).statusCode).toBe(429);
  expect((await read({ from: 'police' })).statusCode).toBe(200);
  minutes++;
  expect((await read()).statusCode).toBe(200);
});
