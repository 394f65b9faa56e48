import { randomBytes } from 'node:crypto';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signMessages } from '../../../clients/sdk/batcher.ts';
import { openLink, type Link, type LinkHandlers, type LinkOptions } from '../../../clients/sdk/link.ts';
import type { CausewayError } from '../../../protocol/errors.ts';
import type { Welcome } from '../../../protocol/wire/control.ts';
import { encodeUnit, encodeUnitFrame, type Unit } from '../../../protocol/wire/frame.ts';
import { limits, socketPath } from '../../../protocol/limits.ts';
import { alice, openScriptedGateway, until, type ScriptedGateway } from './scripted-gateway.ts';

let gateway: ScriptedGateway;

beforeAll(async () => {
  gateway = await openScriptedGateway();
  gateway.onSubmit = () => undefined;
});

afterAll(() => gateway.close());

type Opened = {
  readonly link: Link;
  readonly welcome: Promise<Welcome>;
  readonly closed: Promise<CausewayError | undefined>;
};

function open(options: Partial<LinkOptions> = {}, handlers: Partial<LinkHandlers> = {}): Opened {
  const welcome = Promise.withResolvers<Welcome>();
  const closed = Promise.withResolvers<CausewayError | undefined>();
  const url = `${gateway.url.replace('https:', 'wss:')}${socketPath}`;
  const link = openLink(
    { url, tls: gateway.tls, hello: { client: 'test', receiptsAfter: null }, ...options },
    {
      onWelcome: welcome.resolve,
      onUnits: () => undefined,
      onReceiptFrame: () => undefined,
      onControl: () => undefined,
      onClose: closed.resolve,
      ...handlers,
    },
  );
  return { link, welcome: welcome.promise, closed: closed.promise };
}

async function latestSession() {
  await until(() => gateway.sessions.length > 0);
  return gateway.sessions.at(-1)!;
}

function unitOf(bytes: number): Unit {
  return encodeUnit(Buffer.from('{}'), Buffer.alloc(68), randomBytes(bytes));
}

test('units of one turn share frames, in order, within the limits of count and bytes', async () => {
  const { link, welcome, closed } = open();
  await welcome;
  const session = await latestSession();
  const frames: number[] = [];
  gateway.onSubmit = (_session, units) => frames.push(units.length);
  const small = Array.from({ length: 300 }, () => unitOf(10));
  const large = Array.from({ length: 9 }, () => unitOf(limits.maxPayloadBytes - 1_000));
  link.submit(small.slice(0, 100));
  link.submit(small.slice(100));
  link.submit(large);
  await until(() => session.units.length === 309);
  expect(session.units.every((unit, index) => unit.bytes.equals([...small, ...large][index]!.bytes))).toBe(
    true,
  );
  expect(frames).toEqual([128, 128, 47, 4, 2]);
  link.goodbye();
  expect(await closed).toBeUndefined();
  expect(link.state).toBe('closed');
  expect(() => link.submit(small)).toThrow(expect.objectContaining({ code: 'client-closed' }));
});

test('what is submitted before the socket is open is sent after hello', async () => {
  const { link, welcome, closed } = open();
  link.grant(5);
  await welcome;
  const session = await latestSession();
  await until(() => session.controls.length === 2);
  expect(session.controls.map(({ type }) => type)).toEqual(['hello', 'credit']);
  link.close();
  expect(await closed).toBeUndefined();
});

test('a link that cannot write as fast says so, and tells when it can again', async () => {
  const writable = Promise.withResolvers<undefined>();
  const { link, welcome, closed } = open(
    { highWaterBytes: 100_000 },
    { onWritable: () => writable.resolve(undefined) },
  );
  await welcome;
  expect(link.writable).toBe(true);
  link.submit([unitOf(900_000)]);
  expect(link.writable).toBe(false);
  expect(link.bufferedBytes).toBeGreaterThan(900_000);
  await writable.promise;
  expect(link.writable).toBe(true);
  link.close();
  await closed;
});

test('envelopes are signed in batches of at most 64', () => {
  const signer = gateway.signerOf(alice);
  let signatures = 0;
  const counting = {
    keyId: signer.keyId,
    signRoot: (...args: Parameters<typeof signer.signRoot>) => {
      signatures++;
      return signer.signRoot(...args);
    },
  };
  const messages = Array.from({ length: 130 }, (_, index) => ({
    envelope: Buffer.from(`{"n":${index}}`),
    payload: Buffer.from([index]),
  }));
  const units = signMessages(messages, counting);
  expect(signatures).toBe(3);
  expect(units.map((unit) => unit.envelope.toString())).toEqual(
    messages.map(({ envelope }) => envelope.toString()),
  );
});

test.each<[string, (socket: import('ws').WebSocket) => void, string]>([
  ['text that is not a frame', (socket) => socket.send('nonsense'), 'frame-malformed'],
  ['a frame of an unknown kind', (socket) => socket.send(Buffer.from([9, 0, 1])), 'frame-malformed'],
  ['a frame that is cut short', (socket) => socket.send(Buffer.from([2, 0, 1, 0])), 'frame-malformed'],
  ['a submission', (socket) => socket.send(encodeUnitFrame('submit', [unitOf(5).bytes])), 'frame-unexpected'],
  [
    'an error that closes',
    (socket) => {
      const text = 'The endpoint has been revoked. Ask your operator.';
      socket.send(JSON.stringify({ type: 'error', code: 'endpoint-revoked', text, closing: true }));
      socket.close(4403);
    },
    'endpoint-revoked',
  ],
  ['a close without a word', (socket) => socket.close(4429), 'window-exceeded'],
  ['a cut', (socket) => socket.terminate(), 'gateway-unreachable'],
])('%s ends the link with a typed error', async (_what, act, code) => {
  const { welcome, closed } = open();
  await welcome;
  act((await latestSession()).socket);
  expect(await closed).toMatchObject({ code });
});

test('a handler that fails ends the link instead of the process', async () => {
  const { welcome, closed } = open(
    {},
    {
      onUnits: () => {
        throw new TypeError('broken');
      },
    },
  );
  await welcome;
  (await latestSession()).deliver(unitOf(1));
  expect(await closed).toMatchObject({ code: 'internal-error', cause: { message: 'broken' } });
});

test('a peer that falls silent is given up, one that pings is not', async () => {
  const { welcome, closed } = open({ silenceMs: 150 });
  await welcome;
  const { socket } = await latestSession();
  const pinging = setInterval(() => socket.ping(), 20);
  const outcome = await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 400, 'alive'))]);
  expect(outcome).toBe('alive');
  clearInterval(pinging);
  expect(await closed).toMatchObject({ code: 'peer-silent' });
});

test('a gateway of another authority is not trusted, and nobody listening is unreachable', async () => {
  const other = await openScriptedGateway();
  try {
    const { closed } = open({ tls: { ...gateway.tls, ca: other.tls.ca } });
    expect(await closed).toMatchObject({ code: 'gateway-untrusted' });
  } finally {
    await other.close();
  }
  const { closed } = open({ url: 'wss://127.0.0.1:1/v1/socket' });
  expect(await closed).toMatchObject({ code: 'gateway-unreachable' });
});

test('a peer that accepts and says nothing is given up after the handshake timeout', async () => {
  const server = createTcpServer(() => undefined).listen(0, '127.0.0.1');
  await until(() => server.listening);
  const { port } = server.address() as AddressInfo;
  const { closed } = open({ url: `wss://127.0.0.1:${port}/v1/socket`, handshakeTimeoutMs: 100 });
  expect(await closed).toMatchObject({ code: 'gateway-unreachable' });
  server.close();
});
