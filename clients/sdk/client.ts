/**
 * The client of an endpoint: sends and receives notices, whatever happens to the network, the gateway or itself.
 *
 * ```
 *            send ─▶ compose ─▶ Outbox ──────────┐
 *                                 ▲ answers      ▼
 *    receipts ◀─ LiveQueue ◀─ ReceiptBook ◀── SessionKeeper ◀─▶ gateway
 *                                                │  ▲
 *     notices ◀─ NoticeStream ◀─ Inbox ◀─────────┘  └── ReceiptSender ◀─ ack
 * ```
 *
 * All state is in the home's `state.db`; this file only joins the parts.
 */
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import { firstOf, throwIfAborted, timeoutSignal, waitUnlessAborted } from './abort.ts';
import { buildParts, type ClientParts } from './client-parts.ts';
import { checkConnectOptions, checkDrainOptions, checkNotice } from './check-arguments.ts';
import type { ClientLog } from './log/client-log.ts';
import type { ConnectOptions } from './client-options.ts';
import { composeNotice } from './compose.ts';
import { foreignPartsFault } from './foreign-parts.ts';
import type { DatasetBook } from './datasets/dataset-book.ts';
import type { ClientDirectory } from './directory.ts';
import type { ClientEvents, HeldNotice } from './events.ts';
import { isSettled, type MessageQuery, type MessageRecord } from './ladder-table.ts';
import type { LostMessage } from './lost-table.ts';
import { NoticeStream, type NoticeStreamOptions } from './notice-stream.ts';
import type { SendResult } from './outbox.ts';
import type { OutgoingNotice } from './outgoing-notice.ts';
import type { ReceiptEvent } from './receipt-book.ts';
import type { RenewalRefusal } from './renewal-refusal.ts';

/** Where a client stands. */
export type ClientStatus = {
  readonly endpoint: EndpointAddress;
  readonly connection: 'connected' | 'connecting' | 'closed';
  /** Why there is no session; `undefined` while there is one, or before the first attempt has ended. */
  readonly lastError: CausewayError | undefined;
  /**
   * By how much this computer's clock is ahead of the gateway's (behind: negative), in ms, by the last session of this client.
   * `undefined` where that is not worth a warning, and before the first session.
   */
  readonly clockAheadMs: number | undefined;
  /** Messages of this home that wait for the gateway's answer. */
  readonly waiting: number;
  /**
   * Why the gateway does not take some of them for now, as it said last in this session: they are sent again by
   * themselves. `undefined` where it has said nothing of the kind, or has taken them since.
   */
  readonly lastPostponement: CausewayError | undefined;
  /** Messages to this endpoint that are not acknowledged: here or, as far as is known, at the gateway. */
  readonly pending: number;
  /**
   * True where more may wait than that: a gateway counts to 10,000 when a session begins. It stays true until the next
   * session, whatever has come meanwhile, since what was not counted cannot be told from what was sent later.
   */
  readonly pendingIsLeast: boolean;
  /**
   * Messages to this endpoint that cannot be shown yet: see {@link HeldNotice}. At most 1,000 of one sender are noted, and
   * 10,000 in all.
   */
  readonly held: number;
  readonly directoryVersion: number | undefined;
  /** When the TLS certificate ends, ms since 1970. */
  readonly certificateEndsAt: number;
  /** Why the certificate and the encryption key were last not renewed; `undefined` once they were, or need not be. */
  readonly renewalRefusal: RenewalRefusal | undefined;
  /**
   * Files of the home that are not of this endpoint, or not of its present enrolment: keys other than those in the
   * directory, a certificate of another one, the state of another one. Empty where all is well, as far as is known.
   */
  readonly foreignParts: readonly string[];
  /** Recipients whose signed receipts wait here until their keys are trusted. */
  readonly untrustedReceipts: readonly EndpointAddress[];
};

const farewellDrainMs = 5_000;

/**
 * Opens a home and connects.
 *
 * Resolves when the first session is ready, or when it is clear that it will take longer: the client then keeps
 * trying for ever, and `enqueue` works meanwhile.
 * @throws CausewayError `request-malformed` for options that do not fit; `home-invalid`, also where files of the home are
 * known to be of another endpoint, or turn out to be in the first session; `store-incompatible`
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  checkConnectOptions(options);
  throwIfAborted(options.signal);
  const client = await Client.build(options);
  await client.start(options);
  return client;
}

export class Client implements AsyncDisposable {
  readonly #parts: ClientParts;
  /** The home is only looked at: a file in it is of another endpoint. */
  #barToConnecting: CausewayError | undefined;
  #closing: Promise<void> | undefined;
  #lastTurn: Promise<undefined> = Promise.resolve(undefined);

  /** Use {@link connect}. Private, so that the types of the package do not lead on to those of the parts. */
  private constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  /** Called once, by {@link connect}. @internal */
  static async build(options: ConnectOptions): Promise<Client> {
    return new Client(await buildParts(options));
  }

  /** This endpoint. */
  get endpoint(): EndpointAddress {
    return this.#parts.endpoint;
  }

  /** Who there is, and whose keys are trusted. */
  get directory(): ClientDirectory {
    return this.#parts.directory;
  }

  /** The gateway's audit log, as this endpoint follows it. */
  get log(): ClientLog {
    return this.#parts.log;
  }

  /** The data sets of the sharing agreement. */
  get datasets(): DatasetBook {
    return this.#parts.datasets;
  }

  /** Adds a handler for an event. @returns how to remove it */
  on<E extends keyof ClientEvents>(event: E, handler: (value: ClientEvents[E]) => void): () => void {
    return this.#parts.emitter.on(event, handler);
  }

  status(): ClientStatus {
    const { endpoint, run, outbox, inbox, directory, ladder } = this.#parts;
    const { certificateEndsAt, renewalRefusal, foreignParts } = this.#parts;
    const open = run.keeper.isConnected ? 'connected' : 'connecting';
    return {
      endpoint,
      connection: this.#closing === undefined ? open : 'closed',
      lastError: this.#barToConnecting ?? run.lastError,
      clockAheadMs: run.clockAheadMs,
      waiting: outbox.countWaiting(),
      lastPostponement: outbox.lastPostponement,
      ...{ pending: inbox.pending, pendingIsLeast: inbox.pendingIsLeast },
      held: inbox.countHeld(),
      directoryVersion: directory.version,
      certificateEndsAt: certificateEndsAt(),
      renewalRefusal: renewalRefusal(),
      foreignParts: foreignParts(),
      untrustedReceipts: ladder
        .readHeldIssuers()
        .filter((issuer) => directory.untrustedKey(issuer) !== undefined),
    };
  }

  /**
   * Reads all of `state.db`, which may take seconds where it is large, and looks whether it is whole.
   * @throws CausewayError `store-damaged`, naming the file
   */
  checkState(): void {
    this.#parts.state.check();
  }

  /**
   * Sends a notice. Resolves when the gateway has made it durable.
   *
   * From the moment it is written down here it will be sent, even if this process dies: aborting the signal after
   * that ends the waiting only. Use {@link cancel} to take a message back before it is sent.
   * @throws CausewayError the gateway's reason when it refuses; before that, whatever is wrong with the notice:
   *   `request-malformed`, `dataset-invalid`, `key-unknown`, `key-changed`, `key-unproven`, `log-halted`,
   *   `payload-too-large`, … ; `aborted`
   */
  async send(notice: OutgoingNotice & { readonly signal?: AbortSignal }): Promise<SendResult> {
    const id = await this.enqueue(notice);
    return waitUnlessAborted(this.#parts.outbox.waitFor(id), notice.signal);
  }

  /**
   * Writes a notice down to be sent, also while there is no connection. Resolves with its id once it is durable
   * here; {@link accepted} tells the rest.
   * @param notice with `signal`, nothing is written down once that is aborted; with `readyBy`, nobody is waited for any
   *   longer who has to give something first: the gateway a schema, the directory or the log, a holder its share of tokens
   */
  async enqueue(
    notice: OutgoingNotice & { readonly signal?: AbortSignal; readonly readyBy?: AbortSignal },
  ): Promise<MessageId> {
    this.#assertOpen();
    const { signal, readyBy, ...rest } = checkNotice(notice);
    throwIfAborted(signal);
    const until = firstOf(signal, readyBy);
    const { composing, outbox } = this.#parts;
    // Reading a schema or the directory, or finding a key in the log, may take long: it must not keep others from their turn.
    if (rest.dataschema !== undefined)
      await waitUnlessAborted(composing.datasets.ensure(rest.dataschema), until);
    if (this.directory.mayHaveChanged([rest.to].flat()))
      await waitUnlessAborted(this.directory.reading.catchUp(), until);
    if (this.directory.isUnproven([rest.to].flat())) {
      await waitUnlessAborted(this.#parts.log.proveEntries(), until);
      // Another client that shares the home may have found it meanwhile, or before.
      this.directory.readProven();
    }
    const { doubt } = this.#parts.log;
    if (doubt !== undefined) await waitUnlessAborted(doubt, until);
    const draft = await this.#inTurn(
      () =>
        composeNotice(rest, composing, until).catch((error: unknown) => {
          throwIfAborted(signal);
          throw error;
        }),
      (composed) => {
        throwIfAborted(signal);
        return outbox.put(composed);
      },
      until,
    );
    return draft.envelope.id;
  }

  /** Resolves when the gateway has accepted a message of the outbox, as {@link send} does. */
  accepted(id: string, options: { signal?: AbortSignal } = {}): Promise<SendResult> {
    return waitUnlessAborted(this.#parts.outbox.waitFor(id as MessageId), options.signal);
  }

  /** Takes back a message that has not been sent. @returns false when it is too late */
  cancel(id: string): Promise<boolean> {
    return this.#parts.outbox.withdraw(id as MessageId);
  }

  /**
   * Notices to this endpoint, for `for await`. Asking for the next one acknowledges the one before: its sender gets
   * a `stored` receipt signed here. Leaving the loop otherwise does not, and the notice comes again.
   */
  notices(options: NoticeStreamOptions = {}): NoticeStream {
    this.#assertOpen();
    this.#parts.inbox.listen();
    return new NoticeStream(this.#parts.inbox, options);
  }

  /** Messages that cannot be shown yet, and by their code why: many wait for {@link ClientDirectory.trust}. */
  held(): HeldNotice[] {
    return this.#parts.inbox.held();
  }

  /** Senders whose notice with this id was stored here: one, or none; ids of different senders may be alike. */
  receivedFrom(id: string): EndpointAddress[] {
    return this.#parts.inbox.sendersOf(id as MessageId);
  }

  /**
   * What becomes of this endpoint's messages, verified, from now on. A loop that leaves more than 10,000 unread
   * loses the oldest, with a `problem` event of code `slow-consumer`; {@link message} and {@link messages} have all.
   */
  receipts(options: { signal?: AbortSignal } = {}): AsyncIterableIterator<ReceiptEvent, undefined> {
    return this.#parts.receiptEvents.iterate(options.signal);
  }

  /** A message of this endpoint and its ladder; `undefined` when there is none. */
  message(id: string): MessageRecord | undefined {
    return this.#parts.ladder.readMessage(id as MessageId);
  }

  /** Messages of this endpoint, the newest first. */
  messages(query: MessageQuery = {}): MessageRecord[] {
    return this.#parts.ladder.readMessages(query);
  }

  /**
   * Messages that the gateway has accepted and then lost, or may have lost, as after it was restored from a backup, while a
   * recipient has not answered. Most are submitted again by themselves; `refused` and `unsent` ones are to be sent anew.
   * Before the first session those that have expired since the last one of this home are among them.
   */
  lost(): LostMessage[] {
    return this.#parts.lost.list();
  }

  /**
   * Resolves when every recipient has stored or refused the message, or it has expired, or the gateway refused it.
   * @throws CausewayError `not-found`, `aborted`, `client-closed`
   */
  async settled(id: string, { signal }: { signal?: AbortSignal } = {}): Promise<MessageRecord> {
    const events = this.#parts.receiptEvents.iterate(signal);
    try {
      for (;;) {
        const message = this.message(id);
        if (message === undefined) throw new CausewayError('not-found');
        if (isSettled(message)) return message;
        const { done } = await events.next();
        throwIfAborted(signal);
        if (done === true) throw new CausewayError('client-closed');
      }
    } finally {
      await events.return?.();
    }
  }

  /** Resolves when a session is ready and the directory was read. @throws CausewayError `aborted`, `client-closed` */
  whenConnected(options: { signal?: AbortSignal } = {}): Promise<void> {
    return waitUnlessAborted(this.#parts.run.whenReady(), options.signal);
  }

  /**
   * Waits until every message of this client is answered and every receipt dealt with by the gateway: confirmed, or refused.
   * One that it refused as wrong was told by `gatewayError`, and is sent again in the next session.
   * @param options.timeoutMs how long; default, and above 24 days: without end
   * @throws CausewayError `aborted` when it takes longer than `timeoutMs` or the signal says so, `client-closed`,
   *   `request-malformed`
   */
  async drain(options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<void> {
    checkDrainOptions(options);
    this.#assertOpen();
    const { timeoutMs, signal } = options;
    const { outbox, receiptSender, run } = this.#parts;
    const timeout = timeoutMs === undefined ? undefined : timeoutSignal(timeoutMs);
    const done = Promise.all([outbox.whenIdle(), receiptSender.whenQuiet()]);
    try {
      await waitUnlessAborted(done, firstOf(run.closing, signal, timeout));
    } catch (error) {
      throw run.closing.aborted ? new CausewayError('client-closed', { cause: error }) : error;
    }
  }

  /** Ends the session and closes the state. What is in the outbox stays there for the next client. */
  close(): Promise<void> {
    this.#closing ??= this.#parts.run.close();
    return this.#closing;
  }

  /** For `await using`: drains for up to 5 s, then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    // What does not drain in time is not lost: it stays in the outbox or with the gateway.
    if (this.#closing === undefined) {
      await this.drain({ timeoutMs: farewellDrainMs }).catch(() => undefined);
    }
    await this.close();
  }

  /** Called once, by {@link connect}. @internal */
  async start(options: ConnectOptions): Promise<void> {
    const { home, signal, waitMs = 10_000, toleratesForeignParts = false } = options;
    const { run, foreignParts } = this.#parts;
    try {
      const fault = foreignPartsFault(home, foreignParts());
      if (fault !== undefined && toleratesForeignParts) {
        this.#barToConnecting = fault;
        return;
      }
      if (fault !== undefined) throw fault;
      await run.start(waitMs, signal);
      // The directory, which says which keys belong to the endpoint, may not have been read before.
      const found = toleratesForeignParts ? undefined : foreignPartsFault(home, foreignParts());
      if (found !== undefined) throw found;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Composes side by side but writes down in the order of the calls. @param until when one gives up waiting for those before */
  async #inTurn<T>(
    compose: () => Promise<T>,
    put: (composed: T) => Promise<void>,
    until: AbortSignal | undefined,
  ): Promise<T> {
    const before = this.#lastTurn;
    const turn = Promise.withResolvers<undefined>();
    this.#lastTurn = turn.promise;
    try {
      const composed = await compose();
      // Where nobody is before it any more, what is made is kept, however long that took.
      await Promise.race([before, waitUnlessAborted(before, until)]);
      const written = put(composed);
      turn.resolve(undefined);
      await written;
      return composed;
    } finally {
      // After those before, also when this one came to nothing.
      before.then(turn.resolve, turn.resolve);
    }
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new CausewayError('client-closed');
  }
}
