import { fastify } from 'fastify';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { registerDirectoryRoutes } from '../../../gateway/http/directory-routes.ts';
import { sendProblem } from '../../../gateway/http/problem.ts';
import { asCausewayError } from '../../../protocol/wire/problem-details.ts';
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
let version = 1;
let checkpoint = 'first';
let minutes = 0;
beforeEach(() => {
  printed = 0;
});

function open(readsPerMinute?: number) {
  const app = fastify();
  app.setErrorHandler((error, _request, reply) => sendProblem(reply, asCausewayError(error)));
  registerDirectoryRoutes(app, {
    directory: {
      get snapshot() {
        return { version, entries, leaves: entries.map((_, index) => index) };
      },
    },
    policy: () => ({ datasets: new Map() }),
    identify: ({ headers }) => ({ ...entries[0]!, endpoint: headers.from === 'police' ? police : council }),
    leaves: {
      read: async (indices) => {
        printed++;
        await Promise.resolve();
        return indices.map((index) => ({ index, leaf: `leaf ${index}` }));
      },
    },
    checkpointFor: () => Promise.resolve(checkpoint),
    now: () => minutes * 60_000,
    ...(readsPerMinute === undefined ? {} : { readsPerMinute }),
  });
  const read = (headers: Record<string, string> = {}) => app.inject({ url: '/v1/directory', headers });
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
  expect(printed).toBe(3);
});

it('whoever has the version already is not sent it again', async () => {
  const { read } = open();
  const { headers } = await read();
  expect(await read({ 'if-none-match': String(headers.etag) })).toMatchObject({ statusCode: 304, body: '' });
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
