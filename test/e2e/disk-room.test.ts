/** The disk of the embedded store falls below its floor while the gateway runs, and has room again. */
import { request } from 'node:https';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Writer, type TestEndpoint } from './kit/endpoint.ts';
import { Exchange } from './kit/exchange.ts';
import { eventually } from './kit/watch.ts';

const enough = 1e12;
let free = enough;
let exchange: Exchange;
let people: Record<'police' | 'north', TestEndpoint>;

beforeAll(async () => {
  exchange = await Exchange.open({ isBare: true, readFreeBytes: () => Promise.resolve(free) });
  people = await exchange.enrol('police', 'north');
});
afterAll(() => exchange.close());

async function readiness(): Promise<{ status: number; body: string }> {
  return await new Promise((resolve, reject) => {
    const ca = exchange.home.authority.certificatePem;
    const outgoing = request(`${exchange.url}/readyz`, { ca, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function whenReady(status: number): Promise<string> {
  return await eventually(`a readiness of ${status}`, async () => {
    const answer = await readiness();
    return answer.status === status ? answer.body : undefined;
  });
}

it('refuses new messages for now and goes on with all else, and takes them again by itself', async () => {
  exchange.expectFailures('store-unavailable');
  const writer = await Writer.open(people.police, [people.north]);
  const police = await exchange.connect(people.police);
  const waiting = writer.message();
  await police.accepted(waiting);
  await whenReady(200);

  free = 1_000_000;
  expect(await whenReady(503)).toContain('all new messages are refused for now');
  await exchange.recorded({ kind: 'submissions.paused' });
  const later = [writer.message(), writer.message()];
  const before = (await exchange.records()).length;
  const answers = await police.submit(...later);
  expect(answers.map(({ kind }) => kind)).toEqual(['refused', 'refused']);
  for (const message of later) expect(await police.refused(message)).toBe('store-unavailable');
  // What was accepted before is not told otherwise for good: a retryable refusal is no outcome.
  expect(await police.refused(waiting)).toBe('store-unavailable');
  expect((await exchange.records()).length).toBe(before);
  // What was queued is delivered and settled, and a new endpoint can come.
  const north = await exchange.connect(people.north, { credit: 100 });
  await north.store(await north.arrival(waiting));
  await police.receipt(waiting, 'stored');
  await exchange.enrol('south');

  free = enough;
  await whenReady(200);
  for (const message of [...later, waiting]) await police.accepted(message);
  for (const message of later) await north.store(await north.arrival(message));
  expect(north.arrivals).toHaveLength(3);
  expect(await exchange.recorded({ kind: 'submissions.paused' })).toMatchObject({
    floorMebibytes: 16,
    freeMebibytes: 0,
  });
  expect(await exchange.recorded({ kind: 'submissions.resumed' })).toMatchObject({
    refused: { 'strathclyde-police': 5 },
  });
  await Promise.all([police.leave(), north.leave()]);
});

it('is told at the start of a gateway as well', async () => {
  free = 1_000_000;
  await exchange.restart();
  await whenReady(503);
  free = enough;
  await whenReady(200);
});

it('takes a small immediate message while it is short of room, in the same frame as one that waits', async () => {
  exchange.expectFailures('store-unavailable');
  const writer = await Writer.open(people.police, [people.north]);
  const police = await exchange.connect(people.police);
  free = 12 * 1_048_576;
  expect(await whenReady(503)).toContain('but for small immediate ones');
  const routine = writer.message();
  const urgent = writer.message({ category: 'child-missing', severity: 'immediate' });
  const answers = await police.submit(routine, urgent);
  expect(answers.map(({ kind }) => kind)).toEqual(['refused', 'accepted']);
  free = enough;
  await whenReady(200);
  await police.accepted(routine);
  await police.leave();
});
