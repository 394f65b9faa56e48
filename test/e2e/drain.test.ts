import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Writer, type TestEndpoint } from './kit/endpoint.ts';
import { Exchange } from './kit/exchange.ts';

let exchange: Exchange;
let people: Record<'police' | 'north', TestEndpoint>;
let writer: Writer;

beforeAll(async () => {
  exchange = await Exchange.open();
  people = await exchange.enrol('police', 'north');
  writer = await Writer.open(people.police, [people.north]);
  await exchange.stop();
});
afterAll(() => exchange.close());
beforeEach(() => exchange.stop());

const batch = () => writer.batch(Array.from({ length: 64 }, () => ({})));

describe('a gateway that is told to stop', () => {
  it('tells its sessions, answers what is open, takes receipts under way and closes with 1001', async () => {
    await exchange.start();
    const police = await exchange.connect(people.police);
    const north = await exchange.connect(people.north, { credit: 64 });
    const silent = await exchange.connect(people.north, { hello: null });
    await silent.opened();
    const delivered = batch();
    await police.submit(...delivered);
    const arrivals = await north.arrived(64);
    const open = Array.from({ length: 8 }, batch).flat();
    const answers = police.submit(...open);
    // The answer to this comes after the frames before it have been read.
    const stored = north.store(...arrivals);
    await police.submit(writer.message());
    const stopped = exchange.stop();
    const outcomes = await answers;
    expect(outcomes.every(({ kind }) => kind === 'accepted')).toBe(true);
    await stored;
    await stopped;
    expect(await police.closed()).toEqual({ code: 1001, error: undefined });
    expect(await north.closed()).toEqual({ code: 1001, error: undefined });
    expect(await silent.closed()).toEqual({ code: 1001, error: undefined });
    for (const session of [police, north]) {
      expect(session.controls.at(-1)?.type).toMatch(/draining|receipts-taken/);
      expect((await session.next('draining')).reconnectMs).toBeGreaterThan(0);
    }

    await exchange.start();
    const again = await exchange.connect(people.police);
    expect(await again.accepted(open[0]!)).toEqual(outcomes[0]?.kind === 'accepted' && outcomes[0].detail);
    for (const message of delivered) await again.receipt(message, 'stored');
    const rest = await exchange.connect(people.north, { credit: 4_000 });
    const { pending } = await rest.welcomed();
    expect(pending).toBe(open.length + 1);
    await rest.store(...(await rest.arrived(pending)));
    await Promise.all([again.leave(), rest.leave()]);
  });

  it('publishes all that is in the store before it ends, what the leaving sessions did included', async () => {
    await exchange.start();
    const police = await exchange.connect(people.police);
    const north = await exchange.connect(people.north, { credit: 1 });
    const message = writer.message();
    await police.submit(message);
    await north.store(...(await north.arrived(1)));
    const { position } = await police.receipt(message, 'stored');
    // That these can be forgotten is told to the store when the session ends.
    police.control({ type: 'receipts-stored', through: position });
    await exchange.stop();
    const checkpoint = await readFile(join(exchange.home.dir, 'log/checkpoint'), 'utf8');
    const store = await exchange.store();
    expect(Number(checkpoint.split('\n')[1])).toBe(await store.countLeaves());
    const records = (await exchange.records()).map(({ entry }) => entry);
    const start = records.findLast(({ kind }) => kind === 'gateway.started');
    expect(records.at(-1)).toEqual({ kind: 'gateway.stopped', run: start?.run });
  });

  it('ignores what is submitted after it said so, and takes it in the next session', async () => {
    const gateway = await exchange.startChild();
    const police = await exchange.connect(people.police);
    const exited = gateway.terminate();
    const late = writer.message();
    await police.next('draining');
    police.submitUnits([late.unit]);
    expect(await police.closed()).toEqual({ code: 1001, error: undefined });
    expect(await exited).toBe(0);
    expect(gateway.log()).toBe('');
    await exchange.start();
    const again = await exchange.connect(people.police);
    await again.accepted(late);
    await again.leave();
  });

  it('on SIGTERM under load answers whatever it has taken before it ends, and ends with 0', async () => {
    const gateway = await exchange.startChild();
    const police = await exchange.connect(people.police);
    const messages = Array.from({ length: 12 }, batch).flat();
    const [first, ...rest] = messages;
    await police.accepted(first!);
    const answers = rest.map((message) => police.submit(message).catch(() => undefined));
    await answers[0];
    expect(await gateway.terminate()).toBe(0);
    expect((await police.closed()).code).toBe(1001);
    const answered = (await Promise.all(answers)).filter((answer) => answer !== undefined);
    await exchange.start();
    const ids = new Set<unknown>(messages.map(({ id }) => id));
    const records = (await exchange.records()).filter(
      ({ entry }) => entry.kind === 'message.accepted' && ids.has(entry.message),
    );
    // Nothing was answered that is not there, and nothing is there that was not answered.
    expect(records).toHaveLength(answered.length + 1);
  });

  it('waits for a silent client only as long as it was told', async () => {
    await exchange.start();
    const deaf = await exchange.connect(people.police);
    deaf.pause();
    const before = performance.now();
    await exchange.stop(300);
    expect(performance.now() - before).toBeLessThan(5_000);
    deaf.terminate();
  });

  it('turns new sessions away while it drains', async () => {
    await exchange.start();
    const { url } = exchange;
    const deaf = await exchange.connect(people.police);
    deaf.pause();
    const stopped = exchange.stop(1_500);
    const late = await exchange.connect(people.north, { hello: null, url });
    expect(await late.refusal()).toEqual({ status: 503, code: 'draining' });
    deaf.terminate();
    await stopped;
  });
});
