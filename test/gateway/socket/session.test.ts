import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Dispatcher } from '../../../gateway/delivery/dispatcher.ts';
import { Intake } from '../../../gateway/socket/intake.ts';
import { PendingWork } from '../../../gateway/socket/pending-work.ts';
import { Session, type SessionContext } from '../../../gateway/socket/session.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import { limits } from '../../../protocol/limits.ts';
import type { Digest } from '../../../protocol/ids.ts';
import type { Welcome } from '../../../protocol/wire/control.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import { encodeReceiptFrame } from '../../../protocol/wire/receipt-group.ts';
import { createSqliteFixture } from '../store/sqlite-fixture.ts';
import { police } from '../store/synthetic-messages.ts';

const digest = 'A'.repeat(43) as Digest;
const entry = { endpoint: police } as DirectoryEntry;

/** A session over a socket of this computer, whose welcome is held back. */
async function openSession(settle: SessionContext['relay']['settle'] = async () => Promise.resolve()) {
  const fixture = await createSqliteFixture();
  const store = await fixture.open();
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const welcome = Promise.withResolvers<Welcome>();
  const asked = Promise.withResolvers<undefined>();
  let asks = 0;
  const context: SessionContext = {
    store,
    relay: { submit: () => Promise.reject.bind(Promise), settle },
    dispatcher: new Dispatcher({ store, now: Date.now, onError: () => undefined }),
    intake: new Intake(),
    pending: new PendingWork(),
    received: () => undefined,
    welcome: () => {
      asks++;
      asked.resolve(undefined);
      return welcome.promise;
    },
    onReady: () => undefined,
    report: () => undefined,
    onClosed: () => undefined,
  };
  const opened = new Promise<Session>((resolve) =>
    sockets.on('connection', (socket, request) => {
      const identity = {
        sender: { entry, signingKey: Buffer.alloc(32), verified: new Map() } as never,
        certificate: { thumbprint: digest, endsAt: 0 },
      };
      resolve(new Session(socket, request.socket, identity, context));
    }),
  );
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const told: { type: string; version?: number }[] = [];
  client.on('message', (data: Buffer) => told.push(JSON.parse(data.toString()) as (typeof told)[number]));
  client.on('open', () => client.send('{"type":"hello","client":"test","receiptsAfter":null}'));
  const session = await opened;
  onTestFinished(async () => {
    client.terminate();
    sockets.close();
    server.close();
    await store.close();
    await fixture.remove();
  });
  await asked.promise;
  const sendWelcome = (directoryVersion: number): void =>
    welcome.resolve({
      ...{ type: 'welcome', endpoint: police, clock: 1, limits, pending: 0, directoryVersion },
      ...{ policyDigest: digest, receiptKey: digest, checkpoint: null },
    });
  /** What the client has been told up to here. */
  const heard = async (): Promise<(string | number)[]> => {
    await new Promise<void>((resolve) => {
      client.once('pong', () => resolve());
      client.ping();
    });
    return told.map(({ type, version }) => version ?? type);
  };
  return { session, sendWelcome, heard, failWelcome: welcome.reject, asks: () => asks, client };
}

it('a session is told of no change of the directory before its welcome, and of none that the welcome knows', async () => {
  const { session, sendWelcome, heard } = await openSession();
  session.directoryChanged(entry, 7);
  expect(await heard()).toEqual([]);
  sendWelcome(7);
  await new Promise(setImmediate);
  expect(await heard()).toEqual(['welcome']);
  session.directoryChanged(entry, 8);
  expect(await heard()).toEqual(['welcome', 8]);
});

it('a session is told right behind its welcome of a change that the welcome does not know', async () => {
  const { session, sendWelcome, heard } = await openSession();
  sendWelcome(7);
  session.directoryChanged(entry, 8);
  await new Promise(setImmediate);
  expect(await heard()).toEqual(['welcome', 8]);
});

it('work that waits for the store is not tried again once the session has ended, as when its endpoint was revoked', async () => {
  const { session, failWelcome, asks } = await openSession();
  failWelcome(new CausewayError('store-unavailable'));
  await new Promise(setImmediate);
  session.fail(new CausewayError('endpoint-revoked'));
  await sleep(700);
  expect(asks()).toBe(1);
});

it('a receipt frame that failed for no fault of its own is not counted as taken: the session ends', async () => {
  const moved = new CausewayError('configuration-invalid', { detail: 'The store was moved.' });
  const { sendWelcome, heard, client } = await openSession(async () => Promise.reject(moved));
  sendWelcome(7);
  expect(await heard()).toEqual(['welcome']);
  const told: unknown[] = [];
  client.on('message', (data: Buffer) => told.push(JSON.parse(data.toString())));
  const ended = once(client, 'close');
  client.send(encodeReceiptFrame(0, Buffer.alloc(80)));
  await ended;
  expect(told).toMatchObject([{ type: 'error', code: 'configuration-invalid', closing: true }]);
});
