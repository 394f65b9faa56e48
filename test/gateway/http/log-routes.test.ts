import { fastify } from 'fastify';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AuditLog } from '../../../gateway/audit/audit-log.ts';
import { LogFolder } from '../../../gateway/audit/log-folder.ts';
import { registerLogRoutes } from '../../../gateway/http/log-routes.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import { sendProblem } from '../../../gateway/http/problem.ts';
import { asCausewayError } from '../../../protocol/wire/problem-details.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { temporaryFolder } from '../audit/synthetic-leaves.ts';

/** The routes over a folder, a clock, and requests from an address. */
async function openRoutes(
  dir: string,
  requestsPerMinute?: number,
  state?: Pick<AuditLog, 'latest' | 'failure' | 'isOpening'>,
) {
  const folder = new LogFolder(join(dir, 'log'));
  const clock = { ms: 1_000_000 };
  const app = fastify();
  app.setErrorHandler((error, _request, reply) => sendProblem(reply, asCausewayError(error)));
  const latest = { size: 1, root: Buffer.alloc(32), text: 'newest\n' };
  const log = { folder, ...(state ?? { latest, failure: undefined, isOpening: false }) };
  registerLogRoutes(app, {
    log,
    now: () => clock.ms,
    endpointOf: ({ headers }) => headers.from as EndpointAddress | undefined,
    ...(requestsPerMinute && { requestsPerMinute }),
  });
  await folder.writeFile({ level: 0, index: 0, width: 1 }, Buffer.alloc(32, 1));
  const get = (url: string, remoteAddress = '192.0.2.1', from?: string) =>
    app.inject({ method: 'GET', url, remoteAddress, headers: from === undefined ? {} : { from } });
  return { folder, clock, get };
}

test('serves the newest checkpoint, the witnessed one and tiles', async () => {
  await using temporary = await temporaryFolder();
  const { folder, get } = await openRoutes(temporary.dir);
  expect((await get('/checkpoint')).body).toBe('newest\n');
  expect((await get('/checkpoint.witnessed')).json()).toMatchObject({ status: 404, code: 'not-found' });
  folder.writeWitnessedCheckpoint('witnessed\n');
  const witnessed = await get('/checkpoint.witnessed');
  expect(witnessed.body).toBe('witnessed\n');
  expect(witnessed.headers).toMatchObject({
    'cache-control': 'no-cache',
    'content-type': 'text/plain; charset=utf-8',
  });
  expect((await get('/tile/0/000.p/1')).rawPayload).toEqual(Buffer.alloc(32, 1));
  expect((await get('/tile/0/001')).statusCode).toBe(404);
});

const held = 'The gateway publishes nothing more of its log until its operator has looked';

test.each([
  ['is being opened', undefined, true, 'The gateway has just started, and is opening its log.'],
  ['has not begun', undefined, false, 'No checkpoint is published yet.'],
  ['is forked', 'log-forked', false, `${held} (log-forked).`],
  ['lies where another one was', 'log-foreign', false, `${held} (log-foreign).`],
  ['is of another key', 'note-untrusted', false, `${held} (note-untrusted).`],
  [
    'waits for a disk',
    'store-unavailable',
    false,
    'cannot publish its log at the moment (store-unavailable).',
  ],
] as const)('says of a log without a checkpoint that it %s', async (_, code, isOpening, detail) => {
  await using temporary = await temporaryFolder();
  const failure = code && new CausewayError(code);
  const { get } = await openRoutes(temporary.dir, undefined, { latest: undefined, failure, isOpening });
  expect((await get('/checkpoint')).json()).toMatchObject({
    ...{ status: 404, code: 'not-found' },
    detail: expect.stringContaining(detail) as string,
  });
});

test('limits how often one address may ask, whatever it asks for, and no other address with it', async () => {
  await using temporary = await temporaryFolder();
  const { clock, get } = await openRoutes(temporary.dir, 3);
  for (const url of ['/checkpoint', '/tile/0/000.p/1', '/tile/0/001']) {
    expect((await get(url)).statusCode).not.toBe(429);
  }
  for (const url of ['/checkpoint', '/checkpoint.witnessed', '/tile/0/000.p/1']) {
    const refused = await get(url);
    expect(refused.json()).toMatchObject({ status: 429, code: 'rate-limited' });
    expect(refused.headers).toMatchObject({
      'content-type': 'application/problem+json; charset=utf-8',
      'retry-after': '60',
    });
  }
  expect((await get('/checkpoint', '192.0.2.2')).statusCode).toBe(200);
  clock.ms += 60_000;
  expect((await get('/checkpoint')).statusCode).toBe(200);
});

test('counts an endpoint by its certificate, whatever strangers and others ask from the same address', async () => {
  await using temporary = await temporaryFolder();
  const { get } = await openRoutes(temporary.dir, 2);
  const ask = async (from?: string): Promise<number> =>
    (await get('/checkpoint', '192.0.2.1', from)).statusCode;
  expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429]);
  expect([await ask('a/b'), await ask('a/b'), await ask('a/b')]).toEqual([200, 200, 429]);
  expect(await ask('a/c')).toBe(200);
});
