import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeUnit } from '../../protocol/wire/frame.ts';
import { Bystander } from './kit/bystander.ts';
import { Writer, type TestEndpoint, type TestMessage } from './kit/endpoint.ts';
import { addresses, Exchange, type Name } from './kit/exchange.ts';

const rateLimited = { code: 4429, error: 'rate-limited' };
const quotas = {
  agencyMebibytesPerMinute: 1,
  agencyFailedVerificationsPerMinute: 20,
  endpointRefusalsPerMinute: 200,
};

let exchange: Exchange;
let people: Record<Name, TestEndpoint>;
let bystander: Bystander;
/** How far the gateway's clock is ahead, ms. */
let ahead = 0;
/** Where its clock stands still: on a busy machine a share would grow again while it is being used up. */
let stoppedAt: number | undefined;

async function withClockStopped(work: () => Promise<void>): Promise<void> {
  stoppedAt = Date.now();
  await work().finally(() => (stoppedAt = undefined));
}

beforeAll(async () => {
  exchange = await Exchange.open({ quotas, now: () => (stoppedAt ?? Date.now()) + ahead });
  people = await exchange.enrol('police', 'north', 'night', 'south', 'health');
  bystander = await Bystander.start(exchange, people.health, people.south);
});
afterAll(async () => {
  try {
    expect(await bystander.stop()).toBeGreaterThan(0);
  } finally {
    await exchange.close();
  }
});

/** The same message with a signature that is not the sender's. */
function forged({ unit }: TestMessage): TestMessage['unit'] {
  const proof = Buffer.from(unit.proof);
  proof[0]! ^= 1;
  return encodeUnit(unit.envelope, proof, unit.payload);
}

describe('quotas, while others go on', () => {
  it('cuts off an agency that sends more bytes than its share, all of its endpoints, for a minute at most', async () => {
    const writer = await Writer.open(people.night, [people.north], undefined, 200_000);
    const flood = await exchange.connect(people.night);
    for (let sent = 0; sent < 50 && flood.isOpen; sent++) {
      const message = writer.message({ category: 'concern' });
      flood.submitUnits([message.unit]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await flood.closed()).toEqual(rateLimited);
    exchange.expectRecord({ kind: 'session.error', code: 'rate-limited', endpoint: addresses.night });
    // Another endpoint of the agency, whose share it was as well.
    const colleague = await exchange.connect(people.north, { hello: null });
    expect(await colleague.refusal()).toEqual({ status: 429, code: 'rate-limited' });
    ahead += 61_000;
    await (await exchange.connect(people.north)).leave();
  });

  it('cuts off an agency whose signatures do not verify, before any more of them are checked', async () => {
    const writer = await Writer.open(people.police, [people.north]);
    const forger = await exchange.connect(people.police);
    const share = quotas.agencyFailedVerificationsPerMinute;
    const messages = writer.batch(Array.from({ length: share }, () => ({})));
    await withClockStopped(async () => {
      const codes = await Promise.all(
        messages.map((message) => forger.refused({ unit: forged(message), digest: message.digest })),
      );
      expect(new Set(codes)).toEqual(new Set(['proof-invalid']));
      forger.submitUnits([writer.message().unit]);
      expect(await forger.closed()).toEqual(rateLimited);
    });
    exchange.expectRecord({ kind: 'session.error', code: 'rate-limited', endpoint: addresses.police });
    ahead += 61_000;
    const reformed = await exchange.connect(people.police);
    await reformed.accepted(writer.message());
    await reformed.leave();
  });

  it.each(['control frames', 'pongs'])('cuts off an agency that floods its session with %s', async (kind) => {
    const flood = await exchange.connect(people.police);
    await flood.welcomed();
    await withClockStopped(async () => {
      for (let sent = 0; sent < 1_100 && flood.isOpen; sent++) {
        if (kind === 'pongs') flood.webSocket.pong();
        else flood.control({ type: 'received', units: 0 });
      }
      expect(await flood.closed()).toEqual(rateLimited);
    });
    exchange.expectRecord({ kind: 'session.error', code: 'rate-limited', endpoint: addresses.police });
    ahead += 61_000;
    await (await exchange.connect(people.police)).leave();
  });

  it('answers a frame of which more is refused than a minute allows, and takes the next when it is over', async () => {
    const writer = await Writer.open(people.police, [people.north]);
    const clumsy = await exchange.connect(people.police);
    const batch = (): TestMessage[] =>
      writer.batch(Array.from({ length: 64 }, () => ({ category: 'weather' })));
    const frame = [batch(), batch(), batch(), batch()].flat();
    const answers = await clumsy.submit(...frame);
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['refused']));
    clumsy.submitUnits([writer.message().unit]);
    expect(await clumsy.closed()).toEqual(rateLimited);
    ahead += 61_000;
    const reformed = await exchange.connect(people.police);
    await reformed.accepted(writer.message());
    await reformed.leave();
  });

  it('ends a session that repeats what was answered, for each repeat leaves a line in the record', async () => {
    const writer = await Writer.open(people.police, [people.north]);
    const message = writer.message();
    const parrot = await exchange.connect(people.police);
    const { record } = await parrot.accepted(message);
    for (let sent = 0; sent < 2_000 && parrot.isOpen; sent += 100) {
      parrot.submitUnits(Array.from({ length: 100 }, () => message.unit));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await parrot.closed()).toEqual(rateLimited);
    const lines = (await exchange.records()).filter(
      ({ entry }) => entry.kind === 'message.repeated' && entry.of === record,
    );
    expect(lines.length).toBeGreaterThanOrEqual(quotas.endpointRefusalsPerMinute);
    expect(lines.length).toBeLessThanOrEqual(quotas.endpointRefusalsPerMinute + 1_024);
    await exchange.expectedRecords();
  });
});
