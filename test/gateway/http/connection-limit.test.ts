import { once } from 'node:events';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createCertificateRequest } from '../../../clients/sdk/certificate-request.ts';
import { buildServer } from '../../../gateway/http/server.ts';
import { createAuthority, createP256Key, openAuthority } from '../../../gateway/identity/authority.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { socketPath } from '../../../protocol/limits.ts';

type Identity = { readonly key: string; readonly cert: string };

const addresses = ['x/y', 'x/z'] as [EndpointAddress, EndpointAddress];
let server: FastifyInstance;
/** Whose each certificate is, by its fingerprint. */
let active: Map<string, EndpointAddress | undefined>;
let member: Identity;
let another: Identity;
let revoked: Identity;
let renewed: Identity;
const refused: ErrorCode[] = [];
/** What the server has not answered yet. */
const waiting: (() => void)[] = [];
const sockets: TLSSocket[] = [];

beforeAll(async () => {
  const authority = openAuthority(await createAuthority({ name: 'x', now: Date.now() }), Date.now);
  const issue = async (address: EndpointAddress): Promise<Identity> => {
    const key = createP256Key();
    const request = createCertificateRequest(createPrivateKey(key));
    return { key, cert: (await authority.issueEndpointCertificate(request, address)).pem };
  };
  [member, another, revoked, renewed] = [
    await issue(addresses[0]),
    await issue(addresses[1]),
    await issue(addresses[0]),
    await issue(addresses[0]),
  ];
  active = new Map([member, another].map(({ cert }, n) => [fingerprintOf(cert), addresses[n]]));
  const key = createP256Key();
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
  const { pem: cert } = await authority.issueServerCertificate(publicKey, ['localhost']);
  const tls = { key, cert, ca: authority.certificatePem };
  server = await buildServer({
    tls,
    log: pino({ level: 'silent' }),
    report: (error) => expect.fail(String(error)),
    refused: ({ code }) => refused.push(code),
    endpointOf: (socket) => active.get(socket.getPeerX509Certificate()?.fingerprint256 ?? ''),
    connections: { strangers: 2, ofOneEndpoint: 3 },
  });
  server.get('/slow', (_request, reply) => void waiting.push(() => void reply.send({})));
  server.get(socketPath, { websocket: true }, () => undefined);
  server.get('/livez', (_request, reply) => reply.send({ status: 'live' }));
  await server.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  const open = sockets.splice(0).filter(({ closed }) => !closed);
  await Promise.all(open.map((socket) => once(socket.destroy(), 'close')));
  refused.splice(0);
});
afterAll(() => server.close());

async function connectAs(identity?: Identity): Promise<TLSSocket> {
  const { port } = server.server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...identity });
  sockets.push(socket);
  await once(socket, 'secureConnect');
  return socket;
}

async function ask(socket: TLSSocket, path: string, headers = ''): Promise<TLSSocket> {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
  await once(socket, 'data');
  return socket.resume();
}

/** A connection that the server has answered on. */
async function open(identity?: Identity): Promise<TLSSocket> {
  return ask(await connectAs(identity), '/livez');
}

function fingerprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256;
}

const openAmong = (some: readonly TLSSocket[]): boolean[] => some.map(({ closed }) => !closed);

it('one stranger too many costs the oldest its connection, and never an endpoint', async () => {
  const known = await open(member);
  const [oldest, middle] = [await open(), await open()];
  expect(openAmong([known, oldest, middle])).toEqual([true, true, true]);

  const ended = once(oldest, 'close');
  const newest = await open();
  await ended;
  expect(refused).toEqual(['rate-limited']);

  middle.destroy();
  await once(middle, 'close');
  const next = await open();
  expect(openAmong([known, newest, next])).toEqual([true, true, true]);
});

it('whoever shows a certificate of an endpoint that takes part no more is a stranger', async () => {
  const [oldest, middle] = [await open(revoked), await open()];
  const ended = once(oldest, 'close');
  const newest = await open(revoked);
  await ended;
  expect(openAmong([middle, newest])).toEqual([true, true]);
});

it('one connection of an endpoint too many ends the one that was idle for longest, and no other endpoint’s', async () => {
  const foreign = await open(another);
  const [first, second, third] = [await open(member), await open(member), await open(member)];
  await ask(first, '/livez');
  const ended = once(second, 'close');
  const fourth = await open(member);
  await ended;
  expect(openAmong([foreign, first, third, fourth])).toEqual([true, true, true, true]);
  expect(refused).toEqual(['rate-limited']);
});

it('what is being answered is ended only where nothing is idle', async () => {
  const busy = await connectAs(member);
  const answered = ask(busy, '/slow');
  await expect.poll(() => waiting.length).toBe(1);
  const [second] = [await open(member), await open(member)];
  const ended = once(second, 'close');
  await open(member);
  await ended;
  waiting.pop()?.();
  await answered;
  expect(busy.closed).toBe(false);
});

it('an endpoint that was enrolled again is not kept out by those who held its keys before', async () => {
  const former = [await connectAs(member), await connectAs(member), await connectAs(member)];
  const answers = former.map((socket) => ask(socket, '/slow'));
  await expect.poll(() => waiting.length).toBe(3);
  active.delete(fingerprintOf(member.cert));
  active.set(fingerprintOf(renewed.cert), addresses[0]);
  const ended = once(former[0]!, 'close');
  const newest = await open(renewed);
  await ended;
  expect(openAmong([newest, ...former])).toEqual([true, false, true, true]);
  active.delete(fingerprintOf(renewed.cert));
  active.set(fingerprintOf(member.cert), addresses[0]);
  for (const answer of waiting.splice(0)) answer();
  await Promise.all(answers.slice(1));
});

it('sessions do not count', async () => {
  const upgrade =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
    `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n`;
  const sessions: TLSSocket[] = [];
  for (let n = 0; n < 5; n++) sessions.push(await ask(await connectAs(member), socketPath, upgrade));
  const others = [await open(member), await open(member), await open(member)];
  expect(openAmong([...sessions, ...others])).toEqual(Array(8).fill(true));
  expect(refused).toEqual([]);
});
