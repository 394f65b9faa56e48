/** The gateway's log and its witness: quick, slow under traffic without a pause, replaced by a web page, away. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { requestGateway } from '../../clients/sdk/gateway-request.ts';
import { createWitnessHome, type WitnessHome } from '../../clients/witness/witness-home.ts';
import { WitnessStore } from '../../clients/witness/witness-store.ts';
import { Witness } from '../../clients/witness/witness.ts';
import { PublishedLog } from '../../gateway/cli/published-log.ts';
import { openCheckpoint, type TrustedCheckpoint } from '../../protocol/proof/checkpoint.ts';
import { formatVerifierKey } from '../../protocol/proof/verifier-key.ts';
import type { TestEndpoint } from './kit/endpoint.ts';
import { Exchange, type Name } from './kit/exchange.ts';
import { getPublished } from './kit/published.ts';
import { exchangeNotice } from './kit/stored-notice.ts';
import { eventually } from './kit/watch.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let exchange: Exchange;
let people: Record<Extract<Name, 'police' | 'north'>, TestEndpoint>;
let log: PublishedLog;
let committee: WitnessHome;
let memory: WitnessStore;
let server: Server;
/** How long the witness thinks before it answers. */
let thinkMs = 0;
/** What stands at its address in its place. */
let page: string | undefined;

beforeAll(async () => {
  exchange = await Exchange.open({ isBare: true });
  people = await exchange.enrol('police', 'north');
  log = new PublishedLog(exchange.home, await exchange.store());
  committee = await createWitnessHome(join(exchange.dir, 'witness'), {
    name: 'committee.test/witness',
    listen: '127.0.0.1',
    port: 0,
    logs: [{ origin: log.verifierKey.name, keys: [formatVerifierKey(log.verifierKey)] }],
  });
  const { cosigner, logs } = committee;
  memory = new WitnessStore(committee.storePath);
  server = await listen(new Witness({ cosigner, logs, store: memory, now: Date.now }));
  const { port } = server.address() as AddressInfo;
  const witness = { url: `http://127.0.0.1:${port}`, key: formatVerifierKey(cosigner.verifierKey) };
  Object.assign(exchange.home.settings.log, { witnesses: [witness] });
  await exchange.restart();
});
afterAll(async () => {
  await exchange.close();
  memory.close();
});

/** The witness over HTTP; it thinks first. */
async function listen(witness: Witness): Promise<Server> {
  const slow = createServer((request, response) => {
    void buffer(request).then((body) =>
      setTimeout(() => {
        // Who asked may have gone, and the witness's memory with the test.
        if (response.destroyed) return;
        if (page !== undefined) return void response.writeHead(200).end(page);
        const answer = witness.addCheckpoint(body);
        response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body);
      }, thinkMs),
    );
  });
  return new Promise((resolve) => slow.listen(0, '127.0.0.1', () => resolve(slow)));
}

/** Between two notices. */
const breathMs = 50;

const exchangeOne = async (): Promise<unknown> => exchangeNotice(exchange, people.police, people.north);
const countLeaves = async (): Promise<number> => (await exchange.store()).countLeaves();

/** What is served under a path, with the cosignatures that verify; undefined while nothing is. */
async function served(path: string): Promise<TrustedCheckpoint | undefined> {
  const { status, body } = await getPublished(exchange, path);
  const trust = { keys: [log.verifierKey], witnesses: [committee.cosigner.verifierKey] };
  return status === 200 ? openCheckpoint(body, trust) : undefined;
}

/** A notice more, and the witness cosigns the log with it. */
async function cosignsOne(): Promise<void> {
  await exchangeOne();
  const size = await countLeaves();
  await eventually('a cosigned checkpoint', async () => {
    const checkpoint = await served('/checkpoint');
    const isCosigned = checkpoint?.cosignatures.length === 1 && checkpoint.size >= size;
    return isCosigned ? checkpoint : undefined;
  });
}

describe('a witness', () => {
  it('cosigns every checkpoint that continues the last, and the gateway publishes it so', async () => {
    for (let round = 0; round < 2; round++) await cosignsOne();
  });

  it('that takes two seconds while traffic never pauses still cosigns, and what it cosigned is served', async () => {
    thinkMs = 2_000;
    const before = await countLeaves();
    const cosigned = new Map<number, number>();
    while (cosigned.size < 3) {
      await exchangeOne();
      // Many times for each checkpoint all the same.
      await pause(breathMs);
      const [witnessed, newest] = [await served('/checkpoint.witnessed'), await served('/checkpoint')];
      // What it answers is about what was there when it was asked: the log has gone on meanwhile.
      if (witnessed === undefined || newest === undefined || witnessed.size <= before) continue;
      expect(witnessed.cosignatures).toHaveLength(1);
      expect(newest.size).toBeGreaterThanOrEqual(witnessed.size);
      cosigned.set(witnessed.size, newest.size);
    }
    expect([...cosigned].filter(([size, newest]) => newest > size)).not.toEqual([]);
    expect(memory.lastOf(log.verifierKey.name)?.size).toBeGreaterThanOrEqual(Math.max(...cosigned.keys()));
    expect(exchange.failures).toEqual([]);
    thinkMs = 0;
  });

  it('in whose place something else answers is told of by its name, and the gateway stays ready', async () => {
    page = '<html>Sign in to the network</html>';
    await exchangeOne();
    const failure = await eventually('a line in the log', () => exchange.takeFailures('witness-refused')[0]);
    expect(failure).toMatchObject({
      err: { detail: expect.stringMatching(/^committee\.test\/witness: its answer is neither /) as string },
    });
    const tls = { ca: exchange.home.authority.certificatePem };
    const schema = z.object({ status: z.literal('ready') });
    await requestGateway({ gatewayUrl: exchange.url, path: '/readyz', tls, schema });
    expect(exchange.failures).toEqual([]);
    page = undefined;
    await cosignsOne();
  });

  it('that is away holds up nothing: the checkpoint stands without it, and the gateway says so once', async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await exchangeOne();
    const size = await countLeaves();
    await eventually('a checkpoint', async () => {
      const checkpoint = await served('/checkpoint');
      return checkpoint !== undefined && checkpoint.size >= size ? checkpoint : undefined;
    });
    await eventually('a line in the log', () => {
      const [failure] = exchange.takeFailures('witness-unreachable');
      return failure;
    });
  });
});
