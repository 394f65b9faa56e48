/** A real gateway in this process with enrolled endpoints, for tests of the SDK. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll } from 'vitest';
import { createSandbox, enrolEndpoints, type SandboxEndpoint } from '../../../bin/sandbox.ts';
import { connect, type Client } from '../../../clients/sdk/client.ts';
import type { ConnectOptions } from '../../../clients/sdk/client-options.ts';
import type { ClientEvents } from '../../../clients/sdk/events.ts';
import type { Notice } from '../../../clients/sdk/notice.ts';
import type { OutgoingNotice } from '../../../clients/sdk/outgoing-notice.ts';
import { startGateway, type RunningGateway } from '../../../gateway/app.ts';
import type { GatewayHome } from '../../../gateway/home/gateway-home.ts';

export const police = { address: 'strathclyde-police/concern-hub', roles: ['public-protection'] };
export const socialWork = { address: 'north-lanarkshire-social-work/duty', roles: ['duty'] };
export const socialWorkMash = { address: 'north-lanarkshire-social-work/mash', roles: ['mash', 'duty'] };
export const health = { address: 'nhs-lanarkshire/child-protection', roles: ['child-protection'] };

export type Exchange = {
  readonly dir: string;
  readonly gatewayHome: GatewayHome;
  /** Homes by address. */
  readonly homes: ReadonlyMap<string, string>;
  gateway: RunningGateway;
  /** Connects an endpoint, all keys trusted; it is closed with the exchange. */
  client(endpoint: { address: string }, options?: Partial<ConnectOptions>): Promise<Client>;
  /** Stops the gateway, and starts it again at the same address. */
  stop(): Promise<void>;
  restart(home?: GatewayHome): Promise<void>;
  enrol(endpoint: SandboxEndpoint): Promise<string>;
  close(): Promise<void>;
};

const log = pino({ level: 'silent' });

export async function openExchange(endpoints: readonly SandboxEndpoint[]): Promise<Exchange> {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-sdk-'));
  const gatewayHome = await createSandbox(dir);
  const clients: Client[] = [];
  const homes = new Map<string, string>();
  const exchange: Exchange = {
    dir,
    gatewayHome,
    homes,
    gateway: await startGateway({ home: gatewayHome, log }),
    async client(endpoint, options = {}) {
      const home = homes.get(endpoint.address)!;
      const client = await connect({ home, random: () => 0.1, ...options });
      clients.push(client);
      await client.directory.trustAll();
      return client;
    },
    stop: () => exchange.gateway.close(500),
    async restart(home = gatewayHome) {
      const { port } = exchange.gateway;
      exchange.gateway = await startGateway({ home, log, port });
    },
    async enrol(endpoint) {
      const [home] = await enrolEndpoints(dir, gatewayHome, exchange.gateway.url, [endpoint]);
      homes.set(endpoint.address, home!);
      return home!;
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await exchange.gateway.close(500);
      await rm(dir, { recursive: true, force: true });
    },
  };
  // Together, for each call opens the store and its threads anew.
  const enrolled = await enrolEndpoints(dir, gatewayHome, exchange.gateway.url, endpoints);
  endpoints.forEach(({ address }, index) => homes.set(address, enrolled[index]!));
  return exchange;
}

/** An exchange for the tests of one file, opened before them and closed after. Ask it once they run. */
export function exchangeOfFile(...endpoints: readonly SandboxEndpoint[]): () => Exchange {
  let exchange: Exchange | undefined;
  beforeAll(async () => {
    exchange = await openExchange(endpoints);
  });
  afterAll(() => exchange?.close());
  return () => {
    if (exchange === undefined) throw new Error('the tests have not begun');
    return exchange;
  };
}

/** A concern about a synthetic child, as plain text. */
export function concern(text: string, to: string | string[] = socialWork.address): OutgoingNotice {
  return {
    to,
    category: 'concern',
    severity: 'urgent',
    purpose: 'child-protection',
    basis: 'public-task',
    content: { text },
  };
}

/** Takes and acknowledges the next notices of a client. */
export async function take(client: Client, count: number): Promise<Notice[]> {
  const notices: Notice[] = [];
  const signal = AbortSignal.timeout(20_000);
  for await (const notice of client.notices({ signal })) {
    await notice.ack();
    if (notices.push(notice) === count) break;
  }
  return notices;
}

/** The next time that something happens to a client. */
export function nextEvent<E extends keyof ClientEvents>(client: Client, event: E): Promise<ClientEvents[E]> {
  return new Promise((resolve) => {
    const remove = client.on(event, (value) => {
      remove();
      resolve(value);
    });
  });
}
