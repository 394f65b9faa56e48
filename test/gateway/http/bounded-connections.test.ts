import { once } from 'node:events';
import { createPublicKey } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Agent, get } from 'node:https';
import { connect as connectPlainly, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { connectionBounds } from '../../../gateway/http/connection-limit.ts';
import { sendInPieces } from '../../../gateway/http/in-pieces.ts';
import { buildServer, type ServerOptions } from '../../../gateway/http/server.ts';
import type { UnreadBounds } from '../../../gateway/http/unread-answers.ts';
import { createAuthority, createP256Key, openAuthority } from '../../../gateway/identity/authority.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import { socketPath } from '../../../protocol/limits.ts';

const mebibyte = 1024 * 1024;
const tile = Buffer.alloc(51_200, 1);
/** More than the system takes for a client that does not read. */
const large = Buffer.alloc(24 * mebibyte, 2);
const larger = Buffer.alloc(28 * mebibyte, 3);

let tls: ServerOptions['tls'];
let server: FastifyInstance;
let refused: ErrorCode[];
/** The server's ends of all connections. */
let accepted: TLSSocket[];
/** Answers that were begun, and that are not handed over yet. */
let begun: number;
let held: number;
let mostHeld: number;
const sockets: TLSSocket[] = [];
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

beforeAll(async () => {
  const authority = openAuthority(await createAuthority({ name: 'x', now: Date.now() }), Date.now);
  const key = createP256Key();
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
  const { pem: cert } = await authority.issueServerCertificate(publicKey, ['localhost']);
  tls = { key, cert, ca: authority.certificatePem };
});
beforeEach(() => {
  refused = [];
  accepted = [];
  begun = held = mostHeld = 0;
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  agent.destroy();
  await server.close();
});

async function start(unread?: UnreadBounds): Promise<void> {
  server = await buildServer({
    tls,
    log: pino({ level: 'silent' }),
    endpointOf: () => undefined,
    connections: connectionBounds(1),
    report: (error) => expect.fail(String(error)),
    refused: ({ code }) => refused.push(code),
    ...(unread === undefined ? {} : { unread }),
  });
  server.server.on('secureConnection', (socket: TLSSocket) => accepted.push(socket));
  server.addHook('onRequest', (_request, reply, done) => {
    begun++;
    mostHeld = Math.max(mostHeld, ++held);
    reply.raw.prependOnceListener('close', () => held--);
    done();
  });
  server.get('/livez', (_request, reply) => reply.send({ status: 'live' }));
  server.get('/tile', async (_request, reply) => {
    await new Promise((resolve) => setImmediate(resolve));
    return reply.send(tile);
  });
  server.get('/large', (_request, reply) => reply.send(large));
  server.get('/larger', (_request, reply) => reply.send(larger));
  server.get('/pieces', (_request, reply) => sendInPieces(reply, large));
  server.get(socketPath, { websocket: true }, (session) => session.send(large));
  await server.listen({ host: '127.0.0.1', port: 0 });
}

function port(): number {
  return (server.server.address() as AddressInfo).port;
}

/** A connection that reads nothing yet. */
async function open(localAddress = '127.0.0.1'): Promise<TLSSocket> {
  const plain = connectPlainly({ host: '127.0.0.1', port: port(), localAddress });
  const socket = connect({ socket: plain, rejectUnauthorized: false });
  sockets.push(socket.on('error', () => undefined));
  await once(socket, 'secureConnect');
  return socket.pause();
}

const requestFor = (path: string, headers = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const upgrade =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n`;

/** The status that an honest client gets, always on the same connection. */
async function ask(path: string): Promise<number | undefined> {
  const request = get({ host: '127.0.0.1', port: port(), path, agent, rejectUnauthorized: false });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  await once(answer.resume(), 'end');
  return answer.statusCode;
}

/** What the server holds that nobody has read, bytes. */
function unreadBytes(): number {
  const open = accepted.filter(({ destroyed }) => !destroyed);
  return open.reduce((sum, { writableLength }) => sum + writableLength, 0);
}

/** Reads until it has come to an end of these bytes. */
async function readAll(socket: TLSSocket, bytes: number, pauseMs = 0): Promise<number> {
  let read = 0;
  for await (const piece of socket) {
    read += (piece as Buffer).length;
    if (read >= bytes) return read;
    if (pauseMs > 0) await sleep(pauseMs);
  }
  return read;
}

it('requests in a row make no answers pile up, from however many addresses, and end their connections', async () => {
  await start();
  const crowd: TLSSocket[] = [];
  for (let nth = 0; nth < 24; nth++) crowd.push(await open(`127.0.0.${2 + (nth % 6)}`));
  let mostBytes = 0;
  const measuring = setInterval(() => (mostBytes = Math.max(mostBytes, unreadBytes())), 1);
  for (const socket of crowd) socket.write(requestFor('/tile').repeat(1_000));
  expect(await ask('/livez')).toBe(200);
  await expect.poll(() => refused).toEqual(Array(24).fill('rate-limited'));
  clearInterval(measuring);
  // One of each, and the probe.
  expect(mostHeld).toBeLessThanOrEqual(24 + 1);
  expect(begun).toBeLessThanOrEqual(24 + 1);
  expect(mostBytes).toBeLessThanOrEqual(24 * 52_000);
  const theirs = accepted.filter(({ remoteAddress }) => remoteAddress !== '127.0.0.1');
  expect(theirs.filter(({ destroyed }) => !destroyed)).toEqual([]);
  expect(await ask('/livez')).toBe(200);
});

it('the request that has come already is answered after the one before, and not begun until then', async () => {
  await start();
  const socket = await open();
  socket.write(requestFor('/tile') + requestFor('/livez'));
  let text = '';
  for await (const piece of socket) {
    text += (piece as Buffer).toString('latin1');
    if (text.endsWith('{"status":"live"}')) break;
  }
  expect(text.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2);
  expect(mostHeld).toBe(1);
  expect(refused).toEqual([]);
});

const outOfTurn = [
  ['expects something', requestFor('/livez', 'Expect: more\r\n')],
  ['names no host', 'GET /livez HTTP/1.1\r\n\r\n'],
] as const;

it.each(outOfTurn)('a request that %s waits for its turn as well', async (_what, request) => {
  await start();
  const socket = await open();
  socket.write(requestFor('/large') + request);
  await expect.poll(() => unreadBytes()).toBeGreaterThan(0);
  await sleep(50);
  expect(begun).toBe(1);
  expect(refused).toEqual([]);
});

it.each(outOfTurn)('a request that %s is one too many as well', async (_what, request) => {
  await start();
  const socket = await open();
  socket.write(requestFor('/tile') + request + request);
  await expect.poll(() => refused).toEqual(['rate-limited']);
  expect(begun).toBe(1);
  expect(accepted.map(({ destroyed }) => destroyed)).toEqual([true]);
});

it('no session begins where an answer is still to come: who asks for one is answered in turn', async () => {
  await start();
  const socket = await open();
  socket.write(requestFor('/tile') + requestFor(socketPath, upgrade));
  let text = '';
  for await (const piece of socket) {
    text += (piece as Buffer).toString('latin1');
    if (text.includes(' 404 ')) break;
  }
  expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404']);
  expect(mostHeld).toBe(1);
});

it('a request that names no host is refused in words', async () => {
  await start();
  const socket = await open();
  socket.write('GET /livez HTTP/1.1\r\n\r\n');
  const [answer] = (await once(socket.resume(), 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 .*"code":"request-malformed"/s);
});

it('an answer that nobody reads ends its connection after the patience, and no client that asks on', async () => {
  await start({ mostBytes: 1_000 * mebibyte, patienceMs: 500 });
  const before = performance.now();
  const silent = [await open('127.0.0.2'), await open('127.0.0.3')];
  for (const socket of silent) socket.write(requestFor('/large'));
  while (refused.length < 2) {
    expect(await ask('/tile')).toBe(200);
    await sleep(20);
  }
  expect(performance.now() - before).toBeGreaterThanOrEqual(500);
  expect(unreadBytes()).toBe(0);
  expect(await ask('/tile')).toBe(200);
  expect(accepted.map(({ destroyed }) => destroyed).toSorted()).toEqual([false, true, true]);
  expect(refused).toEqual(['rate-limited', 'rate-limited']);
});

it('whoever reads slowly gets all of it, however long that takes', async () => {
  await start({ mostBytes: 1_000 * mebibyte, patienceMs: 500 });
  const before = performance.now();
  const socket = await open();
  socket.write(requestFor('/pieces'));
  expect(await readAll(socket, large.length, 4)).toBeGreaterThanOrEqual(large.length);
  expect(performance.now() - before).toBeGreaterThan(1_000);
  expect(refused).toEqual([]);
});

it('of more than may wait in all, the connections that have read nothing for longest are ended', async () => {
  await start({ mostBytes: 60 * mebibyte, patienceMs: 3_000 });
  const first = await open('127.0.0.2');
  first.write(requestFor('/large'));
  await expect.poll(() => unreadBytes()).toBeGreaterThan(0);
  await sleep(400);
  const others = [await open('127.0.0.3'), await open('127.0.0.4')];
  for (const socket of others) socket.write(requestFor('/larger'));
  await expect.poll(() => refused, { timeout: 2_000 }).toEqual(['rate-limited']);
  expect(accepted.map(({ destroyed }) => destroyed)).toEqual([true, false, false]);
  expect(unreadBytes()).toBeLessThanOrEqual(60 * mebibyte);
});

it('a large answer that many share waits for its readers in small pieces', async () => {
  await start();
  const socket = await open();
  socket.write(requestFor('/pieces'));
  await expect.poll(() => unreadBytes()).toBeGreaterThan(0);
  await sleep(50);
  expect(unreadBytes()).toBeLessThanOrEqual(128 * 1024);
  let answer = Buffer.alloc(0);
  const parts: Buffer[] = [];
  let length = 0;
  for await (const piece of socket) {
    parts.push(piece as Buffer);
    length += (piece as Buffer).length;
    if (length > large.length && (answer = Buffer.concat(parts)).subarray(-large.length).equals(large)) break;
  }
  expect(answer.toString('latin1', 0, 1_000)).toContain(`content-length: ${large.length}\r\n`);
});

it('sessions are left to their own bounds', async () => {
  await start({ mostBytes: mebibyte, patienceMs: 200 });
  const socket = await open();
  socket.write(requestFor(socketPath, upgrade));
  await expect.poll(() => unreadBytes()).toBeGreaterThan(mebibyte);
  await sleep(400);
  expect(accepted.map(({ destroyed }) => destroyed)).toEqual([false]);
  expect(refused).toEqual([]);
});
