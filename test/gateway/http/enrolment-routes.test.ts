import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastify, type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildEnrolmentRequest } from '../../../clients/sdk/keys.ts';
import {
  registerEnrolmentRoutes,
  type EnrolmentRouteDependencies,
} from '../../../gateway/http/enrolment-routes.ts';
import { enrolEndpoint, type EnrolmentDependencies } from '../../../gateway/identity/enrolment.ts';
import { sendProblem } from '../../../gateway/http/problem.ts';
import type { RequestPeer } from '../../../gateway/http/identify-request.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import { asCausewayError } from '../../../protocol/wire/problem-details.ts';
import { council, openRegistry, police, type Registry } from '../identity/registry.ts';

let registry: Registry;
beforeAll(async () => {
  registry = await openRegistry();
});
afterAll(() => registry.close());

it('whoever holds a token enrols, however much strangers ask from the same address', async () => {
  const ask = openEnrolment();
  const { request } = await registry.prepare(council);
  const guess = { ...request, secret: 'a'.repeat(43) };
  for (let nth = 0; nth < 20; nth++) {
    expect(await ask({})).toBe('request-malformed');
    expect(await ask(guess)).toBe('token-invalid');
  }
  expect(await ask(request)).toBeUndefined();
});

it('guesses take one place in the store however many come at once, and a token is looked up among them', async () => {
  const { store } = registry;
  let [underWay, most] = [0, 0];
  const ask = openEnrolment({
    store: {
      enrol: (...change) => store.enrol(...change),
      appendRecords: (records) => store.appendRecords(records),
      readEntry: (endpoint) => store.readEntry(endpoint),
      readLeaves: (from, limit) => store.readLeaves(from, limit),
      readPermit: async (...permit) => {
        most = Math.max(most, ++underWay);
        return await store.readPermit(...permit).finally(() => underWay--);
      },
      replaceEntry: (...change) => store.replaceEntry(...change),
    },
  });
  const { request } = await registry.prepare(council);
  const guess = { ...request, secret: 'a'.repeat(43) };
  const asked = Array.from({ length: 500 }, (_, nth) => ask(nth === 250 ? request : guess));
  const answers = await Promise.all(asked);
  expect(most).toBe(1);
  expect(answers.splice(250, 1)).toEqual([undefined]);
  expect(new Set(answers)).toEqual(new Set(['token-invalid']));
});

it('attempts with one token are few, used or not, for each leaves a line in the record', async () => {
  const ask = openEnrolment();
  const other = await registry.prepare(police);
  const { keys } = await registry.prepare(council);
  const { request } = await registry.prepare(council);
  const otherKeys = buildEnrolmentRequest(keys, request.secret);
  const lines = async (): Promise<number> => (await registry.records('enrolment.refused')).length;
  const before = await lines();
  expect(await ask({ ...request, endpoint: police })).toBe('token-invalid');
  expect(await ask(request)).toBeUndefined();
  for (let nth = 2; nth < 12; nth++) expect(await ask(otherKeys)).toBe('token-used');
  for (let nth = 0; nth < 3; nth++) expect(await ask(request)).toBe('rate-limited');
  expect(await lines()).toBe(before + 11);
  expect(await ask(other.request)).toBeUndefined();
});

it('an enrolment whose answer was lost is repeated no oftener than certificates are renewed', async () => {
  let now = registry.now();
  const ask = openEnrolment({ now: () => now });
  const { request } = await registry.prepare(council);
  for (let nth = 0; nth <= 12; nth++) {
    now += 6_000;
    expect(await ask(request)).toBeUndefined();
  }
  expect(await ask(request)).toBe('rate-limited');
});

/** Asks to enrol, always from one address. Gives the code of a refusal. */
function openEnrolment({
  store = registry.store,
  now = registry.now,
}: Partial<Pick<EnrolmentDependencies, 'store' | 'now'>> = {}): (
  request: object,
) => Promise<string | undefined> {
  const app = buildApp(now, (request, limits) => enrolEndpoint(request, { ...registry, ...limits, store }));
  return async (payload) =>
    (await app.inject({ method: 'POST', url: '/v1/enrol', payload })).json<{ code?: string }>().code;
}

function buildApp(now: () => number, enrol: EnrolmentRouteDependencies['enrol']): FastifyInstance {
  const app = fastify();
  app.setErrorHandler((error, _request, reply) => sendProblem(reply, asCausewayError(error)));
  registerEnrolmentRoutes(app, {
    ...{ now, enrol },
    identify: () => {
      throw new Error('nobody renews');
    },
    renew: () => Promise.reject(new Error('nobody renews')),
  });
  return app;
}

it('guesses that come at once over one connection take one place, so that a token on another is looked up', async () => {
  const { request } = await registry.prepare(council);
  const over = Promise.withResolvers<undefined>();
  let asked = 0;
  const app = buildApp(registry.now, (one, limits) => {
    asked++;
    if (one.secret === request.secret) over.resolve(undefined);
    const inTurn: typeof limits.inTurn = (lookUp) => limits.inTurn(() => over.promise.then(lookUp));
    return enrolEndpoint(one, { ...registry, ...limits, inTurn });
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const stranger = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
  try {
    const body = JSON.stringify({ ...request, secret: 'a'.repeat(43) });
    const head = `POST /v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    stranger.write(`${head}\r\n\r\n${body}`.repeat(600));
    // All that the server reads of one connection while the first of them waits.
    for (let before = -1; before < asked;) {
      before = asked;
      await sleep(300);
    }
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/v1/enrol`, { method: 'POST', headers, body: JSON.stringify(request) });
    expect(answer.status).toBe(201);
  } finally {
    stranger.destroy();
    await app.close();
  }
});

it('renewals of one endpoint are few, for every other endpoint reads of each', async () => {
  let now = 0;
  let renewed = 0;
  const app = fastify();
  app.setErrorHandler((error, _request, reply) => sendProblem(reply, asCausewayError(error)));
  registerEnrolmentRoutes(app, {
    now: () => now,
    identify: ({ headers }) => ({ entry: { endpoint: headers.from } }) as unknown as RequestPeer,
    enrol: () => Promise.reject(new CausewayError('token-invalid')),
    renew: () => {
      renewed++;
      return Promise.reject(new CausewayError('request-signature-invalid'));
    },
  });
  const ask = async (from: string): Promise<string> => {
    const payload = { certificateRequest: 'x' };
    const answer = await app.inject({ method: 'POST', url: '/v1/renew', headers: { from }, payload });
    return answer.json<{ code: string }>().code;
  };
  for (let nth = 0; nth < 12; nth++) expect(await ask('a/b')).toBe('request-signature-invalid');
  expect(await ask('a/b')).toBe('rate-limited');
  expect(renewed).toBe(12);
  expect(await ask('a/c')).toBe('request-signature-invalid');
  now += 3_600_000;
  expect(await ask('a/b')).toBe('request-signature-invalid');
});
