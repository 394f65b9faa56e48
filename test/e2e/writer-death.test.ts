/** The thread that writes to the embedded store ends between a commit and its answer. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tokeniser } from '../clients/sdk/linkage/people.ts';
import { Writer, type EnvelopeChanges, type TestEndpoint } from './kit/endpoint.ts';
import { Exchange } from './kit/exchange.ts';

let exchange: Exchange;
let people: Record<'police' | 'north', TestEndpoint>;
/** Those that were started since the file began. */
const writers: Worker[] = [];
const note = (message: unknown): void => {
  const { worker } = message as { worker: Worker };
  if (worker.threadName === 'store-writer') writers.push(worker);
};

beforeAll(async () => {
  subscribe('worker_threads', note);
  exchange = await Exchange.open({ isBare: true });
  for (const code of ['store-unavailable', 'dataset-unknown']) exchange.expectFailures(code);
  people = await exchange.enrol('police', 'north');
  // The enrolment has opened the store beside the gateway.
  writers.splice(1);
});
afterAll(async () => {
  unsubscribe('worker_threads', note);
  await exchange.close();
});

/** Ends the thread once it has committed something, and before anybody hears of that. */
function endAfterNextCommit(): Promise<void> {
  const writer = writers.at(-1)!;
  writer.removeAllListeners('message');
  return new Promise((resolve) => {
    writer.once('message', () => void writer.terminate().then(() => resolve()));
  });
}

it('what was committed reaches a recipient that is connected, and the receipts their sender', async () => {
  const writer = await Writer.open(people.police, [people.north]);
  const police = await exchange.connect(people.police);
  const north = await exchange.connect(people.north, { credit: 100 });
  const before = writer.message();
  await police.accepted(before);
  await north.store(await north.arrival(before));

  const first = endAfterNextCommit();
  const message = writer.message();
  const answer = police.accepted(message);
  await first;
  expect(await police.nextError()).toBe('store-unavailable');
  const arrival = await north.arrival(message);
  await answer;
  await police.receipt(message, 'delivered');

  const second = endAfterNextCommit();
  const stored = north.store(arrival);
  await second;
  await police.receipt(message, 'stored');
  await stored;
  expect(north.arrivals).toHaveLength(2);
  expect(writers.length).toBeGreaterThan(2);
  await Promise.all([police.leave(), north.leave()]);
});

/** Has a message accepted whose sender learns of it only by repeating it. */
async function acceptedUntold(changes: EnvelopeChanges): Promise<ReturnType<Writer['message']>> {
  const writer = await Writer.open(people.police, [people.north]);
  const police = await exchange.connect(people.police);
  const message = writer.message(changes);
  const ended = endAfterNextCommit();
  await Promise.all([ended, police.accepted(message)]);
  await police.leave();
  return message;
}

it('what was committed expires in time', async () => {
  const message = await acceptedUntold({ expires: new Date(Date.now() + 1_500).toISOString() });
  const police = await exchange.connect(people.police);
  await police.receipt(message, 'expired');
  await police.leave();
});

it('what was committed is looked at by the correlator at once where it is immediate', async () => {
  const child = { given: 'Morven', family: 'Testcase', birthDate: '2016-03-04', postcode: 'ML1 9ZZ' };
  const missing = { category: 'child-missing', subjects: [tokeniser.tokensOf(child)] };
  const writer = await Writer.open(people.police, [people.north]);
  const police = await exchange.connect(people.police);
  await police.accepted(writer.message({ ...missing, severity: 'urgent' }));
  await acceptedUntold({ ...missing, severity: 'immediate' });
  // A bare agreement has no data set to send it in.
  await exchange.recorded({ kind: 'alert.unsent', title: 'Missing again within ninety days' });
});
