/** The only member of the set stands still while the gateway runs, and then goes on. */
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createMongodbFixture, type MongodbFixture } from '../gateway/store/mongodb/mongodb-fixture.ts';
import { Members } from '../mongodb/members.ts';
import { Writer, type TestEndpoint } from './kit/endpoint.ts';
import { Exchange } from './kit/exchange.ts';
import { eventually } from './kit/watch.ts';

const provided = inject('mongodb');
const mongod = 'missing' in provided ? null : provided.mongod;
const patienceMs = 60_000;

describe.skipIf(mongod === null)('a gateway whose MongoDB does not answer', () => {
  let members: Members;
  let fixture: MongodbFixture;
  let exchange: Exchange;
  let people: Record<'police' | 'north', TestEndpoint>;

  beforeAll(async () => {
    members = await Members.start(mongod ?? '', 1);
    fixture = await createMongodbFixture(members.url);
    exchange = await Exchange.open({ storeAddress: fixture.url });
    people = await exchange.enrol('police', 'north');
  }, patienceMs);
  afterAll(async () => {
    await exchange.close();
    await fixture.remove();
    await members.remove();
  }, patienceMs);

  const readiness = async (): Promise<number> =>
    await new Promise((resolve, reject) => {
      const ca = exchange.home.authority.certificatePem;
      const outgoing = request(`${exchange.url}/readyz`, { ca, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      outgoing.on('error', reject);
      outgoing.end();
    });

  it('acknowledges nothing, says so in /readyz, keeps its sessions, and goes on by itself', async () => {
    const writer = await Writer.open(people.police, [people.north]);
    const police = await exchange.connect(people.police, { answerPatienceMs: patienceMs });
    const north = await exchange.connect(people.north, { credit: 100 });
    await police.accepted(writer.message());
    expect(await readiness()).toBe(200);

    members.signal(0, 'SIGSTOP');
    const pending = [writer.message(), writer.message()];
    const answers = Promise.all(pending.map((message) => police.submit(message)));
    let answered = false;
    void answers.then(() => (answered = true));
    const isUnready = async () => ((await readiness()) === 503 ? true : undefined);
    await eventually('unreadiness', isUnready, patienceMs);
    expect(answered).toBe(false);
    expect([police.isOpen, north.isOpen]).toEqual([true, true]);

    members.signal(0, 'SIGCONT');
    expect((await answers).flat().map(({ kind }) => kind)).toEqual(['accepted', 'accepted']);
    for (const message of pending) await north.store(await north.arrival(message));
    const isReady = async () => ((await readiness()) === 200 ? true : undefined);
    await eventually('readiness', isReady, patienceMs);
    expect(north.arrivals).toHaveLength(3);
    // The gateway's log told of it; that is as it should be.
    const failures = exchange.failures.splice(0);
    expect(failures.filter(({ code }) => code !== 'store-unavailable')).toEqual([]);
  }, 120_000);
});
