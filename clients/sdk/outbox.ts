/**
 * The durable outbox: messages leave in order, each until it is answered, and none waits for another's answer.
 *
 * ```
 * written ──submit──▶ in flight ──accepted / refused for good──▶ answered
 *    ▲                   │
 *    ├──session ended, or refused for now (after a pause)
 *    └──accepted, and then lost by the gateway: see `lost-messages.ts`
 * ```
 *
 * Each message has a holder, the client that sends it. What a dead process left is taken over; should two clients
 * ever send the same message, the gateway gives both the first one's outcome.
 */
import { CausewayError, catalogue } from '../../protocol/errors.ts';
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import type { BatchSigner } from '../../protocol/proof/signing.ts';
import { signMessages } from './batcher.ts';
import { isHolderAlive } from './holder.ts';
import type { KeptAnswer } from './kept-answer.ts';
import type { Link } from './link.ts';
import type { ClientLog } from './log/client-log.ts';
import { LostTable } from './lost-table.ts';
import {
  frameRefusal,
  OutboxTable,
  readStoredEnvelope,
  type OutboxDraft,
  type WaitingMessage,
} from './outbox-table.ts';
import type { KnownLimits } from './heeded-limits.ts';
import { PostponedMessages } from './postponed-messages.ts';
import { RecordOrder } from './record-order.ts';
import type { StateDatabase } from './state-database.ts';

/** What `send` resolves with: the message is durable at the gateway. */
export type SendResult = {
  readonly id: MessageId;
  /** ms since 1970, by the gateway's clock. */
  readonly acceptedAt: number;
  /** Index of the acceptance in the gateway's record. */
  readonly record: number;
  /** Recipients that were listening at that moment, and those that were not. */
  readonly listening: readonly EndpointAddress[];
  readonly away: readonly EndpointAddress[];
};

type OutboxDependencies = {
  readonly state: StateDatabase;
  readonly signer: BatchSigner;
  /** Names this client among those that share the home; see `holder.ts`. */
  readonly holder: string;
  /** How many messages may wait at once. */
  readonly maxWaiting: number;
  readonly limits: KnownLimits;
  readonly now: () => number;
  /** See `GatewayClock.earliest`. */
  readonly earliest: () => number;
  readonly random: () => number;
  readonly log: Pick<ClientLog, 'verifiedSize' | 'contradicted' | 'doubt'>;
  /** Told of what keeps messages from going out for now. */
  readonly report: (error: unknown) => void;
  /** Told when an answer has shown that the gateway has lost messages, once that is noted. */
  onLost(): void;
};

type Waiter = { resolve: (result: SendResult) => void; reject: (error: unknown) => void };

const readBytes = 1_048_576;
const readMessages = 256;
/** After this long, what failed here is tried again. */
const retryMs = 1_000;
/** After this long, what another process holds is sent even if that process seems alive. */
const abandonedMs = 60_000;

export class Outbox {
  readonly #deps: OutboxDependencies;
  readonly #table: OutboxTable;
  readonly #record: RecordOrder;
  readonly #lost: LostTable;
  readonly #waiters = new Map<MessageId, Waiter[]>();
  readonly #inFlight = new Map<string, number>();
  readonly #sending = new Set<number>();
  readonly #postponed: PostponedMessages;
  #idleWaiters: (() => void)[] = [];
  #cursor = 0;
  #link: Link | undefined;
  /** Raised whenever a session is given or taken: one whose setting up has not ended by then counts no more. */
  #sessions = 0;
  /** From here on, what is written down may be sent at any moment and cannot be withdrawn. */
  #transmits = false;
  /** Messages from this one on were written down when so many leaves were verified: they come behind those. */
  #verified = { from: 0, size: 0 };
  #retry: NodeJS.Timeout | undefined;
  /** An answer has shown a loss that is not told yet. */
  #hasFoundLoss = false;

  /** @internal */
  constructor(deps: OutboxDependencies) {
    this.#deps = deps;
    this.#table = new OutboxTable(deps.state.statements, deps.maxWaiting);
    this.#record = new RecordOrder(deps.state.statements);
    this.#lost = new LostTable(deps.state.statements);
    this.#postponed = new PostponedMessages(deps.random, () => this.pump());
  }

  /** Writes a message down; it is safe when this resolves. */
  async put(draft: OutboxDraft): Promise<void> {
    const { holder, state, now, limits, log } = this.#deps;
    await state.write(() => {
      const from = this.#table.insert(draft, holder, this.#transmits, now(), limits.current);
      const size = log.verifiedSize;
      if (size !== this.#verified.size) this.#verified = { from, size };
    });
    this.pump();
  }

  /** Resolves when the gateway has accepted the message. @throws CausewayError the reason of its refusal, `not-found` */
  waitFor(id: MessageId): Promise<SendResult> {
    const answer = this.#table.readAnswer(id);
    if (answer === null) return Promise.reject(new CausewayError('not-found'));
    return new Promise((resolve, reject) => {
      if (answer !== undefined) settle({ resolve, reject }, id, answer);
      else this.#waiters.set(id, [...(this.#waiters.get(id) ?? []), { resolve, reject }]);
    });
  }

  /** Takes a message back that was never sent. @returns false when it is too late */
  async withdraw(id: MessageId): Promise<boolean> {
    const isWithdrawn = await this.#deps.state.write(() => this.#table.withdraw(id));
    if (isWithdrawn) {
      for (const waiter of this.#takeWaiters(id)) waiter.reject(new CausewayError('aborted'));
      this.#tellIdle();
    }
    return isWithdrawn;
  }

  /** How many messages of this home wait for an answer. */
  countWaiting(): number {
    return this.#table.countWaiting();
  }

  /** Why the gateway does not take what waits for now, as it said last in this session. */
  get lastPostponement(): CausewayError | undefined {
    return this.#postponed.lastRefusal;
  }

  /** Resolves when nothing of this client waits for an answer any more. */
  whenIdle(): Promise<void> {
    if (!this.#table.hasWaiting(this.#deps.holder)) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** A session is ready: everything that was not answered goes out again, in order, unless it is taken meanwhile. */
  async attach(link: Link): Promise<void> {
    this.#forgetFlight();
    this.#transmits = true;
    const session = ++this.#sessions;
    const { state, holder, now, earliest } = this.#deps;
    await state.write(() => {
      this.#adoptOrphans(now());
      this.#table.markTransmitted(holder);
      this.#dropExpired(earliest());
    });
    if (session !== this.#sessions || link.state !== 'ready') return;
    this.#link = link;
    this.pump();
  }

  /** The session has ended, or nothing may be sent over it any more. */
  detach(): void {
    this.#sessions++;
    this.#link = undefined;
    this.#transmits = false;
    this.#forgetFlight();
  }

  /**
   * Fills the window of unanswered messages as far as the link takes them; while the log is in doubt, with nothing. What keeps
   * it from that is no matter of the caller, whose message is written down already: it is reported, and tried again.
   */
  pump(): void {
    try {
      this.#fillWindow();
    } catch (error) {
      this.#deps.report(error);
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        this.pump();
      }, retryMs);
    }
  }

  #fillWindow(): void {
    const link = this.#link;
    if (link?.state !== 'ready' || this.#postponed.isHolding || this.#deps.log.doubt !== undefined) return;
    const { maxUnanswered, maxBatch } = link.limits;
    while (this.#sending.size < maxUnanswered && link.writable) {
      const messages = this.#next(Math.min(readMessages, maxUnanswered - this.#sending.size));
      if (messages.length === 0) return;
      for (const { seq, digest } of messages) {
        this.#inFlight.set(digest.toString('latin1'), seq);
        this.#sending.add(seq);
      }
      const fitting = messages.filter((message) => !this.#refuseOversized(message, link));
      if (fitting.length > 0) link.submit(signMessages(fitting, this.#deps.signer, maxBatch));
    }
  }

  /**
   * A message that was written down before this gateway said how small its frames are: sent, it would end every session
   * anew, and hold up all others.
   */
  #refuseOversized(message: WaitingMessage, link: Link): boolean {
    const refusal = frameRefusal(message, link.limits);
    if (refusal === undefined) return false;
    const { state, now } = this.#deps;
    const { id } = readStoredEnvelope(message.envelope);
    const answer = { outcome: 'refused', at: now(), code: refusal.code, text: refusal.detail } as const;
    state
      .write(() => this.keepAnswer(id, message.digest, answer))
      .then(() => {
        this.answered(id, message.digest, answer);
        this.pump();
      })
      // It stays in the outbox, and the next session finds it again.
      .catch(() => undefined);
    return true;
  }

  /**
   * Writes the gateway's answer down unless there is one already; call inside a transaction. Refusals that may
   * pass are not final.
   */
  keepAnswer(id: MessageId, digest: Buffer, answer: KeptAnswer): void {
    if (!isFinal(answer)) return;
    const answered = this.#table.answer(id, digest, answer);
    if (answered === undefined) return;
    if (this.#record.answered(answered, answer, this.#deps.now())) this.#hasFoundLoss = true;
  }

  /**
   * Acts on an answer that has been written down. The caller has made sure that a message with this id and this
   * digest exists; should there be an earlier answer, that one stands.
   */
  answered(id: MessageId, digest: Buffer, answer: KeptAnswer): void {
    const name = digest.toString('latin1');
    const seq = this.#inFlight.get(name);
    this.#inFlight.delete(name);
    if (seq !== undefined) this.#sending.delete(seq);
    if (answer.outcome === 'refused' && !isFinal(answer)) {
      if (seq !== undefined) this.#postponed.postpone(seq, answer);
      return;
    }
    if (seq !== undefined) this.#postponed.forget(seq);
    if (seq !== undefined && this.#isInPlaceOfAnother(seq, answer)) this.#deps.log.contradicted();
    for (const waiter of this.#takeWaiters(id)) settle(waiter, id, this.#table.readAnswer(id) ?? answer);
    if (this.#hasFoundLoss) {
      this.#hasFoundLoss = false;
      this.#deps.onLost();
    }
    this.#tellIdle();
  }

  /** True for a new message that was given the place of a leaf that was verified before there was the message. */
  #isInPlaceOfAnother(seq: number, answer: KeptAnswer): boolean {
    const { from, size } = this.#verified;
    return answer.outcome === 'accepted' && seq >= from && answer.record < size;
  }

  /** True while a session takes messages. */
  get isAttached(): boolean {
    return this.#link !== undefined;
  }

  /** Messages from this one on wait again. */
  sendFrom(seq: number): void {
    this.#cursor = Math.min(this.#cursor, seq - 1);
    this.pump();
  }

  /** Looks for what other processes have answered, and for what they have left behind. */
  async reconcile(): Promise<void> {
    for (const id of [...this.#waiters.keys()]) {
      const answer = this.#table.readAnswer(id);
      if (answer === undefined || answer === null) continue;
      for (const waiter of this.#takeWaiters(id)) settle(waiter, id, answer);
    }
    this.#tellIdle();
    const { state, now, earliest } = this.#deps;
    const expiredBy = earliest();
    if (this.#table.hasExpired(expiredBy) || this.#lost.hasExpired(expiredBy))
      await state.write(() => this.#dropExpired(expiredBy));
    if (this.#link === undefined || this.#orphanHolders(now()).length === 0) return;
    const first = await state.write(() => this.#adoptOrphans(now()));
    if (first === undefined) this.pump();
    else this.sendFrom(first);
  }

  /** Within a write. Whoever looks without a connection, and without the gateway's clock, is not told of it again. */
  #dropExpired(expiredBy: number): void {
    this.#table.dropExpired(expiredBy, readMessages);
    this.#lost.dropExpired(expiredBy);
  }

  /** Stops for good; messages that wait stay in the database. */
  close(): void {
    this.detach();
    clearTimeout(this.#retry);
    for (const id of [...this.#waiters.keys()]) {
      for (const waiter of this.#takeWaiters(id)) waiter.reject(new CausewayError('client-closed'));
    }
  }

  #next(limit: number): WaitingMessage[] {
    const again = this.#postponed.takeDue(limit, readBytes, (seq) => this.#table.readWaitingOne(seq));
    if (again.length > 0) return again;
    for (;;) {
      const messages = this.#table.readWaiting(this.#deps.holder, this.#cursor, limit, readBytes);
      const last = messages.at(-1);
      if (last === undefined) return [];
      this.#cursor = last.seq;
      const fresh = messages.filter(({ seq }) => !this.#sending.has(seq) && !this.#postponed.has(seq));
      if (fresh.length > 0) return fresh;
    }
  }

  #forgetFlight(): void {
    this.#postponed.clear();
    this.#inFlight.clear();
    this.#sending.clear();
    this.#cursor = 0;
  }

  #orphanHolders(now: number): { holder: string; createdBefore: number }[] {
    return this.#table
      .readHolders()
      .filter(({ holder }) => holder !== this.#deps.holder)
      .map(({ holder, oldest }) => ({
        holder,
        oldest,
        createdBefore: isHolderAlive(holder) ? now - abandonedMs : Number.MAX_SAFE_INTEGER,
      }))
      .filter(({ oldest, createdBefore }) => oldest < createdBefore);
  }

  #adoptOrphans(now: number): number | undefined {
    const firsts = this.#orphanHolders(now)
      .map(({ holder, createdBefore }) => this.#table.adopt(holder, this.#deps.holder, createdBefore))
      .filter((first) => first !== undefined);
    return firsts.length === 0 ? undefined : Math.min(...firsts);
  }

  #takeWaiters(id: MessageId): Waiter[] {
    const waiters = this.#waiters.get(id) ?? [];
    this.#waiters.delete(id);
    return waiters;
  }

  #tellIdle(): void {
    if (this.#idleWaiters.length === 0 || this.#table.hasWaiting(this.#deps.holder)) return;
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const resolve of waiters) resolve();
  }
}

function isFinal(answer: KeptAnswer): boolean {
  return answer.outcome === 'accepted' || !catalogue[answer.code].retryable;
}

function settle({ resolve, reject }: Waiter, id: MessageId, answer: KeptAnswer): void {
  if (answer.outcome === 'refused') {
    reject(new CausewayError(answer.code, { detail: answer.text }));
    return;
  }
  const { at, record, listening, away } = answer;
  resolve({ id, acceptedAt: at, record, listening, away });
}
