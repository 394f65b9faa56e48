/** Two gateways on one replica set, both with a correlator: what one episode raises is sent once, whoever is there. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunningGateway } from '../../gateway/app.ts';
import { openStore } from '../../gateway/open-store.ts';
import type { RecordEntry } from '../../gateway/store/port.ts';
import type { MessageId } from '../../protocol/ids.ts';
import { tokeniser } from '../clients/sdk/linkage/people.ts';
import {
  createMongodbFixture,
  hasServer,
  type MongodbFixture,
} from '../gateway/store/mongodb/mongodb-fixture.ts';
import { prepareChildGateway } from './kit/child-gateway.ts';
import { Writer, type TestEndpoint } from './kit/endpoint.ts';
import { Exchange } from './kit/exchange.ts';
import { eventually } from './kit/watch.ts';

// A gateway that was killed while it looked keeps its lease for a quarter of a minute.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

type Name = 'police' | 'north' | 'south' | 'health';

let fixture: MongodbFixture;
let exchange: Exchange;
let other: RunningGateway;
let people: Record<Name, TestEndpoint>;

describe.skipIf(!hasServer)('two correlators on one store', () => {
  beforeAll(async () => {
    fixture = await createMongodbFixture();
    exchange = await Exchange.open({ storeAddress: fixture.url });
    other = await exchange.startAnother();
    people = await exchange.enrol('police', 'north', 'south', 'health');
  });
  afterAll(async () => {
    await other.close(500);
    await exchange.close();
    await fixture.remove();
  });

  /** A notice to north at one of the gateways. */
  async function tell(from: Name, url: string, changes: Record<string, unknown>): Promise<MessageId> {
    const writer = await Writer.open(people[from], [people.north]);
    const session = await eventually('a welcome', async () =>
      exchange.connect(people[from], { url }).catch(() => undefined),
    );
    const message = writer.message({
      category: from === 'police' ? 'police-concern' : 'concern',
      ...changes,
    });
    await session.accepted(message);
    await session.leave();
    return message.id;
  }

  /** Three agencies about one child at these gateways. @returns the ids, in order */
  async function tellOfThree(given: string, urls: readonly [string, string, string]): Promise<MessageId[]> {
    const child = { given, family: 'Testcase', birthDate: '2016-03-04', postcode: 'ML1 9ZZ' };
    const subjects = [tokeniser.tokensOf(child)];
    const [first, second, last] = urls;
    return [
      await tell('police', first, { subjects }),
      await tell('health', second, { subjects }),
      await tell('south', last, { subjects, severity: 'immediate' }),
    ];
  }

  /** Has a gateway look. */
  const rouse = (url: string): Promise<MessageId> => tell('police', url, { severity: 'immediate' });

  const raisedAbout = async (notices: readonly MessageId[]): Promise<readonly RecordEntry[]> =>
    (await exchange.records())
      .map(({ entry }) => entry)
      .filter(({ kind, events }) => kind === 'alert.raised' && (events as string[]).includes(notices[2]!));

  /** Waits for an alert about these notices, and until both gateways have looked once more. */
  async function alertsAbout(
    notices: readonly MessageId[],
    urls: readonly string[],
  ): Promise<readonly RecordEntry[]> {
    await eventually(
      'an alert',
      async () => ((await raisedAbout(notices)).length > 0 ? true : undefined),
      100_000,
    );
    for (const url of urls) {
      const id = await rouse(url);
      const store = await exchange.store();
      await eventually('a look', async () => {
        const message = await store.readMessage(people.police.address, id);
        const position = (await store.readMarks()).get('correlator.position') ?? 0;
        return message !== undefined && position > message.record ? true : undefined;
      });
    }
    return await raisedAbout(notices);
  }

  async function messagesOf(alert: RecordEntry): Promise<readonly RecordEntry[]> {
    const entries = (await exchange.records()).map(({ entry }) => entry);
    return entries.filter(({ kind, message }) => kind === 'message.accepted' && message === alert.message);
  }

  it('send one alert for one episode whose notices came to both, and both look at once', async () => {
    const here = exchange.url;
    const [notices] = await Promise.all([tellOfThree('Morven', [here, other.url, other.url]), rouse(here)]);
    const alerts = await alertsAbout(notices, [here, other.url, here]);
    expect(alerts).toHaveLength(1);
    expect(alerts[0]!.events).toEqual(notices);
    expect(await messagesOf(alerts[0]!)).toHaveLength(1);
  });

  it('wait for one that holds the lease, and take over when it has run out', async () => {
    const dead = await openStore(exchange.home.store, exchange.home.storeKeys);
    const lease = await eventually('the lease', () => dead.takeLease('correlator', 4_000));
    const notices = await tellOfThree('Rory', [exchange.url, exchange.url, other.url]);
    const [alert, ...more] = await alertsAbout(notices, [exchange.url, other.url]);
    expect(more).toEqual([]);
    expect(await messagesOf(alert!)).toHaveLength(1);
    // It comes back after all, and finds that it may write nothing under what it held.
    await expect(dead.setMarks(new Map([['correlator.position', 0]]), lease)).rejects.toMatchObject({
      code: 'lease-lost',
    });
    await dead.close();
  });

  it('leave nothing out when one is closed: the other raises what it had accepted', async () => {
    const third = await exchange.startAnother();
    const { url } = third;
    const notices = await tellOfThree('Ailsa', [url, url, url]);
    await third.close(0);
    await rouse(exchange.url);
    expect(await alertsAbout(notices, [exchange.url, other.url])).toHaveLength(1);
  });

  it('leave nothing out and double nothing when one is killed with an alert on its way', async () => {
    const victim = await prepareChildGateway(
      exchange.home.dir,
      exchange.home.authority.certificatePem,
    ).start();
    const notices = await tellOfThree('Ewan', [victim.url, exchange.url, victim.url]);
    await victim.kill();
    await rouse(other.url);
    const alerts = await alertsAbout(notices, [exchange.url, other.url]);
    expect(alerts).toHaveLength(1);
    expect(await messagesOf(alerts[0]!)).toHaveLength(1);
  });
});
