/**
 * The gateway is killed under load, again and again: whatever it accepted is delivered once in effect.
 *
 * `CAUSEWAY_KILLS` sets the number of kills, `CAUSEWAY_SEED` repeats a run's times, `CAUSEWAY_LANES` how many
 * exchanges are tried side by side, each with its own gateway and its share of the kills.
 */
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Writer, type TestEndpoint, type TestMessage } from './kit/endpoint.ts';
import { Exchange } from './kit/exchange.ts';
import type { RawSession } from './kit/raw-session.ts';
import { eventually } from './kit/watch.ts';

const kills = Number(process.env.CAUSEWAY_KILLS ?? 5);
const seed = Number(process.env.CAUSEWAY_SEED ?? Math.floor(Math.random() * 2 ** 31));
const lanes = Number(process.env.CAUSEWAY_LANES ?? 1);
const window = 96;
const maxLoadMs = 700;
/**
 * The bar of a run of its own, from the start of the process to `/readyz`; see `ChildGateway.backInServiceMs`. In the
 * suite, other tests have the processor meanwhile.
 */
const maxBackInServiceMs = process.env.CAUSEWAY_KILLS === undefined ? Infinity : 5_000;

/** A small generator of numbers in [0, 1), the same for the same seed (mulberry32). */
function randomFrom(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Sends without end, keeps what was not accepted and sends it again, byte for byte, in the next session. */
class Publisher {
  readonly #writer: Writer;
  readonly unaccepted = new Map<string, TestMessage>();
  readonly accepted = new Map<string, number>();
  readonly stored = new Set<string>();
  /** Each message as often as it was told to be delivered. */
  readonly delivered: string[] = [];
  sent = 0;
  position = 0;
  #session: RawSession | undefined;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  async run(session: RawSession, isOver: () => boolean): Promise<void> {
    this.#session = session;
    const again = [...this.unaccepted.values()];
    await Promise.all(
      [again, ...Array.from({ length: 3 }, () => [])].map((first) => this.#send(first, isOver)),
    );
  }

  async #send(first: readonly TestMessage[], isOver: () => boolean): Promise<void> {
    let batch = first;
    while (batch.length > 0 || !isOver()) {
      if (batch.length === 0) {
        batch = this.#writer.batch(Array.from({ length: 1 + (this.sent % (window / 3)) }, () => ({})));
        this.sent += batch.length;
        for (const message of batch) this.unaccepted.set(message.id, message);
      }
      const answers = await this.#session!.submit(...batch);
      answers.forEach((answer, index) => {
        const { id } = batch[index]!;
        if (answer.kind !== 'accepted') throw new Error(`refused with ${answer.code}`);
        const { record } = answer.detail;
        const before = this.accepted.get(id);
        if (before !== undefined && before !== record) throw new Error('a second outcome for one message');
        this.accepted.set(id, record);
        this.unaccepted.delete(id);
      });
      this.take();
      batch = [];
    }
  }

  /** Takes the receipts that have come; the groups must come in the order of their positions. */
  take(): void {
    const session = this.#session!;
    const before = this.position;
    for (const { position, kind, message } of session.receipts.splice(0)) {
      if (position < this.position) throw new Error(`position ${position} came after ${this.position}`);
      this.position = position;
      if (kind === 'stored') this.stored.add(message);
      if (kind === 'delivered') this.delivered.push(message);
    }
    if (this.position > before && session.isOpen) {
      session.control({ type: 'receipts-stored', through: this.position });
    }
  }
}

/**
 * Keeps every id durably before it says `stored`. What comes again before the gateway has confirmed that is a repetition,
 * which any consumer must expect; after that it is a delivery too many.
 */
class Consumer {
  readonly #database: DatabaseSync;
  readonly seen = new Set<string>();
  readonly #confirmed = new Set<string>();
  repeated = 0;

  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    this.#database.exec('PRAGMA journal_mode = WAL; CREATE TABLE inbox (id TEXT PRIMARY KEY)');
  }

  async run(session: RawSession, isOver: () => boolean): Promise<void> {
    const insert = this.#database.prepare('INSERT OR IGNORE INTO inbox VALUES (?)');
    let taken = 0;
    while (!isOver()) {
      const arrivals = session.arrivals.slice(taken);
      taken += arrivals.length;
      if (arrivals.length === 0) {
        await pause(2);
        continue;
      }
      this.#database.exec('BEGIN');
      for (const { id } of arrivals) {
        if (this.#confirmed.has(id)) throw new Error(`${id} was delivered again after its end was confirmed`);
        if (insert.run(id).changes === 0) this.repeated++;
        this.seen.add(id);
      }
      this.#database.exec('COMMIT');
      session.grant(arrivals.length);
      await session.store(...arrivals);
      for (const { id } of arrivals) this.#confirmed.add(id);
    }
  }

  close(): void {
    this.#database.close();
  }
}

type People = Record<'police' | 'north', TestEndpoint>;

/** An exchange whose gateway is killed, and the two who use it. */
class Lane {
  readonly #exchange: Exchange;
  readonly publisher: Publisher;
  readonly consumer: Consumer;
  readonly #people: People;
  slowestStartMs = 0;

  private constructor(exchange: Exchange, people: People, publisher: Publisher) {
    this.#exchange = exchange;
    this.#people = people;
    this.publisher = publisher;
    this.consumer = new Consumer(join(exchange.dir, 'inbox.db'));
  }

  static async open(exchange: Exchange): Promise<Lane> {
    const people = await exchange.enrol('police', 'north');
    await exchange.stop();
    return new Lane(exchange, people, new Publisher(await Writer.open(people.police, [people.north])));
  }

  /** One life of the gateway: `end` says when it is killed. */
  async live(end: (stopPublishing: () => void) => Promise<void>): Promise<void> {
    const { publisher, consumer } = this;
    const { police: sender, north: recipient } = this.#people;
    const gateway = await this.#exchange.startChild();
    expect(gateway.backInServiceMs).toBeLessThan(maxBackInServiceMs);
    this.slowestStartMs = Math.max(this.slowestStartMs, gateway.backInServiceMs);
    this.#exchange.prepareChild();
    const north = await this.#exchange.connect(recipient, { credit: 500, receiptsAfter: null });
    const police = await this.#exchange.connect(sender, { receiptsAfter: publisher.position });
    const over = { publishing: false, consuming: false };
    const work = Promise.allSettled([
      publisher.run(police, () => over.publishing),
      consumer.run(north, () => over.consuming),
    ]);
    await end(() => (over.publishing = true));
    await gateway.kill();
    await Promise.all([police.closed(), north.closed()]);
    Object.assign(over, { publishing: true, consuming: true });
    publisher.take();
    for (const outcome of await work) {
      // They may have been cut off in the middle of something, and of nothing else do they complain.
      if (outcome.status === 'rejected') expect(String(outcome.reason)).toMatch(/closed with/);
    }
    expect(gateway.log()).toBe('');
  }

  /** The last life goes on until every message has made its way. */
  async finish(): Promise<void> {
    const { publisher } = this;
    await this.live(async (stopPublishing) => {
      await pause(200);
      stopPublishing();
      const isDone = (): true | undefined => {
        publisher.take();
        return publisher.unaccepted.size === 0 && publisher.stored.size === publisher.sent ? true : undefined;
      };
      await eventually('every message to be accepted and stored', isDone, 60_000);
    });
    await this.#exchange.stop();
    this.consumer.close();
  }

  async expectOnceInEffect(): Promise<void> {
    const { publisher, consumer } = this;
    const accepted = [...publisher.accepted.keys()].sort();
    expect(accepted).toHaveLength(publisher.sent);
    expect([...consumer.seen].sort()).toEqual(accepted);
    expect([...publisher.stored].sort()).toEqual(accepted);
    const records = await this.#exchange.records();
    expect(records.every(({ index }, place) => index === place)).toBe(true);
    const acceptances = records.filter(({ entry }) => entry.kind === 'message.accepted');
    expect(new Map(acceptances.map(({ index, entry }) => [entry.message, index]))).toEqual(
      publisher.accepted,
    );
    expect(acceptances).toHaveLength(publisher.sent);
    const delivered = records.filter(({ entry }) => entry.kind === 'delivery.delivered');
    expect(publisher.delivered.map((id) => publisher.accepted.get(id)).sort()).toEqual(
      delivered.map(({ entry }) => entry.of).sort(),
    );
    const ends = records.filter(({ entry }) => entry.kind === 'delivery.stored');
    expect(new Set(ends.map(({ entry }) => entry.of))).toEqual(new Set(publisher.accepted.values()));
    expect(ends).toHaveLength(publisher.sent);
  }
}

describe.concurrent.each(Array.from({ length: lanes }, (_, lane) => seed + lane))(
  'a gateway under load (CAUSEWAY_SEED=%i)',
  (laneSeed) => {
    const share = Math.ceil(kills / lanes);

    it(
      `delivers once in effect whatever it accepted, over ${share} kills`,
      async () => {
        // A long run spends its time on kills; what a whole start takes, the short one tells.
        const exchange = await Exchange.open({ isBare: kills > 50 });
        try {
          const lane = await Lane.open(exchange);
          const random = randomFrom(laneSeed);
          for (let round = 0; round < share; round++) await lane.live(() => pause(random() * maxLoadMs));
          await lane.finish();
          await lane.expectOnceInEffect();
          report({ seed: laneSeed, kills: share, messages: lane.publisher.sent, lane });
        } finally {
          await exchange.close();
        }
      },
      60_000 + kills * 15_000,
    );
  },
);

/** What a run over many kills came to; a short one says nothing. */
function report(run: { seed: number; kills: number; messages: number; lane: Lane }): void {
  if (process.env.CAUSEWAY_KILLS === undefined) return;
  const { lane, ...figures } = run;
  const repeated = lane.consumer.repeated;
  const line = { ...figures, repeated, slowestStartMs: Math.round(lane.slowestStartMs) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
