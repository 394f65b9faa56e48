import { createPublicKey } from 'node:crypto';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { connectionBounds } from '../../../gateway/http/connection-limit.ts';
import { buildServer } from '../../../gateway/http/server.ts';
import { createAuthority, createP256Key, openAuthority } from '../../../gateway/identity/authority.ts';
import type { CausewayError } from '../../../protocol/errors.ts';

it.each([
  ['/v1/%E0%A4%A', 400, 'request-malformed'],
  ['/%', 400, 'request-malformed'],
  ['/nowhere', 404, 'not-found'],
])('%s is answered by %i with problem details that do not repeat it', async (url, status, code) => {
  const authority = openAuthority(await createAuthority({ name: 'x', now: Date.now() }), Date.now);
  const key = createP256Key();
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
  const { pem } = await authority.issueServerCertificate(publicKey, ['localhost']);
  const refused: CausewayError[] = [];
  const server = await buildServer({
    tls: { key, cert: pem, ca: authority.certificatePem },
    log: pino({ level: 'silent' }),
    endpointOf: () => undefined,
    connections: connectionBounds(1),
    report: (error) => expect.fail(String(error)),
    refused: (error) => refused.push(error),
  });
  try {
    const answer = await server.inject({ method: 'GET', url });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.json()).toMatchObject({ code, status });
    expect(answer.body).not.toContain(url);
    expect(refused.map((error) => error.code)).toEqual(status === 400 ? [code] : []);
  } finally {
    await server.close();
  }
});
