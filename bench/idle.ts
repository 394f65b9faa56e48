/**
 * `npm run bench:idle -- --endpoints N`: what an idle endpoint costs the gateway's memory.
 *
 * Every endpoint has its own certificate and an open session over mutual TLS that has said hello and granted
 * credit. The figure is the growth of the gateway's resident memory, by endpoint.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createSandbox, endpointHome, enrolEndpoints } from '../bin/sandbox.ts';
import { openGatewayHome } from '../gateway/home/gateway-home.ts';
import { openSqliteStore } from '../gateway/store/sqlite/sqlite-store.ts';
import { readCommandLine } from './command-line.ts';
import { Child, type ChildMessage } from './child.ts';
import { registerEndpoints } from './idle/register.ts';
import { count, readNumber } from './read-number.ts';
import { makeScratchFolder } from './scratch-folder.ts';

const { values } = readCommandLine({ options: { endpoints: { type: 'string', default: '10000' } } });
const endpoints = readNumber('endpoints', values.endpoints, count);
const modelAddress = 'nhs-lanarkshire/child-protection';
const parts = 2;

type Counted = ChildMessage & { memory: NodeJS.MemoryUsage; cpu: { user: number; system: number } };

await using scratch = await makeScratchFolder();
const dir = scratch.path;
const children: Child[] = [];

try {
  const home = await createSandbox(dir);
  const first = await startGateway();
  await enrolEndpoints(dir, home, first.url, [{ address: modelAddress, roles: [] }]);
  await first.gateway.stop();
  await writeCertificates();

  const { gateway, url } = await startGateway();
  const before = await measure(gateway);
  const startedAt = performance.now();
  const clients = Array.from({ length: parts }, (_, part) =>
    start('./idle/clients.ts', [url, join(dir, 'plan.json'), String(part), String(parts)]),
  );
  const opened = await Promise.all(
    clients.map((client) => client.next<ChildMessage & { sessions: number }>('open')),
  );
  const connectSeconds = (performance.now() - startedAt) / 1_000;
  const sessions = opened.reduce((sum, client) => sum + client.sessions, 0);
  await wait(3_000);
  const after = await measure(gateway);
  print({
    endpoints: sessions,
    kibPerEndpoint: round((after.memory.rss - before.memory.rss) / 1_024 / sessions, 1),
    rssMiB: { before: round(before.memory.rss / 2 ** 20), after: round(after.memory.rss / 2 ** 20) },
    connectSeconds: round(connectSeconds, 1),
  });
} finally {
  await Promise.all(children.map((child) => child.stop()));
}

function start(script: string, args: readonly string[]): Child {
  const child = new Child(new URL(script, import.meta.url), args);
  children.push(child);
  return child;
}

async function startGateway(): Promise<{ gateway: Child; url: string }> {
  const gateway = start('./relay/gateway-process.ts', [join(dir, 'gateway'), String(endpoints + 10)]);
  const { url } = await gateway.next<ChildMessage & { url: string }>('listening');
  return { gateway, url };
}

/** The endpoints' certificates, straight into the store: enrolment itself is not what is measured. */
async function writeCertificates(): Promise<void> {
  const home = await openGatewayHome(join(dir, 'gateway'), Date.now);
  const store = await openSqliteStore({ file: home.store, ...home.storeKeys });
  const { entries } = await store.readDirectory();
  await store.close();
  const [model] = entries;
  if (model === undefined) throw new Error('no endpoint was enrolled');
  const plan = await registerEndpoints(home, model, endpointHome(dir, modelAddress), endpoints);
  await writeFile(join(dir, 'plan.json'), JSON.stringify(plan));
}

async function measure(gateway: Child): Promise<Counted> {
  return gateway.ask<Counted>({ type: 'count' }, 'counted');
}

function round(value: number, digits = 0): number {
  return Number(value.toFixed(digits));
}

function print(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
