import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import { registerEnrolmentRoutes } from '../../../gateway/http/enrolment-routes.ts';
import { sendProblem } from '../../../gateway/http/problem.ts';
import type { RequestPeer } from '../../../gateway/http/identify-request.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import { asCausewayError } from '../../../protocol/wire/problem-details.ts';

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
