import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../protocol/errors.ts';
import { signReceiptGroup } from '../../protocol/wire/receipt-group.ts';
import { encodeReceipt, type Receipt } from '../../protocol/wire/receipt.ts';
import { Bystander } from './kit/bystander.ts';
import { newId, receiptGroup, Writer, type TestEndpoint, type TestMessage } from './kit/endpoint.ts';
import { addresses, Exchange, type Name } from './kit/exchange.ts';
import type { Arrival, RawSession } from './kit/raw-session.ts';

let exchange: Exchange;
let people: Record<Name, TestEndpoint>;
let writer: Writer;
let police: RawSession;
let north: RawSession;
let bystander: Bystander;
/** Delivered to north and open through all of it. */
let open: Arrival;
let toNight: TestMessage;
let fromHealth: Arrival;

beforeAll(async () => {
  exchange = await Exchange.open();
  people = await exchange.enrol('police', 'north', 'night', 'south', 'health');
  writer = await Writer.open(people.police, [people.north]);
  bystander = await Bystander.start(exchange, people.health, people.south);
  police = await exchange.connect(people.police);
  north = await exchange.connect(people.north, { credit: 100 });
  const message = writer.message();
  await police.accepted(message);
  open = await north.arrival(message);
  toNight = (await Writer.open(people.police, [people.night])).message();
  await police.accepted(toNight);
  const health = await exchange.connect(people.health);
  const other = (await Writer.open(people.health, [people.north])).message({ category: 'concern' });
  await health.accepted(other);
  fromHealth = await north.arrival(other);
  await health.leave();
});
afterAll(async () => {
  try {
    // After all of it the delivery is still open, and the true receipt settles it.
    await north.store(open);
    await police.receipt(open, 'stored');
    expect(police.receipts.map(({ kind }) => kind)).toEqual(['delivered', 'stored']);
    expect(await bystander.stop()).toBeGreaterThan(0);
    await exchange.expectedRecords();
  } finally {
    await exchange.close();
  }
});

const about = ({ id, digest }: Pick<Arrival, 'id' | 'digest'>) => ({
  message: id,
  envelopeDigest: digest,
});

/** A group signed by one endpoint in the name of another. */
function forged(signer: TestEndpoint, receipt: Partial<Receipt>): Buffer {
  const encoded = encodeReceipt({
    kind: 'stored',
    at: Date.now(),
    issuer: people.north.address,
    recipient: people.north.address,
    detail: '',
    ...about(open),
    ...receipt,
  });
  return signReceiptGroup([encoded], signer.signer);
}

const spoilt = (group: Buffer, at: number): Buffer => {
  group[at]! ^= 1;
  return group;
};

describe('a receipt group that changes nothing', () => {
  it.each<[ErrorCode, string, () => Buffer]>([
    ['receipt-invalid', 'signed by somebody else', () => forged(people.health, {})],
    [
      'receipt-invalid',
      'with a broken signature',
      () => spoilt(receiptGroup(people.north, [about(open)]), 10),
    ],
    [
      'receipt-invalid',
      'changed after it was signed',
      () => {
        const group = receiptGroup(people.north, [about(open)]);
        return spoilt(group, group.byteLength - 40);
      },
    ],
    [
      'receipt-invalid',
      'in the name of another',
      () => forged(people.north, { issuer: people.south.address }),
    ],
    [
      'receipt-invalid',
      'in the gateway’s name',
      () => forged(people.north, { kind: 'delivered', issuer: 'gateway/relay' as Receipt['issuer'] }),
    ],
    [
      'receipt-invalid',
      'about another recipient',
      () => forged(people.north, { recipient: people.south.address }),
    ],
    ['receipt-unmatched', 'about a message to another', () => receiptGroup(people.north, [about(toNight)])],
    [
      'receipt-unmatched',
      'about a message that nobody sent',
      () => receiptGroup(people.north, [about({ id: newId(), digest: open.digest })]),
    ],
    [
      'receipt-unmatched',
      'about another envelope',
      () => receiptGroup(people.north, [about({ id: open.id, digest: Buffer.alloc(32, 1) })]),
    ],
    [
      'receipt-unmatched',
      'good for one message and unmatched for the next',
      () => receiptGroup(people.north, [about(open), about(toNight)]),
    ],
    [
      'receipt-unmatched',
      'about messages of two senders',
      () => receiptGroup(people.north, [about(open), about(fromHealth)]),
    ],
    ['receipt-malformed', 'of nothing', () => Buffer.alloc(66)],
    [
      'receipt-malformed',
      'with a count that lies',
      () => spoilt(receiptGroup(people.north, [about(open)]), 1),
    ],
    ['receipt-malformed', 'cut short', () => receiptGroup(people.north, [about(open)]).subarray(0, -1)],
    [
      'receipt-malformed',
      'with a surplus byte',
      () => Buffer.concat([receiptGroup(people.north, [about(open)]), Buffer.alloc(1)]),
    ],
    [
      'receipt-malformed',
      'of a kind that recipients do not issue',
      () => receiptGroup(people.north, [{ ...about(open), kind: 'expired' }]),
    ],
    [
      'receipt-malformed',
      'that refuses without a code',
      () => receiptGroup(people.north, [{ ...about(open), kind: 'refused' }]),
    ],
    [
      'receipt-malformed',
      'that refuses with a code that nobody knows',
      () => receiptGroup(people.north, [{ ...about(open), kind: 'refused', detail: '{"code":"tired"}' }]),
    ],
    [
      'receipt-malformed',
      'that says stored and refused of one message',
      () =>
        receiptGroup(people.north, [
          about(open),
          { ...about(open), kind: 'refused', detail: '{"code":"payload-undecryptable"}' },
        ]),
    ],
    [
      'receipt-malformed',
      'of two issuers',
      () => {
        const one = forged(people.north, {});
        const other = forged(people.north, { issuer: people.south.address });
        const joined = Buffer.concat([one, other.subarray(66)]);
        joined.writeUInt16BE(2, 0);
        return joined;
      },
    ],
  ])('%s: %s', async (code, _what, make) => {
    const taken = north.controls.filter(({ type }) => type === 'receipts-taken').length;
    north.sendReceipts(make());
    expect(await north.nextError()).toBe(code);
    const { frames } = await north.next('receipts-taken', taken);
    expect(frames).toBe(taken + 1);
    exchange.expectRecord({ kind: 'session.error', code, endpoint: addresses.north });
    expect(north.isOpen).toBe(true);
  });

  it('costs the groups around it nothing', async () => {
    const messages = writer.batch([{}, {}]);
    await police.submit(...messages);
    const [first, second] = [await north.arrival(messages[0]!), await north.arrival(messages[1]!)];
    const taken = north.controls.filter(({ type }) => type === 'receipts-taken').length;
    north.sendReceipts(receiptGroup(people.north, [about(first)]));
    north.sendReceipts(forged(people.health, {}));
    north.sendReceipts(receiptGroup(people.north, [about(second)]));
    expect(await north.nextError()).toBe('receipt-invalid');
    expect((await north.next('receipts-taken', taken + 2)).frames).toBe(taken + 3);
    const numbers = north.controls.flatMap((frame) =>
      frame.type === 'receipts-taken' ? [frame.frames] : [],
    );
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    // So a client knows which of its frames was refused.
    const told = north.controls.map(({ type }) => type).slice(-4);
    expect(told).toEqual(['receipts-taken', 'error', 'receipts-taken', 'receipts-taken']);
    await police.receipt(messages[0]!, 'stored');
    await police.receipt(messages[1]!, 'stored');
    police.receipts.length = 1;
  });
});

describe('a receipt by a clock that stands wrong', () => {
  it('is taken whatever time it names, and passed on as it was signed', async () => {
    const times = [0, Date.now() + 400 * 24 * 3_600_000, 8_640_000_000_000_000];
    const messages = writer.batch(times.map(() => ({})));
    await police.submit(...messages);
    for (const [index, at] of times.entries()) {
      north.sendReceipts(forged(people.north, { ...about(await north.arrival(messages[index]!)), at }));
    }
    for (const [index, at] of times.entries()) {
      expect(await police.receipt(messages[index]!, 'stored')).toMatchObject({ at });
    }
    police.receipts.length = 1;
  });
});

describe('a receipt that comes again', () => {
  it('does no harm and is not passed on twice', async () => {
    const message = writer.message();
    await police.accepted(message);
    const arrival = await north.arrival(message);
    await north.store(arrival);
    await north.store(arrival);
    const other = await exchange.connect(people.north);
    await other.store(arrival);
    await other.leave();
    const again = await exchange.connect(people.police);
    await again.receipt(message, 'stored');
    const stored = again.receipts.filter(({ kind, message: id }) => kind === 'stored' && id === message.id);
    expect(stored).toHaveLength(1);
    await again.leave();
    police.receipts.length = 1;
  });
});
