/** One endpoint's deliveries, held against what must be true of them in whatever order things happen. */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Dispatcher, type OfferedDelivery } from '../../../gateway/delivery/dispatcher.ts';
import type { Outlet } from '../../../gateway/delivery/outlet.ts';
import type { AcceptableMessage, Lane, Store } from '../../../gateway/store/port.ts';
import { eventually } from '../../e2e/kit/watch.ts';
import { createSqliteFixture, type SqliteFixture } from '../store/sqlite-fixture.ts';
import { acceptable, health, hourMs, police, settlementOf } from '../store/synthetic-messages.ts';
import { Sink, SlowReads } from './slow-reads.ts';

/** Numbered in the order of acceptance. */
type Message = AcceptableMessage & { readonly number: number };
/** A read that was under way when a delivery ended may still bring it. */
type Ending = { readonly isTold: boolean; readonly at: number; readonly reads: ReadonlySet<number> };
type Session = {
  readonly sink: Sink;
  readonly outlet: Outlet;
  readonly seen: Set<Message>;
  granted: number;
};

/** How long what was not told here may still go out of what is held. */
const momentMs = 3_000;
const mostSessions = 2;
const lifeMs = { short: 2_000, long: hourMs };

let fixture: SqliteFixture;
let store: Store;
let reads: SlowReads;
let next = 1;

beforeEach(async () => {
  fixture = await createSqliteFixture();
  store = await fixture.open();
  reads = new SlowReads(store);
});
afterEach(async () => {
  reads.release();
  await store.close();
  await fixture.remove();
});

/** What happens at a gateway with one recipient, and what is wrong with what its sessions get. */
class Exchange {
  readonly faults: string[] = [];
  readonly #dispatcher = new Dispatcher({
    store: reads.store,
    now: () => fixture.clock.now,
    onError: (error) => this.faults.push(String(error)),
  });
  readonly #messages = new Map<string, Message>();
  readonly #endings = new Map<Message, Ending>();
  readonly #sent = new Set<Message>();
  #sessions: Session[] = [];
  /** Accepted and not offered yet. */
  readonly #late: OfferedDelivery[] = [];
  /** What went out last in each lane. */
  #last = [0, 0, 0];

  /** @param by the gateway, one that is slow to offer, or another one */
  async accept(
    count: number,
    lane: Lane,
    life: keyof typeof lifeMs,
    by: 'this' | 'slow' | 'other',
  ): Promise<void> {
    const expiresAt = fixture.clock.now + lifeMs[life];
    const messages = Array.from({ length: count }, (): Message => {
      const number = next++;
      return { ...acceptable(number, { lane, expiresAt }), number };
    });
    // A read may bring them before their sender has its answer.
    for (const message of messages) this.#messages.set(message.unit.toString(), message);
    const { outcomes } = await store.submit({ source: police, messages });
    const accepted = outcomes.map((outcome, index): OfferedDelivery => {
      if (outcome.outcome !== 'accepted') throw new Error('not accepted');
      return { ...messages[index]!, recipient: health, delivery: outcome.deliveries[0]! };
    });
    if (by !== 'other') this.#late.push(...accepted);
    if (by !== 'slow') this.#offerLate();
    if (by === 'other') this.grown();
  }

  open(credit: number): void {
    if (this.#sessions.length === mostSessions) return;
    const seen = new Set<Message>();
    const sink = new Sink((unit) => this.#arrived(session, this.#messages.get(unit)));
    const session: Session = { sink, outlet: this.#dispatcher.open(health, sink, null), seen, granted: 0 };
    this.#sessions.push(session);
    this.#grant(session, credit);
  }

  close(nth: number): void {
    const session = this.#nth(this.#sessions, nth);
    if (session === undefined) return;
    this.#sessions = this.#sessions.filter((each) => each !== session);
    // What it had not settled goes out once more, behind what went out since.
    this.#last = [0, 0, 0];
    this.#dispatcher.close(health, session.outlet);
  }

  grant(nth: number, credit: number): void {
    const session = this.#nth(this.#sessions, nth);
    if (session !== undefined) this.#grant(session, credit);
  }

  stop(nth: number): void {
    const session = this.#nth(this.#sessions, nth);
    if (session !== undefined) session.sink.writable = false;
  }

  resume(nth: number): void {
    const session = this.#nth(this.#sessions, nth);
    if (session === undefined) return;
    session.sink.writable = true;
    this.#dispatcher.resume(health, session.outlet);
  }

  grown(): void {
    this.#dispatcher.queueGrown(health);
  }

  wait(ms: number): void {
    this.#offerLate();
    fixture.clock.now += ms;
  }

  /** @param through this gateway, which has sent it, be it to a session that was closed, or another one */
  async settle(nth: number, through: 'this' | 'other'): Promise<void> {
    this.#offerLate();
    const due = this.#due().filter((message) => through === 'other' || this.#sent.has(message));
    const message = this.#nth(due, nth);
    if (message === undefined) return;
    await store.settle(settlementOf([message], health));
    if (through === 'this') this.#dispatcher.settled(health, [message.envelopeDigest]);
    this.#end(message, through === 'this');
  }

  async erase(nth: number): Promise<void> {
    this.#offerLate();
    const message = this.#nth(this.#due(), nth);
    if (message === undefined) return;
    expect(await store.eraseCase(message.thread, { kind: 'test.happened' }, 'end')).toBe('erased');
    this.#end(message, false);
  }

  /** Lets everything go out that may, and sees that each delivery that is due is with a session that is open. */
  async finish(): Promise<void> {
    reads.release();
    this.#offerLate();
    if (this.#sessions.length === 0) this.open(1);
    this.#sessions.forEach((session, nth) => {
      this.#grant(session, 1_000);
      this.resume(nth);
    });
    const isWithOne = (message: Message): boolean => this.#sessions.some(({ seen }) => seen.has(message));
    await eventually('what is due', () => (this.#due().every(isWithOne) ? true : undefined));
    await store.readQueue(health, 1, 0, 1);
    const due = this.#due();
    if (due.length > 0) await store.settle(settlementOf(due, health));
    while (this.#sessions.length > 0) this.close(0);
  }

  #nth<T>(of: readonly T[], nth: number): T | undefined {
    return of[nth % of.length];
  }

  #due(): readonly Message[] {
    const all = [...this.#messages.values()];
    return all.filter((each) => !this.#endings.has(each) && each.expiresAt > fixture.clock.now);
  }

  #end(message: Message, isTold: boolean): void {
    this.#endings.set(message, { isTold, at: fixture.clock.now, reads: new Set(reads.open) });
  }

  #grant(session: Session, credit: number): void {
    session.granted += credit;
    this.#dispatcher.grant(health, session.outlet, credit);
  }

  /** They are offered in the order in which they were accepted, and before anything that happened later is told. */
  #offerLate(): void {
    this.#dispatcher.offer(this.#late.splice(0));
  }

  #arrived(session: Session, message: Message | undefined): void {
    // What an exchange that went wrong has left in the store.
    if (message === undefined) return;
    const { number, lane, expiresAt } = message;
    const hold = (isRight: boolean, what: string): void => {
      if (!isRight) this.faults.push(`${number} in lane ${lane} ${what}`);
    };
    const ending = this.#endings.get(message);
    const isExcused = ending?.reads.has(reads.ended) ?? false;
    const mayBeHeld = ending?.isTold === false && fixture.clock.now - ending.at <= momentMs;
    hold(this.#sessions.includes(session), 'went to a session that was closed');
    hold(session.sink.units.length <= session.granted, 'went out without credit');
    hold(isExcused || !session.seen.has(message), 'went to a session twice');
    hold(ending === undefined || isExcused || mayBeHeld, 'went out after it had ended');
    hold(expiresAt > fixture.clock.now, 'went out after it had expired');
    hold(number > this.#last[lane]!, 'went out behind what came later');
    this.#last[lane] = number;
    session.seen.add(message);
    this.#sent.add(message);
  }
}

type Step = (exchange: Exchange) => Promise<void> | void;

/** Acts on one of them, whichever a number says. */
const onOne = (act: (exchange: Exchange, nth: number) => Promise<void> | void): fc.Arbitrary<Step> =>
  fc.nat(5).map<Step>((nth) => (exchange) => act(exchange, nth));
/** So few that it is used up, or so much that all is caught up with. */
const credits = fc.constantFrom(1, 2, 5, 20);
const accepting = fc.record({
  count: fc.integer({ min: 1, max: 6 }),
  lane: fc.constantFrom<Lane>(0, 1, 2),
  life: fc.constantFrom('short' as const, 'long' as const),
  by: fc.constantFrom('this' as const, 'this' as const, 'slow' as const, 'other' as const),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  accepting.map<Step>(
    ({ count, lane, life, by }) =>
      async (exchange) =>
        exchange.accept(count, lane, life, by),
  ),
  credits.map<Step>((credit) => (exchange) => exchange.open(credit)),
  credits.chain((credit) => onOne((exchange, nth) => exchange.grant(nth, credit))),
  onOne((exchange, nth) => exchange.close(nth)),
  onOne((exchange, nth) => exchange.stop(nth)),
  onOne((exchange, nth) => exchange.resume(nth)),
  onOne(async (exchange, nth) => exchange.settle(nth, 'this')),
  onOne(async (exchange, nth) => exchange.settle(nth, 'other')),
  onOne(async (exchange, nth) => exchange.erase(nth)),
  fc.constantFrom(1_000, momentMs + 1).map<Step>((ms) => (exchange) => exchange.wait(ms)),
  fc.constantFrom<Step>(
    (exchange) => exchange.grown(),
    () => reads.hold(),
    () => reads.release(),
    () => reads.release(),
    // So that a read comes to its end.
    async () => store.probe(),
  ),
);

it('each delivery that is due reaches a session, in order, once in each, and not after its end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80 }), async (steps) => {
      const exchange = new Exchange();
      exchange.open(3);
      for (const each of steps) await each(exchange);
      await exchange.finish();
      expect(exchange.faults).toEqual([]);
    }),
    { numRuns: 60 },
  );
}, 60_000);
