import { once } from 'node:events';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { connect as connectPlainly, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { createCertificateRequest } from '../../../clients/sdk/certificate-request.ts';
import { connectionBounds } from '../../../gateway/http/connection-limit.ts';
import { handshakeBounds } from '../../../gateway/http/handshake-limit.ts';
import { buildServer, type ServerOptions } from '../../../gateway/http/server.ts';
import { createAuthority, createP256Key, openAuthority } from '../../../gateway/identity/authority.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';

let tls: ServerOptions['tls'];
let member: { readonly key: string; readonly cert: string };
let server: FastifyInstance;
let refused: ErrorCode[];
const sockets: Socket[] = [];

beforeAll(async () => {
  const authority = openAuthority(await createAuthority({ name: 'x', now: Date.now() }), Date.now);
  const memberKey = createP256Key();
  const request = createCertificateRequest(createPrivateKey(memberKey));
  const address = 'x/y' as EndpointAddress;
  member = { key: memberKey, cert: (await authority.issueEndpointCertificate(request, address)).pem };
  const key = createP256Key();
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
  const { pem: cert } = await authority.issueServerCertificate(publicKey, ['localhost']);
  tls = { key, cert, ca: authority.certificatePem };
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
});

async function start(handshakes: ServerOptions['handshakes']): Promise<void> {
  refused = [];
  server = await buildServer({
    tls,
    log: pino({ level: 'silent' }),
    endpointOf: () => undefined,
    connections: connectionBounds(1),
    report: (error) => expect.fail(String(error)),
    refused: ({ code }) => refused.push(code),
    ...(handshakes === undefined ? {} : { handshakes }),
  });
  server.get('/livez', (_request, reply) => reply.send({ status: 'live' }));
  await server.listen({ host: '127.0.0.1', port: 0 });
}

function port(): number {
  return (server.server.address() as AddressInfo).port;
}

/** A connection that sends this and no more. */
async function openPlainly(sent = ''): Promise<Socket> {
  const socket = connectPlainly({ host: '127.0.0.1', port: port() }).on('error', () => undefined);
  sockets.push(socket);
  await once(socket, 'connect');
  socket.resume().write(Buffer.from(sent, 'latin1'));
  return socket;
}

/** What an endpoint is answered. */
async function ask(): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: port(), rejectUnauthorized: false, ...member });
  sockets.push(socket);
  socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.resume();
  return answer.toString().slice(0, 15);
}

const openAmong = (some: readonly Socket[]): boolean[] => some.map(({ closed }) => !closed);

it('of too many that say nothing, or stop in the middle, the oldest are let go, and an endpoint comes in', async () => {
  await start({ most: 100, mostSilent: 2, lookMs: 50 });
  const silent = [
    await openPlainly(),
    await openPlainly('\x16\x03\x01'),
    await openPlainly(),
    await openPlainly(),
  ];
  await expect.poll(() => openAmong(silent)).toEqual([false, false, true, true]);
  expect(await ask()).toBe('HTTP/1.1 200 OK');
  await sleep(150);
  expect(openAmong(silent)).toEqual([false, false, true, true]);
  expect(refused).toEqual(['rate-limited', 'rate-limited']);
});

it('whoever goes on speaking is not silent', async () => {
  await start({ most: 100, mostSilent: 1, lookMs: 100 });
  // The head of a record, and then its 771 bytes one by one.
  const slow = await openPlainly('\x16');
  const speaking = setInterval(() => slow.write(Buffer.from([3])), 20);
  const silent = [await openPlainly(), await openPlainly()];
  await expect.poll(() => openAmong(silent)).toEqual([false, true]);
  expect(openAmong([slow])).toEqual([true]);
  clearInterval(speaking);
  expect(refused).toEqual(['rate-limited']);
});

it('of too many in all the oldest is let go at once', async () => {
  await start({ most: 3, mostSilent: 3, lookMs: 60_000 });
  const silent = [await openPlainly(), await openPlainly(), await openPlainly()];
  expect(await ask()).toBe('HTTP/1.1 200 OK');
  await expect.poll(() => openAmong(silent)).toEqual([false, true, true]);
  // A connection whose handshake is done counts no more.
  expect(await ask()).toBe('HTTP/1.1 200 OK');
  silent.push(await openPlainly());
  await sleep(50);
  expect(openAmong(silent)).toEqual([false, true, true, true]);
});

it('a crowd of endpoints comes in, past connections that hold all places of silent ones', async () => {
  await start({ most: 1_000, mostSilent: 4, lookMs: 1_000 });
  for (let nth = 0; nth < 8; nth++) await openPlainly();
  const answers = await Promise.all(Array.from({ length: 300 }, () => ask()));
  expect(new Set(answers)).toEqual(new Set(['HTTP/1.1 200 OK']));
});

it('a process that may open few files keeps most of them for others', () => {
  expect(handshakeBounds(1_048_576)).toEqual({ most: 4_096, mostSilent: 512 });
  expect(handshakeBounds(Infinity)).toEqual({ most: 4_096, mostSilent: 512 });
  expect(handshakeBounds(1_024)).toEqual({ most: 256, mostSilent: 128 });
  expect(handshakeBounds(1)).toEqual({ most: 1, mostSilent: 1 });
  expect(handshakeBounds().most).toBeGreaterThan(0);
});

it('whoever spoke while the gateway was busy is not taken for silent', async () => {
  await start({ most: 10, mostSilent: 0, lookMs: 1_000 });
  const speaking = await openPlainly();
  // Past the first look. The second is due while nothing can be read: after immediates come timers, and only then sockets.
  await sleep(1_200);
  await new Promise((resolve) => setImmediate(resolve));
  speaking.write(Buffer.of(0x16));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 900);
  await sleep(100);
  expect(openAmong([speaking])).toEqual([true]);
  expect(refused).toEqual([]);
});
