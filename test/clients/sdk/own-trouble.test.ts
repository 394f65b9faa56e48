/** A home whose own state fails while its client is open: that is put down to nobody else. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Client } from '../../../clients/sdk/client.ts';
import { renewalDueAt } from '../../../clients/sdk/enrol.ts';
import type { HeldNotice } from '../../../clients/sdk/events.ts';
import { openHome } from '../../../clients/sdk/home.ts';
import { silentLog, type LogFields } from '../../../clients/sdk/logger.ts';
import { OutboxTable } from '../../../clients/sdk/outbox-table.ts';
import { stateFileName } from '../../../clients/sdk/state-database.ts';
import type { CausewayError } from '../../../protocol/errors.ts';
import type { Unit } from '../../../protocol/wire/frame.ts';
import { concern, nextEvent } from './exchange.ts';
import {
  alice,
  answerToPing,
  bob,
  openScriptedGateway,
  until,
  type ScriptedGateway,
} from './scripted-gateway.ts';

const dataschema = 'urn:causeway:dataset:concern-report:1.0';

let gateway: ScriptedGateway;
const clients: Client[] = [];

beforeAll(async () => {
  gateway = await openScriptedGateway();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});
afterAll(() => gateway.close());

async function open(...args: Parameters<ScriptedGateway['client']>): Promise<Client> {
  const client = await gateway.client(...args);
  clients.push(client);
  return client;
}

/** Done to the state of the recipient, which its client has open. */
function spoil(sql: string): void {
  using database = new DatabaseSync(join(gateway.homeOf(bob), stateFileName));
  database.exec(sql);
}

test('a notice whose data set its recipient cannot keep or use, or is not given, is held and comes by itself once that has passed', async () => {
  const sender = await open(alice);
  gateway.datasets.set('concern-report/1.0', { $id: dataschema, type: 'object' });
  for (let count = 0; count < 4; count++) await sender.send({ ...concern('', bob), dataschema, content: {} });
  const { units } = await gateway.session(alice);
  const recipient = await open(bob);
  const session = await gateway.session(bob);
  const told: HeldNotice[] = [];
  recipient.on('held', (held) => told.push(held));
  const stream = recipient.notices();
  const next = stream.next();
  const deliver = async (unit: Unit): Promise<CausewayError> => {
    const problem = nextEvent(recipient, 'problem');
    session.deliver(unit);
    return problem;
  };
  gateway.datasets.clear();
  gateway.datasetRefusal = 'payload-unsigned';
  expect(await deliver(units[0]!)).toMatchObject({
    code: 'dataset-unavailable',
    detail: expect.stringContaining('not signed') as string,
  });
  gateway.datasets.set('concern-report/1.0', { $id: dataschema, type: 'nonsense' });
  expect(await deliver(units[2]!)).toMatchObject({
    code: 'dataset-unavailable',
    detail: expect.stringContaining('cannot be used') as string,
  });
  gateway.datasets.set('concern-report/1.0', { $id: 'urn:causeway:dataset:other:1.0', type: 'object' });
  expect(await deliver(units[3]!)).toMatchObject({ code: 'dataset-unavailable' });
  gateway.datasets.set('concern-report/1.0', { $id: dataschema, type: 'object' });
  spoil('ALTER TABLE datasets RENAME TO mislaid');
  expect(await deliver(units[1]!)).toMatchObject({ code: 'store-damaged' });
  await until(() => recipient.held().length === 4);
  expect(told[0]).toMatchObject({ code: 'dataset-unavailable', from: alice, severity: 'urgent' });
  expect(told.at(-1)).toMatchObject({ code: 'store-damaged', from: alice });
  await answerToPing(session);
  expect(session.receipts).toEqual([]);
  expect(recipient.status()).toMatchObject({ pending: 4, held: 4 });
  spoil('ALTER TABLE mislaid RENAME TO datasets');
  expect((await next).value!.json()).toEqual({});
  for (let count = 1; count < 4; count++) await stream.next();
  // Of the last, which is not acknowledged yet.
  await until(() => recipient.held().length === 0);
});

test('a state that fails while the log is looked at is told as that, and no fault of the log', async () => {
  // With the receipts of the tests before.
  gateway.log.fill(1);
  const client = await open(bob, { follow: { everyMs: 3_600_000, staleMs: 0 } });
  await client.log.check();
  const place = gateway.entries.findIndex(({ endpoint }) => endpoint === alice);
  gateway.entries[place] = { ...gateway.entries[place]!, roles: ['other'] };
  const problem = nextEvent(client, 'problem');
  gateway.onRequest = (path) => {
    if (!path.startsWith('/tile/')) return true;
    gateway.onRequest = () => true;
    spoil('ALTER TABLE endpoint_leaves RENAME TO mislaid');
    return true;
  };
  await client.directory.refresh();
  expect(await problem).toMatchObject({ code: 'store-damaged' });
  expect(client.log.status().lastError).toMatchObject({ code: 'store-damaged' });
  spoil('ALTER TABLE mislaid RENAME TO endpoint_leaves');
  await client.log.check();
  const another = nextEvent(client, 'problem');
  spoil('ALTER TABLE proven_entries RENAME TO mislaid');
  await client.log.proveEntries();
  expect(await another).toMatchObject({ code: 'store-damaged' });
  spoil('ALTER TABLE mislaid RENAME TO proven_entries');
  expect(client.log.faults()).toEqual([]);
});

test('a renewal that the state of its home fails is no refusal of the gateway, and is told where it was made', async () => {
  const due = renewalDueAt((await openHome(gateway.homeOf(bob))).tlsCertificatePem);
  gateway.clock.now = () => due;
  gateway.welcome = { clock: due };
  const told: LogFields[] = [];
  const log = { ...silentLog, warn: (fields: LogFields) => void told.push(fields) };
  const renewed: unknown[] = [];
  const look = async (): Promise<void> => {
    const count = told.length;
    const client = await open(bob, { now: () => due, log, follow: { everyMs: Infinity } });
    client.on('renewed', (outcome) => renewed.push(outcome));
    await until(() => told.length > count);
    await client.close();
  };
  spoil(
    "CREATE TRIGGER spoilt BEFORE INSERT ON meta WHEN NEW.name = 'renewalLease' BEGIN INSERT INTO mislaid VALUES (1); END",
  );
  await look();
  expect([told, renewed]).toEqual([[{ code: 'store-damaged' }], []]);
  spoil('DROP TRIGGER spoilt; DROP TABLE own_entries');
  await look();
  expect([told, renewed]).toEqual([
    [{ code: 'store-damaged' }, { code: 'store-damaged' }],
    [{ error: undefined }],
  ]);
});

test('a notice that is written down is not said to be lost because the state fails right after: it goes out by itself', async () => {
  const sender = await open(alice);
  await sender.log.proveEntries();
  const failure = new Error('disk I/O error');
  const reading = vi.spyOn(OutboxTable.prototype, 'readWaiting').mockImplementationOnce(() => {
    throw failure;
  });
  try {
    const problem = nextEvent(sender, 'problem');
    const id = await sender.enqueue(concern('one', bob));
    expect(await problem).toMatchObject({ cause: failure });
    expect((await sender.accepted(id)).id).toBe(id);
  } finally {
    reading.mockRestore();
  }
});
