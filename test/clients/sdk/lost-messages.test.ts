import { expect, test } from 'vitest';
import { stateFileName } from '../../../clients/sdk/state-database.ts';
import { connect, type Client } from '../../../clients/sdk/client.ts';
import type { LostMessage } from '../../../clients/sdk/lost-table.ts';
import type { Receipt } from '../../../protocol/wire/receipt.ts';
import type { Unit } from '../../../protocol/wire/frame.ts';
import { parseEnvelope } from '../../../protocol/wire/envelope.ts';
import { sha256 } from '../../../protocol/proof/merkle.ts';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { concern, nextEvent } from './exchange.ts';
import { gatewayForEachTest } from './gateway-for-each-test.ts';
import { alice, answerToPing, bob, until, type ScriptedGateway } from './scripted-gateway.ts';

let gateway: ScriptedGateway;
/** Every unit that was submitted, over all sessions. */
let submitted: Unit[];
// Without looks of its own: one that is under way while a message is accepted would miss it, as nothing is granted here.
const follow = { everyMs: Infinity, patienceMs: 0, graceMs: 0 };

gatewayForEachTest((opened) => {
  gateway = opened;
  submitted = [];
  const accept = gateway.onSubmit;
  gateway.onSubmit = (session, units) => {
    submitted.push(...units);
    accept(session, units);
  };
});

const texts = (count: number): string[] => Array.from({ length: count }, (_, nth) => `notice ${nth + 1}`);

async function sendAll(client: Client, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (const text of texts(count)) ids.push((await client.send(concern(text, bob))).id);
  return ids;
}

function idsOf(units: readonly Unit[]): string[] {
  return units.map(({ envelope }) => parseEnvelope(envelope).id);
}

/** What the client sends of itself has come when this resolves, where it sends anything. */
async function quiet(): Promise<void> {
  for (let round = 0; round < 3; round++) await answerToPing(await gateway.session(alice));
}

/** As after a restore: the log goes on from an earlier place, without what it had. */
function setBack(size: number): void {
  gateway.log = gateway.log.branch(size);
}

function about(unit: Unit, kind: 'stored' | 'delivered'): Partial<Receipt> {
  const { id: message } = parseEnvelope(unit.envelope);
  const says = { kind, message, envelopeDigest: sha256(unit.envelope), recipient: bob };
  return kind === 'stored' ? { ...says, issuer: bob } : says;
}

test('messages that the log does not hold go out again once, in order, the same bytes, until they are answered', async () => {
  const client = await gateway.client(alice, { follow });
  const size = gateway.log.leaves.length;
  const ids = await sendAll(client, 3);
  setBack(size);
  gateway.log.fill(20);
  await client.log.check();
  await until(() => submitted.length === 6);
  expect(submitted.slice(3).map(({ envelope }) => envelope)).toEqual(
    submitted.slice(0, 3).map(({ envelope }) => envelope),
  );
  expect(submitted.slice(3).map(({ payload }) => payload)).toEqual(
    submitted.slice(0, 3).map(({ payload }) => payload),
  );
  await until(() => client.status().waiting === 0);
  // Their new acceptances are in the log; nothing more is found, and nothing more is sent.
  await client.log.check();
  await quiet();
  expect(submitted).toHaveLength(6);
  expect(client.lost()).toMatchObject(
    ids.map((id) => ({ id, sign: 'leaf', state: 'taken', recipients: [bob] })),
  );
  expect(client.message(ids[0]!)).toMatchObject({ state: 'accepted', answer: { record: size + 20 } });
  const session = await gateway.session(alice);
  session.receipt(1, [about(submitted[3]!, 'stored')], gateway.signerOf(bob));
  await until(() => client.lost().length === 2);
});

test('a message that was lost again after it was submitted again is found by its new acceptance', async () => {
  const client = await gateway.client(alice, { follow });
  const size = gateway.log.leaves.length;
  await sendAll(client, 1);
  for (let time = 2; time <= 3; time++) {
    const more = gateway.log.leaves.length;
    gateway.log = gateway.log.branch(Math.min(size, more));
    gateway.log.fill(10 * time);
    await client.log.check().catch(() => client.log.resume({ adopt: true }));
    await until(() => submitted.length === time);
    await until(() => client.status().waiting === 0);
    expect(client.lost()).toMatchObject([{ state: 'taken' }]);
  }
  await client.log.check();
  await quiet();
  expect(submitted).toHaveLength(3);
});

test('the new acceptance of a lost message is looked for also while a message before it waits for its answer', async () => {
  const client = await gateway.client(alice, { follow });
  const accept = gateway.onSubmit;
  let unanswered: string | undefined;
  gateway.onSubmit = (session, units) => {
    unanswered ??= idsOf(units)[0];
    const others = units.filter((unit) => idsOf([unit])[0] !== unanswered);
    if (others.length > 0) accept(session, others);
  };
  await client.enqueue(concern('waits', bob));
  await until(() => unanswered !== undefined);
  // Each acceptance names a leaf that says something else.
  let record = gateway.log.leaves.length;
  gateway.log.fill(20);
  gateway.log.accept = ({ envelope }) => ({
    kind: 'accepted',
    message: parseEnvelope(envelope).id,
    envelopeDigest: sha256(envelope),
    detail: JSON.stringify({ record: record++, listening: [], away: [] }),
  });
  await client.send(concern('is lost again and again', bob));
  for (let time = 2; time <= 4; time++) {
    await client.log.check();
    await until(() => submitted.length === time);
    await until(() => client.status().waiting === 1);
  }
  expect(client.lost()).toMatchObject([{ sign: 'leaf', state: 'taken' }]);
});

test('where the log holds every acceptance nothing goes out twice, over sessions and looks', async () => {
  const client = await gateway.client(alice, { follow });
  await sendAll(client, 3);
  for (let round = 0; round < 3; round++) {
    gateway.log.fill(50);
    await client.log.check();
    (await gateway.session(alice)).socket.terminate();
    await until(() => gateway.sessions.length === 0);
    await gateway.session(alice);
    await client.whenConnected();
    await quiet();
  }
  expect(submitted).toHaveLength(3);
  expect(client.lost()).toEqual([]);
});

test('after a person has adopted a log that was set back, what is open goes out again once', async () => {
  const client = await gateway.client(alice, { follow });
  const size = gateway.log.leaves.length;
  const ids = await sendAll(client, 3);
  await client.log.check();
  setBack(size);
  await expect(client.log.check()).rejects.toMatchObject({ code: 'log-halted' });
  await quiet();
  expect(submitted).toHaveLength(3);
  await client.log.resume({ adopt: true });
  await until(() => submitted.length === 6);
  expect(idsOf(submitted.slice(3))).toEqual(ids);
  await until(() => client.status().waiting === 0);
  await client.log.check();
  await quiet();
  expect(submitted).toHaveLength(6);
});

test('after a person has kept the log seen before, nothing goes out again', async () => {
  const client = await gateway.client(alice, { follow });
  const size = gateway.log.leaves.length;
  await sendAll(client, 1);
  await client.log.check();
  const full = gateway.log;
  setBack(size);
  await expect(client.log.check()).rejects.toMatchObject({ code: 'log-halted' });
  gateway.log = full;
  await client.log.resume({ adopt: false });
  await client.log.check();
  await client.whenConnected();
  await quiet();
  expect(submitted).toHaveLength(1);
});

test('a later message with an earlier place in the record shows at once what was lost', async () => {
  const client = await gateway.client(alice, { follow });
  const size = gateway.log.leaves.length;
  const ids = await sendAll(client, 2);
  setBack(size);
  await client.send(concern('after the restore', bob));
  await until(() => submitted.length === 5);
  expect(idsOf(submitted.slice(3))).toEqual(ids);
  await until(() => client.status().waiting === 0);
  expect(client.lost()).toMatchObject(ids.map((id) => ({ id, sign: 'record', state: 'taken' })));
  await sendAll(client, 2);
  await quiet();
  expect(submitted).toHaveLength(7);
});

test('what was lost is not submitted again where the log went back too', async () => {
  const client = await gateway.client(alice, { follow });
  const size = gateway.log.leaves.length;
  await sendAll(client, 2);
  await client.log.check();
  setBack(size);
  await client.send(concern('after the restore', bob));
  await until(() => client.log.status().halt !== undefined);
  await quiet();
  expect(submitted).toHaveLength(3);
  expect(client.lost()).toMatchObject([{ state: 'due' }, { state: 'due' }]);
});

test('a stream of receipts that goes on from an earlier place shows what was lost', async () => {
  const client = await gateway.client(alice, { follow });
  const [id] = await sendAll(client, 1);
  const session = await gateway.session(alice);
  session.receipt(1, [about(submitted[0]!, 'delivered')]);
  session.receipt(2, [about(submitted[0]!, 'delivered')]);
  await until(() =>
    session.controls.some((frame) => frame.type === 'receipts-stored' && frame.through === 2),
  );
  session.receipt(1, [about(submitted[0]!, 'delivered')]);
  await until(() => submitted.length === 2);
  expect(idsOf(submitted)).toEqual([id, id]);
});

test('a log that was there and is gone for longer than it may be shows what may be lost, once, over restarts', async () => {
  const clock = { ms: Date.now() };
  const options = { follow: { ...follow, graceMs: 600_000 }, now: () => clock.ms };
  const first = await gateway.client(alice, options);
  const ids = await sendAll(first, 2);
  await first.log.check();
  const place = gateway.log.leaves.length - 2;
  // It has them after all: what it says is the first outcome, one by one.
  gateway.onSubmit = (session, units) => {
    submitted.push(...units);
    for (const unit of units) {
      const record = place + ids.indexOf(parseEnvelope(unit.envelope).id);
      const detail = JSON.stringify({ record, listening: [], away: [] });
      session.receipt(0, [{ ...about(unit, 'delivered'), kind: 'accepted', recipient: '', detail }]);
    }
  };
  const { log } = gateway;
  gateway.log = log.branch();
  gateway.log.serve = () => undefined;
  await expect(first.log.check()).rejects.toMatchObject({ code: 'not-found' });
  await first.close();
  clock.ms += 599_000;
  const client = await gateway.client(alice, options);
  await expect(client.log.check()).rejects.toMatchObject({ code: 'not-found' });
  await quiet();
  expect(submitted).toHaveLength(2);
  clock.ms += 2_000;
  await expect(client.log.check()).rejects.toMatchObject({ code: 'not-found' });
  await until(() => submitted.length === 4);
  await until(() => client.status().waiting === 0);
  expect(client.lost()).toEqual([]);
  expect(client.message(ids[0]!)).toMatchObject({ state: 'accepted', answer: { record: place } });
  clock.ms += 3_600_000;
  await expect(client.log.check()).rejects.toMatchObject({ code: 'not-found' });
  await quiet();
  gateway.log = log;
  await client.log.check();
  await quiet();
  expect(idsOf(submitted)).toEqual([...ids, ...ids]);
});

test('a message that the log lacks, and the gateway has, goes out again alone', async () => {
  const client = await gateway.client(alice, { follow });
  const size = gateway.log.leaves.length;
  const [missing] = await sendAll(client, 2);
  const other = gateway.log.branch(size);
  other.fill(1);
  other.leaves.push(...gateway.log.leaves.slice(size + 1));
  gateway.log = other;
  gateway.onSubmit = (session, units) => {
    submitted.push(...units);
    const detail = JSON.stringify({ record: size, listening: [], away: [] });
    session.receipt(
      0,
      units.map((unit) => ({ ...about(unit, 'delivered'), kind: 'accepted', recipient: '', detail })),
    );
  };
  for (let round = 0; round < 2; round++) {
    await client.log.check();
    await until(() => client.status().waiting === 0);
    await quiet();
  }
  expect(idsOf(submitted.slice(2))).toEqual([missing]);
  // That is evidence against the gateway, and stays so.
  expect(client.log.faults()).toMatchObject([{ kind: 'acceptance', subject: missing }]);
});

test('a message that the gateway does not take again is named, with those of which no copy is kept', async () => {
  const client = await gateway.client(alice, { follow });
  const size = gateway.log.leaves.length;
  const [refused, old] = await sendAll(client, 2);
  // As of a home that an older version has written.
  const database = new DatabaseSync(join(gateway.homeOf(alice), stateFileName));
  database.exec('UPDATE outbox SET payload = NULL WHERE seq = 2');
  database.close();
  const detail = JSON.stringify({ code: 'policy-denied' });
  gateway.onSubmit = (session, units) => {
    submitted.push(...units);
    session.receipt(
      0,
      units.map((unit) => ({ ...gateway.log.accept(unit), kind: 'refused', detail })),
    );
  };
  setBack(size);
  gateway.log.fill(20);
  await client.log.check();
  await until(() => client.lost()[0]?.state === 'refused');
  expect(client.lost()).toMatchObject([
    { id: refused, state: 'refused', recipients: [bob] },
    { id: old, state: 'unsent', recipients: [bob] },
  ]);
  expect(client.message(refused!)).toMatchObject({ state: 'refused' });
  expect(idsOf(submitted.slice(2))).toEqual([refused]);
});

test('however many are lost, they go out in portions', async () => {
  const clock = { ms: Date.now() };
  const client = await gateway.client(alice, { follow, now: () => clock.ms });
  const size = gateway.log.leaves.length;
  const sent = await Promise.all(texts(300).map((text) => client.send(concern(text, bob))));
  setBack(size);
  gateway.log.fill(1_000);
  await client.log.check();
  await until(() => submitted.length === 556);
  await quiet();
  expect(submitted).toHaveLength(556);
  clock.ms += 10_000;
  (await gateway.session(alice)).socket.terminate();
  await until(() => submitted.length === 600);
  expect(idsOf(submitted.slice(300))).toEqual(idsOf(submitted.slice(0, 300)));
  expect(new Set(idsOf(submitted.slice(300))).size).toBe(sent.length);
});

test('a message that the gateway loses again and again is left to a person in the end', async () => {
  gateway.log.fill(50);
  let record = 0;
  gateway.onSubmit = (session, units) => {
    submitted.push(...units);
    session.receipt(
      0,
      units.map((unit) => ({
        ...gateway.log.accept(unit),
        detail: JSON.stringify({ record: record++, listening: [], away: [] }),
      })),
    );
  };
  const client = await gateway.client(alice, { follow });
  const [id] = await sendAll(client, 1);
  for (let round = 0; round < 10; round++) {
    await client.log.check();
    await quiet();
    await until(() => client.status().waiting === 0);
  }
  expect(idsOf(submitted)).toEqual(Array.from({ length: 6 }, () => id));
  expect(client.lost()).toMatchObject([{ id, sign: 'leaf', state: 'unsent' }]);
});

/** A client with a message that the gateway has accepted and lost. */
async function clientThatLostOne(clock: { readonly ms: number }) {
  const client = await gateway.client(alice, { follow, now: () => clock.ms });
  const size = gateway.log.leaves.length;
  const [id] = await sendAll(client, 1);
  setBack(size);
  gateway.log.fill(20);
  return { client, id };
}

/** Has the client find that out, and submit it once more. */
async function submitAgain(client: Client): Promise<void> {
  await client.log.check();
  await until(() => submitted.length === 2);
  await until(() => client.status().waiting === 0);
}

test('a clock that is ahead keeps no lost message from being submitted again', async () => {
  const clock = { ms: Date.now() };
  const { client, id } = await clientThatLostOne(clock);
  clock.ms += 400 * 24 * 3_600_000;
  await submitAgain(client);
  expect(client.lost()).toMatchObject([{ id, state: 'taken' }]);
});

test('what a session has found expired is not shown as lost without a connection any more', async () => {
  const clock = { ms: Date.now() };
  const { client, id } = await clientThatLostOne(clock);
  await submitAgain(client);
  await client.close();
  const offline = async (): Promise<LostMessage[]> => {
    const without = await connect({ home: gateway.homeOf(alice), waitMs: 0, now: () => clock.ms });
    const lost = without.lost();
    await without.close();
    return lost;
  };
  clock.ms += 91 * 24 * 3_600_000;
  expect(await offline()).toMatchObject([{ id }]);
  gateway.welcome = { clock: clock.ms };
  await (await gateway.client(alice, { follow, now: () => clock.ms })).close();
  expect(await offline()).toEqual([]);
});

test('what every recipient has answered, and what has expired, is not kept', async () => {
  const clock = { ms: Date.now() };
  const client = await gateway.client(alice, { follow, now: () => clock.ms });
  const database = new DatabaseSync(join(gateway.homeOf(alice), stateFileName), { readOnly: true });
  const kept = (): unknown[] =>
    database
      .prepare('SELECT seq FROM outbox WHERE payload IS NOT NULL ORDER BY seq')
      .all()
      .map(({ seq }) => seq);
  await sendAll(client, 2);
  expect(kept()).toEqual([1, 2]);
  const session = await gateway.session(alice);
  session.receipt(1, [about(submitted[0]!, 'stored')], gateway.signerOf(bob));
  await until(() => kept().length === 1);
  expect(kept()).toEqual([2]);
  clock.ms += 91 * 24 * 3_600_000;
  const again = nextEvent(client, 'connected');
  session.socket.terminate();
  await again;
  await client.whenConnected();
  // By the gateway's clock it has not expired.
  expect(kept()).toEqual([2]);
  gateway.welcome = { clock: clock.ms };
  (await gateway.session(alice)).socket.terminate();
  await until(() => kept().length === 0);
  database.close();
});
