import { once } from 'node:events';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCertificateRequest } from '../../../clients/sdk/certificate-request.ts';
import { buildServer } from '../../../gateway/http/server.ts';
import { createAuthority, createP256Key, openAuthority } from '../../../gateway/identity/authority.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';

type Identity = { readonly key: string; readonly cert: string };

let server: FastifyInstance;
let member: Identity;
const sockets: TLSSocket[] = [];

beforeAll(async () => {
  const authority = openAuthority(await createAuthority({ name: 'x', now: Date.now() }), Date.now);
  const memberKey = createP256Key();
  const request = createCertificateRequest(createPrivateKey(memberKey));
  const address = 'x/y' as EndpointAddress;
  member = { key: memberKey, cert: (await authority.issueEndpointCertificate(request, address)).pem };
  const key = createP256Key();
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
  const { pem: cert } = await authority.issueServerCertificate(publicKey, ['localhost']);
  const tls = { key, cert, ca: authority.certificatePem };
  server = await buildServer({
    tls,
    log: pino({ level: 'silent' }),
    report: (error) => expect.fail(String(error)),
    refused: () => undefined,
    maxStrangers: 2,
  });
  server.get('/livez', (_request, reply) => reply.send({ status: 'live' }));
  await server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await server.close();
});

/** A connection that the server has answered on. */
async function open(identity?: Identity): Promise<TLSSocket> {
  const { port } = server.server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...identity });
  sockets.push(socket);
  socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'data');
  return socket.resume();
}

it('one stranger too many costs the oldest its connection, and never whoever shows a certificate', async () => {
  const known = await open(member);
  const [oldest, middle] = [await open(), await open()];
  expect([known, oldest, middle].map(({ closed }) => closed)).toEqual([false, false, false]);

  const ended = once(oldest, 'close');
  const newest = await open();
  await ended;

  middle.destroy();
  await once(middle, 'close');
  const another = await open();
  expect([known, newest, another].map(({ closed }) => closed)).toEqual([false, false, false]);
});
