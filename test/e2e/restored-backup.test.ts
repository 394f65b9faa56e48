import { copyFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect, type Client } from '../../clients/sdk/client.ts';
import type { MessageId } from '../../protocol/ids.ts';
import { receiptGroup, Writer, type TestEndpoint } from './kit/endpoint.ts';
import { addresses, Exchange } from './kit/exchange.ts';
import { eventually } from './kit/watch.ts';

let exchange: Exchange;
let people: Record<'police' | 'north', TestEndpoint>;

beforeAll(async () => {
  exchange = await Exchange.open();
  exchange.expectFailures('log-forked');
  people = await exchange.enrol('police', 'north');
});
afterAll(async () => {
  // What was published since the backup is not published a second time.
  expect(exchange.takeFailures('log-forked')).not.toEqual([]);
  await exchange.close();
});

/** Stops the gateway, copies one file over another, and starts it again where clients look for it. */
async function copyStore(from: string, to: string): Promise<void> {
  const port = Number(new URL(exchange.url).port);
  await exchange.stop(1_000);
  await copyFile(from, to);
  await exchange.start({ port });
}

async function backUp(): Promise<string> {
  const backup = `${exchange.home.store}.backup`;
  await copyStore(exchange.home.store, backup);
  return backup;
}

/** Puts the store back to what it was. */
async function restore(backup: string): Promise<void> {
  await copyStore(backup, exchange.home.store);
}

/** Why the recipient refuses a message, where it does. */
const refusal = JSON.stringify({ code: 'payload-undecryptable' });

const concern = (text: string) => ({
  ...{ to: addresses.north, category: 'police-concern', severity: 'concern' as const },
  ...{ purpose: 'child-protection', basis: 'public-task', content: { text } },
});

it('tells a sender that is ahead of the restored stream what it still has, and what comes', async () => {
  const writer = await Writer.open(people.police, [people.north]);
  const exchangeOne = async (receiptsAfter: number) => {
    const police = await exchange.connect(people.police, { receiptsAfter });
    const north = await exchange.connect(people.north, { credit: 10 });
    const message = writer.message();
    await police.accepted(message);
    await north.store(await north.arrival(message));
    const { position } = await police.receipt(message, 'stored');
    const [first] = police.receipts;
    await Promise.all([police.leave(), north.leave()]);
    return { first: first!.position, last: position };
  };
  const before = await exchangeOne(0);
  const backup = await backUp();
  const lost = await exchangeOne(before.last);
  expect(lost.first).toBeGreaterThan(before.last);
  await restore(backup);
  const after = await exchangeOne(lost.last);
  expect(after.first).toBeLessThanOrEqual(lost.last);
  expect(after.last).toBeGreaterThan(lost.last);
});

it('loses nothing of a stream that grows past the place where its sender stood, while that is away', async () => {
  const sender = async (): Promise<Client> => {
    const client = await connect({ home: people.police.home.dir, random: () => 0 });
    await client.directory.trustAll();
    return client;
  };
  const outcome = async (client: Client, id: string): Promise<string> =>
    eventually('the recipient’s receipt', () => client.message(id)?.deliveries[0]?.outcome);
  const before = await sender();
  const [first, second] = [await before.send(concern('first')), await before.send(concern('second'))];
  await before.close();
  const backup = await backUp();
  const answer = async (...answers: readonly ('stored' | 'refused')[]): Promise<void> => {
    const north = await exchange.connect(people.north, { credit: 10 });
    const arrivals = await north.arrived(2);
    for (const [index, id] of [second.id, first.id].slice(-answers.length).entries()) {
      const { digest } = arrivals.find((each) => each.id === id)!;
      const kind = answers[index]!;
      const detail = kind === 'refused' ? { detail: refusal } : {};
      const receipt = { message: id, envelopeDigest: digest, kind, ...detail };
      north.sendReceipts(receiptGroup(people.north, [receipt]));
      await north.next('receipts-taken');
    }
    await north.leave();
  };
  await answer('stored');
  const meanwhile = await sender();
  expect(await outcome(meanwhile, first.id)).toBe('stored');
  await meanwhile.close();
  await restore(backup);
  await answer('refused', 'stored');
  const after = await sender();
  expect(await outcome(after, second.id)).toBe('refused');
  await after.close();
});

it('has every client read the directory again, whenever it comes back', async () => {
  const listed = async ({ home }: TestEndpoint): Promise<string[]> => {
    await using client = await connect({ home: home.dir });
    await client.whenConnected();
    return client.directory.list().map(({ endpoint }) => endpoint);
  };
  const backup = await backUp();
  const { south } = await exchange.enrol('south');
  for (const each of [people.police, people.north]) expect(await listed(each)).toContain(south.address);
  await restore(backup);
  expect(await listed(people.police)).not.toContain(south.address);
  // As many changes as before.
  const { health } = await exchange.enrol('health');
  for (const each of [people.police, people.north]) {
    expect(await listed(each)).toContain(health.address);
    expect(await listed(each)).not.toContain(south.address);
  }
});

it('lets the SDK go on by itself, from the position that the stream has now', async () => {
  const backup = await backUp();
  const sender = await connect({ home: people.police.home.dir, random: () => 0 });
  const recipient = await connect({ home: people.north.home.dir, random: () => 0 });
  try {
    await sender.directory.trustAll();
    await recipient.directory.trustAll();
    const store = (async () => {
      for await (const notice of recipient.notices()) await notice.ack();
    })();
    const stored = async (text: string): Promise<MessageId> => {
      const { id } = await sender.send(concern(text));
      await eventually('the recipient’s receipt', () =>
        sender.message(id)?.deliveries[0]?.outcome === 'stored' ? true : undefined,
      );
      return id;
    };
    for (const text of ['one', 'two', 'three']) await stored(text);
    await restore(backup);
    await sender.whenConnected();
    await stored('four');
    await restore(backup);
    await sender.whenConnected();
    await stored('five');
    await recipient.close();
    await store;
  } finally {
    await sender.close();
    await recipient.close();
  }
});
