/** Writes to the store fail while the gateway runs, as on a full disk: the process may write to no file any more. */
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ChildGateway } from './kit/child-gateway.ts';
import { Writer, type TestEndpoint } from './kit/endpoint.ts';
import { Exchange } from './kit/exchange.ts';
import { eventually } from './kit/watch.ts';

let exchange: Exchange;
let people: Record<'police' | 'north' | 'south', TestEndpoint>;
let gateway: ChildGateway;

beforeAll(async () => {
  exchange = await Exchange.open();
  people = await exchange.enrol('police', 'north', 'south');
  await exchange.stop();
  // As many as one frame of the test below has refused.
  const settings = join(exchange.home.dir, 'gateway.yaml');
  const text = await readFile(settings, 'utf8');
  await writeFile(settings, text.replace(/endpointRefusalsPerMinute: .*/, 'endpointRefusalsPerMinute: 20'));
  gateway = await exchange.startChild();
});
afterAll(() => exchange.close());

/** Sets how large files may be that the process writes to: nothing at all, or anything. */
function limitFiles(limit: '0:' | 'unlimited:'): void {
  execFileSync('prlimit', ['--pid', String(gateway.pid), `--fsize=${limit}`]);
}

function hasPrlimit(): boolean {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function readiness(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const ca = exchange.home.authority.certificatePem;
    const outgoing = request(`${gateway.url}/readyz`, { ca, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

it.skipIf(!hasPrlimit())(
  'acknowledges nothing while the store cannot write, keeps its sessions, and then answers what was pending',
  async () => {
    const writer = await Writer.open(people.police, [people.north]);
    const police = await exchange.connect(people.police);
    const clumsy = await exchange.connect(people.south);
    const unknown = (await Writer.open(people.south, [people.north])).batch(
      Array.from({ length: 20 }, () => ({ category: 'weather' })),
    );
    const north = await exchange.connect(people.north, { credit: 100 });
    const before = writer.message();
    const outcome = await police.accepted(before);
    const arrival = await north.arrival(before);
    await police.receipt(before, 'delivered');
    expect(await readiness()).toBe(200);

    limitFiles('0:');
    const pending = [writer.message(), writer.message()];
    const answers = Promise.all(pending.map((message) => police.submit(message)));
    let answered = false;
    void answers.then(() => (answered = true));
    const refusals = clumsy.submit(...unknown);
    const stored = north.store(arrival);
    expect(await police.nextError()).toBe('store-unavailable');
    expect(await north.nextError()).toBe('store-unavailable');
    // What the probe found is shared for a second.
    await eventually('unreadiness', async () => ((await readiness()) === 503 ? true : undefined));
    // The gateway has tried again by now, and still says nothing.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(answered).toBe(false);
    expect(north.controls.some(({ type }) => type === 'receipts-taken')).toBe(false);
    expect(police.receipts.some(({ kind }) => kind === 'stored')).toBe(false);
    // What is refused has waited as well, and was counted once.
    expect([police.isOpen, north.isOpen, clumsy.isOpen]).toEqual([true, true, true]);
    const newcomer = await exchange.connect(people.police);
    expect(newcomer.isOpen).toBe(true);

    limitFiles('unlimited:');
    expect((await answers).flat().map(({ kind }) => kind)).toEqual(['accepted', 'accepted']);
    expect(new Set((await refusals).map(({ kind }) => kind))).toEqual(new Set(['refused']));
    await stored;
    await police.receipt(before, 'stored');
    for (const message of pending) await north.store(await north.arrival(message));
    for (const message of pending) await police.receipt(message, 'stored');
    expect(await police.accepted(before)).toEqual(outcome);
    await eventually('readiness', async () => ((await readiness()) === 200 ? true : undefined));
    expect(north.arrivals).toHaveLength(3);
    const records = await exchange.records();
    expect(records.map(({ index }) => index)).toEqual(records.map((_, index) => index));
    await Promise.all([police, north, clumsy, newcomer].map((session) => session.leave()));
  },
);
