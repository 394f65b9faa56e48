import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../protocol/errors.ts';
import { encodeUnitFrame } from '../../protocol/wire/frame.ts';
import { limits } from '../../protocol/limits.ts';
import { encodeReceiptFrame } from '../../protocol/wire/receipt-group.ts';
import { Bystander } from './kit/bystander.ts';
import { receiptGroup, Writer, type TestEndpoint } from './kit/endpoint.ts';
import { addresses, Exchange, type Name } from './kit/exchange.ts';
import type { RawSession } from './kit/raw-session.ts';

let exchange: Exchange;
let people: Record<Name, TestEndpoint>;
let writer: Writer;
let bystander: Bystander;

beforeAll(async () => {
  exchange = await Exchange.open();
  people = await exchange.enrol('police', 'north', 'night', 'south', 'health');
  writer = await Writer.open(people.police, [people.north]);
  bystander = await Bystander.start(exchange, people.health, people.south);
});
afterAll(async () => {
  try {
    expect(await bystander.stop()).toBeGreaterThan(0);
    await exchange.expectedRecords();
  } finally {
    await exchange.close();
  }
});

const submitFrame = (): Buffer => encodeUnitFrame('submit', [writer.message().unit.bytes]);
const receiptFrame = (): Buffer =>
  encodeReceiptFrame(
    0,
    receiptGroup(people.police, [{ message: writer.message().id, envelopeDigest: Buffer.alloc(32) }]),
  );

const at =
  (offset: number, value: number) =>
  (frame: Buffer): Buffer => {
    frame[offset] = value;
    return frame;
  };

describe('a frame that ends its session, and no other', () => {
  it.each<[ErrorCode, number, string, () => Buffer | string]>([
    ['frame-malformed', 4400, 'an empty binary frame', () => Buffer.alloc(0)],
    ['frame-malformed', 4400, 'an unknown kind', () => at(0, 9)(submitFrame())],
    ['frame-malformed', 4400, 'a frame of its kind alone', () => Buffer.from([1])],
    ['frame-malformed', 4400, 'no units', () => Buffer.from([1, 0, 0])],
    [
      'frame-malformed',
      4400,
      'more units than allowed',
      () => Buffer.concat([Buffer.from([1, 1, 1]), Buffer.alloc(2570)]),
    ],
    ['frame-malformed', 4400, 'fewer units than it says', () => at(2, 2)(submitFrame())],
    ['frame-malformed', 4400, 'a cut unit', () => submitFrame().subarray(0, -1)],
    ['frame-malformed', 4400, 'a surplus byte', () => Buffer.concat([submitFrame(), Buffer.alloc(1)])],
    ['frame-malformed', 4400, 'an envelope of four thousand million bytes', () => at(3, 255)(submitFrame())],
    ['frame-malformed', 4400, 'a payload of four thousand million bytes', () => at(9, 255)(submitFrame())],
    ['frame-malformed', 4400, 'a receipt frame without a group', () => receiptFrame().subarray(0, 20)],
    ['frame-malformed', 4400, 'a position out of range', () => at(1, 255)(receiptFrame())],
    [
      'frame-unexpected',
      4400,
      'a deliver frame',
      () => encodeUnitFrame('deliver', [writer.message().unit.bytes]),
    ],
    ['frame-malformed', 4400, 'text that is not JSON', () => 'hello'],
    ['frame-malformed', 4400, 'no text', () => ''],
    ['frame-malformed', 4400, 'JSON that is no object', () => '[1]'],
    ['frame-malformed', 4400, 'null', () => 'null'],
    ['frame-malformed', 4400, 'a type that nobody knows', () => '{"type":"subscribe"}'],
    ['frame-malformed', 4400, 'a frame of the gateway', () => '{"type":"draining","reconnectMs":1}'],
    ['frame-malformed', 4400, 'a field too many', () => '{"type":"goodbye","now":true}'],
    ['frame-malformed', 4400, 'a count that is no integer', () => '{"type":"received","units":0.5}'],
    ['frame-malformed', 4400, 'a negative count', () => '{"type":"receipts-stored","through":-1}'],
    ['frame-malformed', 4400, 'no credit', () => '{"type":"credit","messages":0}'],
    ['frame-malformed', 4400, 'too much credit', () => '{"type":"credit","messages":4097}'],
    ['frame-malformed', 4400, 'deep nesting', () => '['.repeat(8_000)],
    [
      'frame-too-large',
      1009,
      'a control frame above its limit',
      () => JSON.stringify({ type: 'hello', client: 'x'.repeat(limits.maxControlBytes) }),
    ],
    ['frame-unexpected', 4400, 'a second hello', () => '{"type":"hello","client":"again","receiptsAfter":0}'],
    [
      'frame-unexpected',
      4400,
      'the arrival of units that were never sent',
      () => '{"type":"received","units":1}',
    ],
  ])('%s, %i: %s', async (error, code, _what, make) => {
    const session = await exchange.connect(people.police);
    session.send(make());
    expect(await session.closed()).toEqual({ code, error });
    exchange.expectRecord({ kind: 'session.error', code: error, endpoint: addresses.police });
  });

  it.each<[string, number, ErrorCode, (session: RawSession) => void]>([
    [
      'a frame above 4 MiB',
      1009,
      'frame-too-large',
      (session) => session.send(Buffer.alloc(limits.maxFrameBytes + 1, 1)),
    ],
    [
      'a text frame above 4 MiB',
      1009,
      'frame-too-large',
      (session) => session.send(' '.repeat(limits.maxFrameBytes + 1)),
    ],
    [
      'fragments that together are above 4 MiB',
      1009,
      'frame-too-large',
      (session) => {
        for (let part = 0; part < 3; part++)
          session.webSocket.send(Buffer.alloc(2 ** 21, 1), { fin: part === 2 });
      },
    ],
    [
      'text that is not UTF-8',
      1007,
      'frame-malformed',
      (session) => session.webSocket.send(Buffer.from([0xff, 0xfe]), { binary: false }),
    ],
    [
      'bytes that are no WebSocket frame',
      1002,
      'frame-malformed',
      (session) => {
        const { _socket: transport } = session.webSocket as unknown as {
          _socket: { write(bytes: Buffer): void };
        };
        transport.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
      },
    ],
  ])('by the rules of WebSocket: %s, %i', async (_what, code, error, send) => {
    const session = await exchange.connect(people.night);
    send(session);
    expect(await session.closed()).toMatchObject({ code });
    exchange.expectRecord({ kind: 'session.error', code: error, endpoint: addresses.night });
  });

  it.each<[string, () => Buffer | string]>([
    ['a submission', submitFrame],
    ['receipts', receiptFrame],
    ['credit', () => '{"type":"credit","messages":1}'],
    ['goodbye', () => '{"type":"goodbye"}'],
  ])('hello-expected, 4400: %s before hello', async (_what, make) => {
    const session = await exchange.connect(people.north, { hello: null });
    await session.opened();
    session.send(make());
    expect(await session.closed()).toEqual({ code: 4400, error: 'hello-expected' });
    exchange.expectRecord({ kind: 'session.error', code: 'hello-expected', endpoint: addresses.north });
  });

  it('frame-unexpected, 4400: a submission after goodbye', async () => {
    const session = await exchange.connect(people.police);
    session.submitUnits([writer.message().unit]);
    session.control({ type: 'goodbye' });
    session.submitUnits([writer.message().unit]);
    expect(await session.closed()).toEqual({ code: 4400, error: 'frame-unexpected' });
  });

  it('loses nothing that was answered, and answers again what was not', async () => {
    const session = await exchange.connect(people.police);
    const [first, second] = [writer.message(), writer.message()];
    const outcome = await session.accepted(first);
    session.submitUnits([second.unit]);
    session.send(Buffer.alloc(0));
    await session.closed();
    const again = await exchange.connect(people.police);
    expect(await again.accepted(first)).toEqual(outcome);
    await again.accepted(second);
    await again.leave();
  });
});

describe('an empty text field', () => {
  it('in hello is refused before anything is welcomed', async () => {
    const session = await exchange.connect(people.north, { hello: null });
    await session.opened();
    session.send('{"type":"hello","client":"","receiptsAfter":null}');
    expect(await session.closed()).toEqual({ code: 4400, error: 'frame-malformed' });
  });
});

describe('random frames', () => {
  it('end their own session with a code of the protocol or do nothing, whatever they are', async () => {
    const valid = [submitFrame(), receiptFrame()];
    const json = fc.oneof(
      fc.json({ maxDepth: 3 }),
      fc
        .tuple(
          fc.constantFrom('hello', 'credit', 'received', 'receipts-stored', 'goodbye', 'welcome'),
          fc.dictionary(
            fc.constantFrom('messages', 'units', 'through', 'client', '__proto__', 'receiptsAfter'),
            fc.oneof(fc.integer(), fc.string(), fc.double(), fc.constant(null)),
          ),
        )
        .map(([type, rest]) => JSON.stringify({ type, ...rest })),
    );
    const spoilt = fc
      .tuple(fc.constantFrom(...valid), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat())
      .map(([frame, changes, cut]) => {
        const copy = Buffer.from(frame);
        for (const [where, value] of changes) copy[where % copy.byteLength] = value;
        return cut % 3 === 0 ? copy.subarray(0, cut % copy.byteLength) : copy;
      });
    const frame = fc.oneof(
      json,
      spoilt,
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(frame, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        async (frames, greets) => {
          const session = await exchange.connect(people.police, greets ? {} : { hello: null });
          await session.opened();
          for (const each of frames) session.send(each);
          session.control({ type: 'goodbye' });
          const { code } = await session.closed();
          expect([1000, 1009, 4400]).toContain(code);
        },
      ),
      { numRuns: 60 },
    );
  });
});
