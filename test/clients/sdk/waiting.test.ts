/** Waiting for a session or for the outbox ends, whatever becomes of the session. */
import { expect, test } from 'vitest';
import { connect, type Client } from '../../../clients/sdk/client.ts';
import { concern, nextEvent } from './exchange.ts';
import { gatewayForEachTest } from './gateway-for-each-test.ts';
import { alice, bob, until, type ScriptedGateway } from './scripted-gateway.ts';

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
  ]);
  const ends = Promise.allSettled(waits);
  await Promise.all([sender.close(), recipient.close()]);
  for (const end of await ends) expect(end).toMatchObject({ reason: { code: 'client-closed' } });
  await expect(sender.drain()).rejects.toMatchObject({ code: 'client-closed' });
});
