import { once } from 'node:events';
import { createPublicKey } from 'node:crypto';
import { connect as connectPlainly, type AddressInfo, type Socket } from 'node:net';
import { connect } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectionBounds } from '../../../gateway/http/connection-limit.ts';
import { buildServer } from '../../../gateway/http/server.ts';
import { createAuthority, createP256Key, openAuthority } from '../../../gateway/identity/authority.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';

const refused: ErrorCode[] = [];
let server: FastifyInstance;

beforeAll(async () => {
  const authority = openAuthority(await createAuthority({ name: 'x', now: Date.now() }), Date.now);
  const key = createP256Key();
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
  const { pem } = await authority.issueServerCertificate(publicKey, ['localhost']);
  server = await buildServer({
    tls: { key, cert: pem, ca: authority.certificatePem },
    log: pino({ level: 'silent' }),
    endpointOf: () => undefined,
    connections: connectionBounds(1),
    report: (error) => expect.fail(String(error)),
    refused: ({ code }) => refused.push(code),
    handshakeTimeoutMs: 300,
  });
  server.get('/livez', (_request, reply) => reply.send({ status: 'live' }));
  await server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => server.close());

const upgrade = `Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`;

it('a request that does not end is given up after the time of a request, not that of a head', () => {
  const { headersTimeout, requestTimeout } = server.server;
  // Node gives the whole request the longer of the two.
  expect(headersTimeout).toBeGreaterThan(0);
  expect(headersTimeout).toBeLessThanOrEqual(requestTimeout);
});

it.each([
  [404, 'not-found', `GET /livez HTTP/1.1\r\n${upgrade}`],
  [413, 'request-too-large', `GET /livez HTTP/1.1\r\nHost: x\r\nx: ${'secret'.repeat(5_000)}\r\n\r\n`],
  [400, 'request-malformed', 'secret of somebody\r\n\r\n'],
  [400, 'request-malformed', 'POST / HTTP/1.1\r\nHost: x\r\ncontent-length: secret\r\n\r\n'],
])('what is no good request is answered by %i %s, and not repeated', async (status, code, sent) => {
  const { port } = server.server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  socket.write(sent);
  await once(socket, 'close');
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head).toContain(`HTTP/1.1 ${status} `);
  expect(head).toContain('application/problem+json');
  expect(JSON.parse(body)).toMatchObject({ status, code });
  expect(answer).not.toContain('secret');
  expect(refused.at(-1)).toBe(code);
});

it.each([
  ['says nothing', ''],
  ['stops in the middle of a handshake', '\x16\x03\x01'],
  ['speaks no TLS', 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'],
])('a connection that %s is given up, and not only by its peer', async (_what, sent) => {
  const { port } = server.server.address() as AddressInfo;
  const socket = connectPlainly({ host: '127.0.0.1', port }).on('error', () => undefined);
  const [accepted] = (await once(server.server, 'connection')) as [Socket];
  const ended = once(accepted, 'close');
  socket.resume().write(Buffer.from(sent, 'latin1'));
  await Promise.all([ended, once(socket, 'close')]);
});
