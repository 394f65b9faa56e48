/** Waiting for a session or for the outbox ends, whatever becomes of the session. */
import { expect, test } from 'vitest';
import { connect, type Client } from '../../../clients/sdk/client.ts';
import { concern, nextEvent } from './exchange.ts';
import { gatewayForEachTest } from './gateway-for-each-test.ts';
import { alice, answerToPing, bob, until, type ScriptedGateway } from './scripted-gateway.ts';

let gateway: ScriptedGateway;

gatewayForEachTest((opened) => (gateway = opened));

/** A client whose session was welcomed and cannot become ready: the directory is not yet what the welcome says. */
async function welcomedOnly(): Promise<Client> {
  gateway.welcome = { directoryVersion: 2 };
  const client = await connect({ home: gateway.homeOf(alice), random: () => 0.05, waitMs: 1 });
  await until(() => client.status().connection === 'connected');
  return client;
}

async function endSession(client: Client): Promise<void> {
  const gone = nextEvent(client, 'disconnected');
  (await gateway.session(alice)).socket.terminate();
  await gone;
}

test('whoever waits for a session hears of it, although one before it ended half ready', async () => {
  await using client = await welcomedOnly();
  const connected = client.whenConnected();
  gateway.welcome = {};
  await endSession(client);
  await connected;
  expect(client.status()).toMatchObject({ connection: 'connected', directoryVersion: 1 });
});

test('closing ends the wait for a session, although one before it ended half ready', async () => {
  const client = await welcomedOnly();
  const connected = expect(client.whenConnected()).rejects.toMatchObject({ code: 'client-closed' });
  await endSession(client);
  await client.close();
  await connected;
});

test.each([Infinity, 2 ** 31])(
  'a wait of %d ms for the first session does not end by itself',
  async (waitMs) => {
    gateway.welcome = { directoryVersion: 2 };
    const closing = new AbortController();
    let hasEnded = false;
    const home = gateway.homeOf(alice);
    const connecting = connect({ home, waitMs, signal: closing.signal }).finally(() => (hasEnded = true));
    const ended = expect(connecting).rejects.toMatchObject({ code: 'aborted' });
    await answerToPing(await gateway.session(alice));
    expect(hasEnded).toBe(false);
    closing.abort();
    await ended;
  },
);

test.each([
  [Infinity, 6],
  [2 ** 31, 7],
])(
  'a client that is to look at the log every %d ms looks no more often than that',
  async (everyMs, looks) => {
    const before = await gateway.client(alice);
    await before.log.check();
    await before.close();
    let asked = 0;
    gateway.onRequest = (path) => {
      if (path === '/checkpoint') asked++;
      return true;
    };
    // Its own first look comes at once.
    const client = await gateway.client(alice, { follow: { everyMs }, random: () => 0 });
    for (let count = 0; count < 6; count++) await client.log.check();
    expect(asked).toBe(looks);
  },
);

test('closing ends the wait for answers and for confirmed receipts, with a limit of time or without', async () => {
  gateway.onReceipts = () => undefined;
  const sender = await gateway.client(alice);
  const recipient = await gateway.client(bob);
  await sender.send(concern('x', bob));
  (await gateway.session(bob)).deliver(...(await gateway.session(alice)).units);
  for await (const notice of recipient.notices()) {
    await notice.ack();
    break;
  }
  gateway.onSubmit = () => undefined;
  await sender.enqueue(concern('y', bob));
  const waits = [sender, recipient].flatMap((client) => [
    client.drain(),
    client.drain({ timeoutMs: 60_000 }),
    client.drain({ timeoutMs: Infinity }),
    client.drain({ timeoutMs: 2 ** 32 }),
  ]);
  const ends = Promise.allSettled(waits);
  await Promise.all([sender.close(), recipient.close()]);
  for (const end of await ends) expect(end).toMatchObject({ reason: { code: 'client-closed' } });
  await expect(sender.drain()).rejects.toMatchObject({ code: 'client-closed' });
});
