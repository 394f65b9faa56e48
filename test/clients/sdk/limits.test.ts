import { expect, test } from 'vitest';
import { heededLimits, silenceMsUnder } from '../../../clients/sdk/heeded-limits.ts';
import type { MessageId } from '../../../protocol/ids.ts';
import { limits, type Limits } from '../../../protocol/limits.ts';
import { parseEnvelope } from '../../../protocol/wire/envelope.ts';
import { decodeUnitFrame, frameKind, type Unit } from '../../../protocol/wire/frame.ts';
import { decodeReceiptFrame, decodeReceiptGroup } from '../../../protocol/wire/receipt-group.ts';
import { concern, take } from './exchange.ts';
import { gatewayForEachTest } from './gateway-for-each-test.ts';
import {
  alice,
  answerToPing,
  bob,
  until,
  type ScriptedGateway,
  type ScriptedSession,
} from './scripted-gateway.ts';

let gateway: ScriptedGateway;

gatewayForEachTest((opened) => (gateway = opened));

/** From now on the gateway states these limits. */
function state(lower: Partial<Limits>): void {
  gateway.welcome = { limits: { ...limits, ...lower } };
}

function answer(session: ScriptedSession, units: readonly Unit[]): void {
  session.receipt(
    0,
    units.map((unit) => gateway.log.accept(unit)),
  );
}

test('a gateway that states more than the protocol widens nothing; how often it pings is its own affair', () => {
  const stated = {
    ...limits,
    maxUnits: 7,
    maxPayloadBytes: 2 * limits.maxPayloadBytes,
    pingIntervalMs: 60_000,
  };
  expect(heededLimits(stated)).toEqual({ ...limits, maxUnits: 7, pingIntervalMs: 60_000 });
});

test.each([
  [20_000, 45_000],
  [1, 45_000],
  [60_000, 135_000],
  [Number.MAX_SAFE_INTEGER, 3_600_000],
])('a gateway that pings every %i ms may be silent for %i ms', (pingIntervalMs, silenceMs) => {
  expect(silenceMsUnder({ ...limits, pingIntervalMs })).toBe(silenceMs);
});

test.each<[Partial<Limits>, object, string, string]>([
  [
    { maxPayloadBytes: 2_000 },
    concern(Array.from({ length: 9_000 }, randomLetter).join(''), bob),
    'payload-too-large',
    '2000',
  ],
  [{ maxEnvelopeBytes: 300 }, concern('x', bob), 'envelope-too-large', '300'],
  [{ maxRecipients: 1 }, concern('x', [alice, bob]), 'request-malformed', 'more than 1 '],
  [
    { maxLifetimeMs: 3_600_000 },
    { ...concern('x', bob), expiresInMs: 3_600_001 },
    'lifetime-too-long',
    '3600000',
  ],
  [{ maxFrameBytes: 900 }, concern('x', bob), 'payload-too-large', '900'],
])('where the welcome states %j, send() says what does not fit', async (lower, notice, code, detail) => {
  state(lower);
  const client = await gateway.client(alice);
  await expect(client.send(notice as ReturnType<typeof concern>)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(detail) as string,
  });
  expect((await gateway.session(alice)).units).toEqual([]);
});

test('a notice lives by itself no longer than the gateway allows', async () => {
  state({ maxLifetimeMs: 3_600_000 });
  const client = await gateway.client(alice);
  await client.send(concern('x', bob));
  const { time, expires } = parseEnvelope((await gateway.session(alice)).units[0]!.envelope);
  expect(Date.parse(expires) - Date.parse(time)).toBe(3_600_000);
});

test('what is submitted keeps to the units, bytes, batches and unanswered units that the gateway states', async () => {
  state({ maxUnits: 3, maxBatch: 2, maxUnanswered: 5, maxFrameBytes: 6_000 });
  let unanswered = 0;
  let most = 0;
  gateway.onSubmit = (session, units) => {
    unanswered += units.length;
    most = Math.max(most, unanswered);
    setTimeout(() => {
      unanswered -= units.length;
      answer(session, units);
    }, 5);
  };
  const client = await gateway.client(alice);
  await Promise.all(Array.from({ length: 24 }, (_, n) => client.send(concern(`notice ${n}`, bob))));
  const { frames, units } = await gateway.session(alice);
  expect(units).toHaveLength(24);
  expect(most).toBe(5);
  for (const frame of frames) {
    expect(frame.byteLength).toBeLessThanOrEqual(6_000);
    expect(decodeUnitFrame(frame).length).toBeLessThanOrEqual(3);
  }
  const batchSizes = units.map(({ proof }) => proof.readUInt16BE(66));
  expect(Math.max(...batchSizes)).toBe(2);
});

test.each([1, 2, 3])(
  '%i messages written down before the gateway stated smaller frames are refused here, and hold nothing up',
  async (count) => {
    gateway.onSubmit = () => undefined;
    const before = await gateway.client(alice);
    const large: MessageId[] = [];
    for (let n = 0; n < count; n++) {
      large.push(await before.enqueue(concern(Array.from({ length: 9_000 }, randomLetter).join(''), bob)));
    }
    const small = await before.enqueue(concern('small', bob));
    await before.close();
    state({ maxFrameBytes: 4_000, maxUnanswered: 2 });
    gateway.onSubmit = answer;
    const client = await gateway.client(alice);
    for (const id of large) {
      await expect(client.accepted(id)).rejects.toMatchObject({
        code: 'payload-too-large',
        message: expect.stringContaining('4000') as string,
      });
      expect(client.message(id)?.state).toBe('refused');
    }
    expect(await client.accepted(small)).toMatchObject({ id: small });
    await client.drain({ timeoutMs: 5_000 });
  },
);

test('no more deliveries are asked for than the gateway grants', async () => {
  state({ maxCredit: 4 });
  const sender = await gateway.client(alice);
  const recipient = await gateway.client(bob);
  const taken = take(recipient, 6);
  for (let n = 0; n < 6; n++) await sender.send(concern(`${n}`, bob));
  const session = await gateway.session(bob);
  const granted = (): number =>
    session.controls.reduce((sum, frame) => sum + (frame.type === 'credit' ? frame.messages : 0), 0);
  for (const [index, unit] of (await gateway.session(alice)).units.entries()) {
    await until(() => granted() > index);
    expect(granted() - index).toBeLessThanOrEqual(4);
    session.deliver(unit);
  }
  expect(await taken).toHaveLength(6);
});

test('receipts keep to the size of groups and to the frames that the gateway has not taken', async () => {
  state({ maxUnits: 3, maxUnanswered: 2, maxFrameBytes: 4_000 });
  const frames: number[] = [];
  gateway.onReceipts = (_, count) => frames.push(count);
  const sender = await gateway.client(alice);
  const recipient = await gateway.client(bob);
  for (let n = 0; n < 12; n++) await sender.send(concern(`${n}`, bob));
  const session = await gateway.session(bob);
  for (const unit of (await gateway.session(alice)).units) session.deliver(unit);
  await take(recipient, 12);
  await until(() => frames.length === 2);
  // What the client had to send by then would come before its answers.
  for (let turn = 0; turn < 3; turn++) await answerToPing(session);
  expect(frames).toEqual([1, 2]);
  gateway.onReceipts = (one, count) => one.control({ type: 'receipts-taken', frames: count });
  session.control({ type: 'receipts-taken', frames: 2 });
  await recipient.drain({ timeoutMs: 5_000 });
  expect(session.receipts).toHaveLength(12);
  for (const frame of session.frames) {
    expect(frameKind(frame)).toBe('receipts');
    expect(decodeReceiptGroup(decodeReceiptFrame(frame).group).receipts.length).toBeLessThanOrEqual(3);
  }
});

test('a welcome under which nothing could be sent is no welcome', async () => {
  state({ maxUnits: 0 });
  const client = await gateway.client(alice, { waitMs: 200 });
  expect(client.status()).toMatchObject({ connection: 'connecting', lastError: { code: 'frame-malformed' } });
});

function randomLetter(): string {
  return Math.floor(Math.random() * 36).toString(36);
}
