import { copyFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connect, type Client } from '../../clients/sdk/client.ts';
import type { ConnectOptions } from '../../clients/sdk/client-options.ts';
import type { OutgoingNotice } from '../../clients/sdk/outgoing-notice.ts';
import type { MessageId } from '../../protocol/ids.ts';
import type { TestEndpoint } from './kit/endpoint.ts';
import { addresses, Exchange } from './kit/exchange.ts';

let exchange: Exchange;
let people: Record<'police' | 'north', TestEndpoint>;

beforeEach(async () => {
  exchange = await Exchange.open({ isBare: true });
  // The log was published further than the backup.
  exchange.expectFailures('log-forked');
  people = await exchange.enrol('police', 'north');
});
afterEach(() => exchange.close());

/** Stops the gateway, copies one file over another, and starts it again where clients look for it. */
async function copyStore(from: string, to: string): Promise<void> {
  const port = Number(new URL(exchange.url).port);
  await exchange.stop(1_000);
  await copyFile(from, to);
  await exchange.start({ port });
}

async function open(name: 'police' | 'north', options: Partial<ConnectOptions> = {}): Promise<Client> {
  const client = await connect({ home: people[name].home.dir, random: () => 0, ...options });
  await client.directory.trustAll();
  return client;
}

function concern(text: string): OutgoingNotice {
  return {
    ...{ to: addresses.north, category: 'police-concern', severity: 'concern' },
    ...{ purpose: 'child-protection', basis: 'public-task', content: { text } },
  };
}

/** Three notices that are accepted after the backup, and that nobody has fetched when the store is put back. */
async function loseThree(sender: Client): Promise<MessageId[]> {
  const { store } = exchange.home;
  await copyStore(store, `${store}.backup`);
  await sender.whenConnected();
  const ids: MessageId[] = [];
  for (const text of ['one', 'two', 'three']) ids.push((await sender.send(concern(text))).id);
  await sender.log.check();
  await copyStore(`${store}.backup`, store);
  return ids;
}

/** What the recipient gets, until it has so many. */
async function arrivals(count: number): Promise<string[]> {
  await using recipient = await open('north');
  const ids: string[] = [];
  for await (const notice of recipient.notices({ signal: AbortSignal.timeout(10_000) })) {
    await notice.ack();
    if (ids.push(notice.id) === count) break;
  }
  return ids;
}

it('delivers what was lost, each once and in order, when the sender finds that the log is gone', async () => {
  await using sender = await open('police', { follow: { everyMs: 3_600_000, patienceMs: 0, graceMs: 0 } });
  const ids = await loseThree(sender);
  await sender.whenConnected();
  await expect(sender.log.check()).rejects.toMatchObject({ code: 'not-found' });
  expect(await arrivals(3)).toEqual(ids);
  for (const id of ids) expect((await sender.settled(id)).deliveries).toMatchObject([{ outcome: 'stored' }]);
  expect(sender.lost()).toEqual([]);
});

it('delivers what was lost after the next notice of the same sender, which may be another process', async () => {
  const ids = await (async () => {
    await using sender = await open('police');
    return await loseThree(sender);
  })();
  await using sender = await open('police');
  const { id } = await sender.send(concern('four'));
  expect(await arrivals(4)).toEqual([id, ...ids]);
});
