import { generateKeyPairSync, randomUUIDv7 } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { Client } from '../../../clients/sdk/client.ts';
import { InboxTable } from '../../../clients/sdk/inbox-table.ts';
import { createEndpointKeys } from '../../../clients/sdk/keys.ts';
import { evidenceFolder } from '../../../clients/sdk/log/log-evidence.ts';
import { PinTable } from '../../../clients/sdk/pin-table.ts';
import { StateDatabase, stateFileName } from '../../../clients/sdk/state-database.ts';
import type { MessageId } from '../../../protocol/ids.ts';
import { sha256 } from '../../../protocol/proof/merkle.ts';
import { batchSigner } from '../../../protocol/proof/signing.ts';
import { limits } from '../../../protocol/limits.ts';
import { parseEnvelope } from '../../../protocol/wire/envelope.ts';
import { encodeUnit, type Unit } from '../../../protocol/wire/frame.ts';
import { decodeReceiptGroup } from '../../../protocol/wire/receipt-group.ts';
import { refusedDetail } from '../../../protocol/wire/receipt-detail.ts';
import { unreadableId } from '../../../protocol/wire/receipt.ts';
import { concern, nextEvent } from './exchange.ts';
import { gatewayForEachTest } from './gateway-for-each-test.ts';
import {
  acceptance,
  alice,
  bob,
  until,
  type ScriptedGateway,
  type ScriptedSession,
} from './scripted-gateway.ts';

let gateway: ScriptedGateway;

gatewayForEachTest((opened) => (gateway = opened));

/** A genuine message of Alice to Bob. */
async function genuine(client: Client, text = 'genuine'): Promise<Unit> {
  await client.send(concern(text, bob));
  const { units } = await gateway.session(alice);
  return units.at(-1)!;
}

function flip(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at]! ^= 1;
  return changed;
}

test.each<[string, string, (unit: Unit) => Unit]>([
  ['a broken signature', 'proof-invalid', (u) => encodeUnit(u.envelope, flip(u.proof, 3), u.payload)],
  ['an impossible path', 'proof-malformed', (u) => encodeUnit(u.envelope, u.proof.subarray(1), u.payload)],
  ['another payload', 'payload-mismatch', (u) => encodeUnit(u.envelope, u.proof, flip(u.payload, 90))],
  [
    'an envelope that is not JSON',
    'envelope-malformed',
    (u) => encodeUnit(flip(u.envelope, 0), u.proof, u.payload),
  ],
])(
  'a message with %s is refused with %s, and the genuine one still comes through',
  async (_what, code, spoil) => {
    const sender = await gateway.client(alice);
    const recipient = await gateway.client(bob);
    const unit = await genuine(sender);
    const session = await gateway.session(bob);
    const stream = recipient.notices();
    const next = stream.next();
    const refused = nextEvent(recipient, 'refusedNotice');
    session.deliver(spoil(unit));
    expect((await refused).error.code).toBe(code);
    await until(() => session.receipts.length === 1);
    expect(refusedDetail(session.receipts[0]!).code).toBe(code);
    session.deliver(unit);
    expect((await next).value!.text()).toBe('genuine');
    await stream.return();
  },
);

test('a message that its sender bound to other recipients is refused for good', async () => {
  const sender = await gateway.client(alice);
  const recipient = await gateway.client(bob);
  await sender.send(concern('to myself', alice));
  const unit = (await gateway.session(alice)).units.at(-1)!;
  const session = await gateway.session(bob);
  const stream = recipient.notices();
  const next = stream.next();
  const refused = nextEvent(recipient, 'refusedNotice');
  session.deliver(unit);
  expect((await refused).error.code).toBe('payload-misdirected');
  await until(() => session.receipts.length === 1);
  session.deliver(unit);
  await until(() => session.receipts.length === 2);
  expect(session.receipts[1]).toEqual(session.receipts[0]);
  await recipient.close();
  expect((await next).done).toBe(true);
});

test('a repeated delivery is answered again and never shown again, also over a restart', async () => {
  const sender = await gateway.client(alice);
  const unit = await genuine(sender);
  const { id } = parseEnvelope(unit.envelope);
  for (const text of ['first run', 'second run', 'third run']) {
    const recipient = await gateway.client(bob);
    const session = await gateway.session(bob);
    session.deliver(unit, await genuine(sender, text));
    const texts: string[] = [];
    for await (const notice of recipient.notices()) {
      texts.push(notice.text());
      if (notice.text() === 'genuine') continue;
      await notice.ack();
      break;
    }
    expect(texts).toEqual(text === 'first run' ? ['genuine', text] : [text]);
    await recipient.drain({ timeoutMs: 5_000 });
    expect(session.receipts).toContainEqual(expect.objectContaining({ kind: 'stored', message: id }));
    await recipient.close();
  }
});

test('two deliveries of one message at once show it once', async () => {
  const sender = await gateway.client(alice);
  const recipient = await gateway.client(bob);
  const unit = await genuine(sender);
  const last = await genuine(sender, 'last');
  const session = await gateway.session(bob);
  const texts: string[] = [];
  const stream = recipient.notices();
  session.deliver(unit, unit, last);
  for await (const notice of stream) {
    texts.push(notice.text());
    if (notice.text() === 'last') break;
  }
  expect(texts).toEqual(['genuine', 'last']);
});

test('another message under an id that a second program of the home has stored meanwhile is refused', async () => {
  const unit = await genuine(await gateway.client(alice));
  const recipient = await gateway.client(bob);
  const session = await gateway.session(bob);
  session.deliver(unit);
  await until(() => recipient.status().pending === 1);
  const { id, source: sender } = parseEnvelope(unit.envelope);
  const other = new StateDatabase(gateway.homeOf(bob));
  const stored = { id, sender, digest: Buffer.alloc(32), at: Date.now(), detail: '' };
  await other.write(() => new InboxTable(other.statements).settle(stored));
  await other.close();
  const stream = recipient.notices();
  const next = stream.next();
  await until(() => session.receipts.length > 0);
  const [receipt] = session.receipts;
  expect(receipt).toMatchObject({ kind: 'refused', envelopeDigest: sha256(unit.envelope) });
  expect(refusedDetail(receipt!).code).toBe('id-conflict');
  expect(recipient.status().pending).toBe(0);
  await recipient.close();
  expect((await next).done).toBe(true);
});

test('receipts that are forged, misplaced or malformed are reported and never believed; others go on', async () => {
  gateway.onSubmit = () => undefined;
  const sender = await gateway.client(alice);
  const id = await sender.enqueue(concern('x', bob));
  const session = await gateway.session(alice);
  await until(() => session.units.length === 1);
  const unit = session.units[0]!;
  const about = { message: id, envelopeDigest: sha256(unit.envelope) };
  const stranger = batchSigner(
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  );
  const bad: string[] = [];
  sender.on('badReceipt', ({ position, error }) => bad.push(`${position} ${error.code}`));
  session.receipt(0, [acceptance(unit)], stranger);
  session.receipt(1, [{ ...about, kind: 'stored', issuer: bob, recipient: bob }], gateway.signerOf(alice));
  session.receipt(2, [{ ...about, kind: 'stored', recipient: bob }]);
  session.receipt(
    3,
    [{ ...about, kind: 'stored', issuer: alice, recipient: alice }],
    gateway.signerOf(alice),
  );
  session.receipt(4, [{ ...about, envelopeDigest: Buffer.alloc(32), kind: 'delivered', recipient: bob }]);
  await until(() => bad.length === 5);
  expect(bad).toEqual([
    '0 receipt-invalid',
    '1 receipt-invalid',
    '2 receipt-invalid',
    '3 receipt-unmatched',
    '4 receipt-unmatched',
  ]);
  expect(sender.message(id)).toMatchObject({ state: 'waiting', deliveries: [{ outcome: undefined }] });
  // Those that do not match may be about what a home has lost.
  await until(() => sender.log.faults().length > 0);
  expect(sender.log.faults()).toMatchObject([{ kind: 'receipt', subject: id }]);
  const evidence = JSON.parse(await readFile(sender.log.faults()[0]!.evidence, 'utf8')) as { group: string };
  expect(decodeReceiptGroup(Buffer.from(evidence.group, 'base64')).receipts).toMatchObject([{ message: id }]);
  session.receipt(0, [acceptance(unit)]);
  session.receipt(5, [{ ...about, kind: 'stored', issuer: bob, recipient: bob }], gateway.signerOf(bob));
  await sender.accepted(id);
  await sender.settled(id);
  await until(() =>
    session.controls.some((frame) => frame.type === 'receipts-stored' && frame.through === 5),
  );
  expect(await readdir(join(gateway.homeOf(alice), evidenceFolder))).toHaveLength(1);
});

test('an acceptance with the right id and another digest is not believed and kept as no evidence', async () => {
  gateway.onSubmit = () => undefined;
  const sender = await gateway.client(alice);
  const id = await sender.enqueue(concern('x', bob));
  const session = await gateway.session(alice);
  await until(() => session.units.length === 1);
  const unit = session.units[0]!;
  let isAccepted = false;
  const accepted = sender.accepted(id).then(() => (isAccepted = true));
  const evidence = () => {
    using database = new DatabaseSync(join(gateway.homeOf(alice), stateFileName));
    return database.prepare('SELECT count(*) AS n FROM evidence').get()!.n;
  };
  for (const lie of [{ envelopeDigest: Buffer.alloc(32) }, { message: randomUUIDv7() as MessageId }]) {
    const bad = nextEvent(sender, 'badReceipt');
    session.receipt(0, [{ ...acceptance(unit), ...lie }]);
    expect((await bad).error.code).toBe('receipt-unmatched');
  }
  expect(isAccepted).toBe(false);
  expect(sender.message(id)!.state).toBe('waiting');
  expect(evidence()).toBe(0);
  session.receipt(0, [acceptance(unit)]);
  await accepted;
  expect(evidence()).toBe(1);
});

test('of two answers to one message the first stands, and waiting later gives it', async () => {
  const sender = await gateway.client(alice);
  const { id, record } = await sender.send(concern('x', bob));
  const session = await gateway.session(alice);
  const detail = JSON.stringify({ code: 'policy-denied' });
  session.receipt(1, [{ ...acceptance(session.units[0]!), kind: 'refused', detail }]);
  await until(() => session.controls.some((frame) => frame.type === 'receipts-stored'));
  expect((await sender.accepted(id)).record).toBe(record);
  expect(sender.message(id)!.state).toBe('accepted');
});

test('receipts that wait for trust are taken in when another process has given it', async () => {
  const sender = await gateway.client(alice);
  const unit = await genuine(sender);
  const { id } = parseEnvelope(unit.envelope);
  const former = gateway.entries[1]!;
  const { openpgp, signingKey, signingKeyPem } = await createEndpointKeys(bob);
  gateway.entries[1] = { ...former, signingKey, openpgpFingerprint: openpgp.fingerprint };
  await sender.directory.refresh();
  const about = { message: id, envelopeDigest: sha256(unit.envelope) };
  const session = await gateway.session(alice);
  session.receipt(1, [{ ...about, kind: 'stored', issuer: bob, recipient: bob }], batchSigner(signingKeyPem));
  await until(() => session.controls.some((frame) => frame.type === 'receipts-stored'));
  expect(sender.message(id)!.deliveries[0]!.outcome).toBeUndefined();
  const other = new StateDatabase(gateway.homeOf(alice));
  const pin = { endpoint: bob, openpgpFingerprint: openpgp.fingerprint, signingKey, trustedAt: Date.now() };
  await other.write(() => new PinTable(other.statements).addPin(pin));
  await other.close();
  expect((await sender.settled(id)).deliveries[0]!.outcome).toBe('stored');
});

test('receipts that come twice change nothing the second time, and the stream goes on after a restart', async () => {
  const sender = await gateway.client(alice);
  const unit = await genuine(sender);
  const { id } = parseEnvelope(unit.envelope);
  const about = { message: id, envelopeDigest: sha256(unit.envelope) };
  const session = await gateway.session(alice);
  const stored = [{ ...about, kind: 'stored', issuer: bob, recipient: bob, at: 1_700_000_000_000 }] as const;
  session.receipt(1, stored, gateway.signerOf(bob));
  await sender.settled(id);
  const before = sender.message(id);
  session.receipt(2, stored, gateway.signerOf(bob));
  session.receipt(3, [{ ...about, kind: 'expired', recipient: bob }]);
  await until(() =>
    session.controls.some((frame) => frame.type === 'receipts-stored' && frame.through === 3),
  );
  expect(sender.message(id)).toEqual(before);
  await sender.close();
  await gateway.client(alice);
  expect((await gateway.session(alice)).controls[0]).toMatchObject({ type: 'hello', receiptsAfter: 3 });
});

test('a message without an answer is sent again over the next session, byte for byte in its envelope', async () => {
  let first: Unit | undefined;
  gateway.onSubmit = (session: ScriptedSession, [unit]) => {
    first = unit;
    session.socket.terminate();
  };
  const sender = await gateway.client(alice);
  const gone = nextEvent(sender, 'disconnected');
  const id = await sender.enqueue(concern('again', bob));
  await gone;
  let again: Unit | undefined;
  gateway.onSubmit = (session, [unit]) => {
    again = unit;
    session.receipt(0, [acceptance(unit!)]);
  };
  await sender.accepted(id);
  expect(again!.envelope.equals(first!.envelope)).toBe(true);
  expect(again!.payload.equals(first!.payload)).toBe(true);
});

test('a refusal that may pass is tried again, and the messages behind it do not wait', async () => {
  let refusals = 0;
  gateway.onSubmit = (session, units) => {
    for (const unit of units) {
      const isFirst = parseEnvelope(unit.envelope).sequence[0] === 1;
      if (isFirst && refusals++ < 2) {
        const detail = JSON.stringify({ code: 'store-unavailable' });
        session.receipt(0, [{ ...acceptance(unit), kind: 'refused', detail }]);
      } else session.receipt(0, [acceptance(unit)]);
    }
  };
  const sender = await gateway.client(alice);
  const order: string[] = [];
  await Promise.all(
    ['first', 'second'].map(async (text) => {
      await sender.send(concern(text, bob));
      order.push(text);
    }),
  );
  expect(order).toEqual(['second', 'first']);
  expect(refusals).toBe(3);
});

test('the status says why the gateway takes nothing for now, until it has taken what it refused', async () => {
  let hasRoom = false;
  gateway.onSubmit = (session, units) => {
    const detail = JSON.stringify({ code: 'store-unavailable', text: 'No room.' });
    for (const unit of units) {
      session.receipt(0, [hasRoom ? acceptance(unit) : { ...acceptance(unit), kind: 'refused', detail }]);
    }
  };
  const sender = await gateway.client(alice);
  const id = await sender.enqueue(concern('waits', bob));
  await until(() => sender.status().lastPostponement !== undefined);
  expect(sender.status()).toMatchObject({
    connection: 'connected',
    waiting: 1,
    lastPostponement: { code: 'store-unavailable', detail: 'No room.' },
  });
  hasRoom = true;
  await sender.accepted(id);
  expect(sender.status().lastPostponement).toBeUndefined();
});

test('a gateway that has no room is not sent the whole outbox again and again', async () => {
  gateway.welcome = { limits: { ...limits, maxUnanswered: 4 } };
  const refusedAt: number[] = [];
  let hasRoom = false;
  gateway.onSubmit = (session, units) => {
    if (hasRoom) {
      session.receipt(0, units.map(acceptance));
      return;
    }
    refusedAt.push(...units.map(() => performance.now()));
    const detail = JSON.stringify({ code: 'store-unavailable' });
    session.receipt(
      0,
      units.map((unit) => ({ ...acceptance(unit), kind: 'refused' as const, detail })),
    );
  };
  const sender = await gateway.client(alice);
  const sent = Promise.all(Array.from({ length: 40 }, (_, nth) => sender.send(concern(`${nth}`, bob))));
  await until(() => refusedAt.length > 8);
  hasRoom = true;
  // Four are under way at once, and then the pause for all is 275 ms at least.
  const [first, , , , fifth, , , , ninth] = refusedAt as [number, ...number[]];
  expect(fifth! - first).toBeGreaterThan(250);
  expect(ninth! - fifth!).toBeGreaterThan(250);
  expect(await sent).toHaveLength(40);
});

test('a request that is never answered does not hold up closing', async () => {
  const client = await gateway.client(alice);
  const paths: string[] = [];
  gateway.onRequest = (path) => {
    paths.push(path);
    return false;
  };
  const problems: string[] = [];
  client.on('problem', ({ code }) => problems.push(code));
  const waiting = Promise.allSettled([client.directory.refresh(), client.datasets.refresh()]);
  (await gateway.session(alice)).control({ type: 'directory-changed', version: 2 });
  await until(() => paths.filter((path) => path.startsWith('/v1/')).length === 2);
  await client.close();
  for (const result of await waiting) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'client-closed' } });
  }
  expect(problems).toEqual([]);
});

test('no more messages are unanswered than the welcome allows', async () => {
  gateway.welcome = {
    limits: { ...(await import('../../../protocol/limits.ts')).limits, maxUnanswered: 4 },
  };
  let unanswered = 0;
  let most = 0;
  gateway.onSubmit = (session, units) => {
    unanswered += units.length;
    most = Math.max(most, unanswered);
    setTimeout(() => {
      unanswered -= units.length;
      session.receipt(0, units.map(acceptance));
    }, 5);
  };
  const sender = await gateway.client(alice);
  await Promise.all(Array.from({ length: 20 }, (_, index) => sender.send(concern(String(index), bob))));
  expect(most).toBeLessThanOrEqual(4);
});

test('a gateway with another receipt key is not believed to be the gateway, and is tried again slowly', async () => {
  gateway.welcome = { receiptKey: gateway.signerOf(bob).keyId };
  const lines: object[] = [];
  const write = (fields: object): void => void lines.push(fields);
  const log = { debug: write, info: write, warn: write, error: write };
  const client = await gateway.client(alice, { log });
  expect(client.status()).toMatchObject({
    connection: 'connecting',
    lastError: { code: 'gateway-untrusted' },
  });
  expect(lines).toContainEqual({ event: 'disconnected', code: 'gateway-untrusted', retryInMs: 46_500 });
});

test('a key that the directory slips under a trusted certificate is noticed before anything is sent', async () => {
  const sender = await gateway.client(alice);
  const [, entry] = gateway.entries;
  gateway.entries[1] = { ...entry!, encryptionKey: gateway.entries[0]!.encryptionKey };
  await sender.directory.refresh();
  await expect(sender.send(concern('x', bob))).rejects.toMatchObject({ code: 'key-changed' });
});

test('credit is granted only when somebody listens, never beyond the window, and again as notices are taken', async () => {
  const sender = await gateway.client(alice);
  const recipient = await gateway.client(bob, { window: 8 });
  const session = await gateway.session(bob);
  const credit = () =>
    session.controls.reduce((sum, frame) => sum + (frame.type === 'credit' ? frame.messages : 0), 0);
  const units = [];
  for (let index = 0; index < 20; index++) units.push(await genuine(sender, String(index)));
  expect(credit()).toBe(0);
  let delivered = 0;
  const texts: string[] = [];
  const stop = new AbortController();
  const pushing = (async () => {
    while (!stop.signal.aborted) {
      while (delivered < Math.min(credit(), units.length)) session.deliver(units[delivered++]!);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  for await (const notice of recipient.notices()) {
    expect(credit() - texts.length).toBeLessThanOrEqual(8 + 1);
    if (texts.push(notice.text()) === 20) break;
  }
  stop.abort();
  await pushing;
  expect(texts).toEqual(units.map((_, index) => String(index)));
  expect(session.controls.findLast((frame) => frame.type === 'received')).toMatchObject({ units: 20 });
});

test('a draining gateway says when to come back, and a client that is too far off in time is warned', async () => {
  const client = await gateway.client(alice, { now: () => Date.now() + 3_600_000 });
  const session = await gateway.session(alice);
  const ended = nextEvent(client, 'disconnected');
  session.control({ type: 'draining', reconnectMs: 40 });
  session.socket.close(1001);
  expect(await ended).toMatchObject({ error: { code: 'draining' }, retryInMs: 42 });
  const { aheadMs } = await nextEvent(client, 'clockSkew');
  expect(aheadMs).toBeGreaterThan(3_500_000);
});

test('a refusal of an envelope that the gateway could not read finds its message by the digest', async () => {
  const sender = await gateway.client(alice);
  const bad: string[] = [];
  sender.on('badReceipt', ({ error }) => bad.push(error.code));
  gateway.onSubmit = (session, [unit]) => {
    const detail = JSON.stringify({ code: 'envelope-malformed' });
    const refusal = { kind: 'refused' as const, message: unreadableId, detail };
    session.receipt(0, [
      { ...refusal, envelopeDigest: Buffer.alloc(32, 1) },
      { ...refusal, envelopeDigest: sha256(unit!.envelope) },
    ]);
  };
  await expect(sender.send(concern('unreadable', bob))).rejects.toMatchObject({ code: 'envelope-malformed' });
  expect(sender.messages({ state: 'refused' })).toHaveLength(1);
  expect(sender.status().waiting).toBe(0);
  expect(bad).toEqual(['receipt-unmatched']);
});
