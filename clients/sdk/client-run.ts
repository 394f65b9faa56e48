/** A client while it runs: what happens at each welcome, frame and end of a session, and what is done now and then. */
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { GatewayFrame, Welcome } from '../../protocol/wire/control.ts';
import { longestTimerMs, waitUnlessAborted } from './abort.ts';
import { BackgroundWork } from './background-work.ts';
import type { ClientLog } from './log/client-log.ts';
import type { DatasetBook } from './datasets/dataset-book.ts';
import { frameError } from './connection-error.ts';
import type { ClientDirectory } from './directory.ts';
import type { ClientEmitter } from './events.ts';
import type { GatewayClock } from './gateway-clock.ts';
import type { Home } from './home.ts';
import type { KnownLimits } from './heeded-limits.ts';
import type { Inbox } from './inbox.ts';
import type { Link } from './link.ts';
import type { LostMessages } from './lost-messages.ts';
import { foreignWords, type Log } from './logger.ts';
import type { Outbox } from './outbox.ts';
import type { ReceiptBook } from './receipt-book.ts';
import type { ReceiptSender } from './receipt-sender.ts';
import { ReceiptStream } from './receipt-stream.ts';
import { CertificateRenewal } from './renewal.ts';
import { SessionKeeper } from './session-keeper.ts';
import type { StateDatabase } from './state-database.ts';
import { isStateFailure } from './state-failure.ts';

/** The parts that a client shows to its user and that run by themselves. */
export type RunningParts = {
  readonly endpoint: EndpointAddress;
  readonly directory: ClientDirectory;
  readonly datasets: DatasetBook;
  readonly emitter: ClientEmitter;
  readonly outbox: Outbox;
  readonly lost: LostMessages;
  readonly inbox: Inbox;
  readonly receiptSender: ReceiptSender;
};

type ClientRunDependencies = RunningParts & {
  readonly state: StateDatabase;
  readonly receiptBook: ReceiptBook;
  readonly limits: KnownLimits;
  readonly log: Log;
  readonly followedLog: ClientLog;
  /** Names your software to the gateway. */
  readonly clientName: string;
  /** The key that must sign the gateway's receipts. */
  readonly receiptKeyId: string;
  readonly random: () => number;
  readonly readHome: () => Promise<Home>;
  readonly renewCertificate: boolean;
  readonly now: () => number;
  readonly clock: GatewayClock;
  readonly report: (error: unknown) => void;
  /** Names this client among those that share the home; see `holder.ts`. */
  readonly holder: string;
  readonly releaseHolder: () => void;
  /** Aborted when the client is closed: ends requests that are under way. */
  readonly closing: AbortController;
  readonly onClosed: () => void;
};

const watchMs = 1_000;
const reconcileEvery = 15;
const renewalCheckMs = 3_600_000;

export class ClientRun {
  readonly keeper: SessionKeeper;
  readonly #deps: ClientRunDependencies;
  #link: Link | undefined;
  /** The outbox has no part in this session, because a person is to decide first. */
  #isHalted = false;
  #lastError: CausewayError | undefined;
  #ready = Promise.withResolvers<undefined>();
  /** Only then does the next session need another promise: whoever waits for this one must not be left with it. */
  #isReady = false;
  #firstEnd = Promise.withResolvers<undefined>();
  readonly #receipts: ReceiptStream;
  #watch: NodeJS.Timeout | undefined;
  #renewalCheck: NodeJS.Timeout | undefined;
  readonly #renewal: CertificateRenewal;
  #ticks = 0;
  #stateVersion = 0;
  readonly #background: BackgroundWork;

  constructor(deps: ClientRunDependencies) {
    this.#deps = deps;
    this.#background = new BackgroundWork(deps.report);
    this.#stateVersion = deps.state.changesByOthers();
    const { clientName, endpoint, receiptKeyId, readHome, random, now, clock } = deps;
    const { state, holder, closing, directory, log, report } = deps;
    this.#renewal = new CertificateRenewal({
      ...{ state, holder, readHome, now, log, directory, report, signal: closing.signal },
      aheadMs: () => (clock.hasJumped ? undefined : clock.aheadMs()),
      maxClockSkewMs: () => deps.limits.current.maxClockSkewMs,
    });
    const session = { client: clientName, endpoint, receiptKeyId, readHome, random, now };
    const receipts = new ReceiptStream(deps.receiptBook, () => this.keeper.renewSession());
    this.#receipts = receipts;
    const takeReceipts = (position: number, group: Buffer) =>
      receipts.take(position, group).then(() => deps.outbox.pump());
    this.keeper = new SessionKeeper(
      { ...session, receiptsAfter: () => receipts.begin() },
      {
        onReady: (link, welcome) => this.#onReady(link, welcome),
        onUnits: (units) => deps.inbox.arrived(units),
        onReceiptFrame: (position, group) => this.#background.begin(takeReceipts(position, group)),
        onControl: (frame) => this.#onControl(frame),
        onWritable: () => deps.outbox.pump(),
        onEnded: (error, retryInMs) => this.#onEnded(error, retryInMs),
      },
    );
  }

  /** Begins to connect; resolves at the first session, at the first failure, or after `waitMs`. */
  async start(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    this.#watch = setInterval(() => this.#background.begin(this.#watchState()), watchMs);
    this.#watch.unref();
    if (this.#deps.renewCertificate) {
      this.#renewalCheck = setInterval(() => this.#background.begin(this.#renewIfDue()), renewalCheckMs);
      this.#renewalCheck.unref();
    }
    this.keeper.start();
    const patience = Promise.withResolvers<undefined>();
    const isEndless = waitMs > longestTimerMs;
    const timer = isEndless ? undefined : setTimeout(() => patience.resolve(undefined), waitMs);
    try {
      await waitUnlessAborted(
        Promise.race([this.#ready.promise, this.#firstEnd.promise, patience.promise]),
        signal,
      );
    } finally {
      clearTimeout(timer);
    }
  }

  /** Why the last session ended or could not be opened; `undefined` while there is one. */
  get lastError(): CausewayError | undefined {
    return this.#lastError;
  }

  /** See `ClientStatus`. */
  get clockAheadMs(): number | undefined {
    const { clock, limits } = this.#deps;
    return clock.skewMs(limits.current.maxClockSkewMs);
  }

  /** Aborted when the client is closed. */
  get closing(): AbortSignal {
    return this.#deps.closing.signal;
  }

  async whenReady(): Promise<void> {
    await this.#ready.promise;
  }

  /** Keys were trusted: what was held for them is looked at again. */
  trusted(endpoints: readonly EndpointAddress[]): void {
    this.#background.begin(this.#receipts.takeHeld(endpoints));
    if (this.#deps.inbox.trusted(endpoints)) this.keeper.renewSession();
  }

  /** The gateway knows a recipient otherwise than it was known here: its directory is read, whichever version it is. */
  refusedByDirectory(): void {
    this.#background.begin(this.#deps.directory.reading.refused().then(() => this.#receipts.takeHeld()));
  }

  /** The log contradicts itself: what waits stays in the outbox. Receiving goes on. */
  halt(): void {
    this.#isHalted = true;
    this.#deps.outbox.detach();
  }

  /** A person has decided: what waits is sent. */
  resume(): void {
    this.#isHalted = false;
    this.keeper.renewSession();
  }

  /** What has waited for a look at the log is sent, unless that log contradicts itself, as another program may have found. */
  doubtOver(): void {
    if (this.#deps.followedLog.halted() === undefined) this.#deps.outbox.pump();
    else this.halt();
  }

  /** The gateway went back to an earlier state, it says: what it has lost is submitted again, unless its log went back too. */
  foundLoss(): void {
    this.#deps.followedLog.contradicted();
    this.#background.begin(this.#sendLost());
  }

  async close(): Promise<void> {
    const { inbox, outbox, state, releaseHolder, onClosed, closing, followedLog } = this.#deps;
    closing.abort();
    clearInterval(this.#watch);
    clearInterval(this.#renewalCheck);
    inbox.close();
    await this.keeper.stop();
    outbox.close();
    onClosed();
    // Nobody may be waiting for it.
    this.#ready.promise.catch(() => undefined);
    this.#ready.reject(new CausewayError('client-closed'));
    await this.#background.end();
    await followedLog.close();
    releaseHolder();
    await state.close();
  }

  #onReady(link: Link, welcome: Welcome): void {
    const { emitter, limits, log, clock } = this.#deps;
    this.#link = link;
    clock.heard(welcome.clock);
    limits.current = link.limits;
    this.#lastError = undefined;
    this.#receipts.attach(link);
    log.info({ event: 'connected', endpoint: welcome.endpoint }, 'a session is ready');
    emitter.emit('connected', welcome);
    const aheadMs = clock.skewMs(link.limits.maxClockSkewMs);
    if (aheadMs !== undefined) emitter.emit('clockSkew', { aheadMs });
    this.#background.begin(this.#setUp(link, welcome));
  }

  /** Sends what is open first; asks for messages only once their senders can be known. */
  async #setUp(link: Link, welcome: Welcome): Promise<void> {
    const { inbox, directory, datasets, followedLog } = this.#deps;
    const sending = this.#beginSending(link, welcome);
    // What has come is received meanwhile.
    if (followedLog.doubt === undefined) await sending;
    else this.#background.begin(sending);
    await directory.reading.upTo(welcome.directoryVersion);
    if (this.#link !== link) return;
    // Receipts may have come before the entries of those who signed them.
    this.#background.begin(this.#receipts.takeHeld());
    try {
      inbox.attach(link, welcome);
    } catch (error) {
      throw giveUp(link, error);
    }
    this.#isReady = true;
    this.#ready.resolve(undefined);
    followedLog.connected();
    this.#background.begin(datasets.refreshFor(welcome.policyDigest));
    if (this.#deps.renewCertificate) this.#background.begin(this.#renewIfDue());
  }

  /** Sends what is open, unless the log contradicts itself. */
  async #beginSending(link: Link, { checkpoint }: Welcome): Promise<void> {
    const { outbox, lost, receiptSender, followedLog } = this.#deps;
    try {
      receiptSender.attach(link);
      followedLog.welcomed(checkpoint);
      await followedLog.doubt;
      if (this.#link !== link) return;
      this.#isHalted = followedLog.halted() !== undefined;
      if (!this.#isHalted) await outbox.attach(link);
      await lost.sendDue();
    } catch (error) {
      throw giveUp(link, error);
    }
  }

  async #sendLost(): Promise<void> {
    await this.#deps.followedLog.doubt;
    await this.#deps.lost.sendDue();
  }

  #onControl(frame: Exclude<GatewayFrame, Welcome>): void {
    const { emitter, directory, receiptSender, log } = this.#deps;
    switch (frame.type) {
      case 'receipts-taken':
        receiptSender.taken(frame.frames);
        return;
      case 'directory-changed':
        this.#background.begin(
          directory.reading.announce(frame.version).then(() => this.#receipts.takeHeld()),
        );
        return;
      case 'error': {
        const error = frameError(frame);
        log.warn({ code: error.code, ...foreignWords(error) }, 'the gateway reported an error');
        receiptSender.reported(error.code);
        emitter.emit('gatewayError', error);
        return;
      }
      case 'draining':
        return;
    }
  }

  #onEnded(error: CausewayError | undefined, retryInMs: number | undefined): void {
    const { directory, outbox, inbox, receiptSender, emitter, log } = this.#deps;
    if (this.#isReady) this.#ready = Promise.withResolvers<undefined>();
    this.#isReady = false;
    this.#link = undefined;
    this.#lastError = error;
    this.#receipts.detach();
    directory.reading.forget();
    outbox.detach();
    inbox.detach();
    receiptSender.detach();
    this.#deps.followedLog.disconnected();
    const fields = { event: 'disconnected', ...(retryInMs === undefined ? {} : { retryInMs }) };
    log.info(error === undefined ? fields : { ...fields, code: error.code }, 'the session has ended');
    emitter.emit('disconnected', { error, retryInMs });
    this.#firstEnd.resolve(undefined);
  }

  /** Another process may have trusted a key, answered a message or left one behind, found the log to fork, or gone on. */
  async #watchState(): Promise<void> {
    const { state, directory, outbox, followedLog } = this.#deps;
    const version = state.changesByOthers();
    const isChanged = version !== this.#stateVersion;
    this.#stateVersion = version;
    if (isChanged) {
      directory.reload();
      if (followedLog.halted() !== undefined) this.halt();
      else if (this.#isHalted) this.resume();
      const trusted = directory.list().filter(({ trust }) => trust === 'trusted');
      const endpoints = trusted.map(({ endpoint }) => endpoint);
      await this.#receipts.takeHeld(endpoints);
    }
    if (!isChanged && ++this.#ticks % reconcileEvery !== 0) return;
    await outbox.reconcile();
    await this.#sendLost();
  }

  /** Another welcome has to say first whether a clock that has jumped is right; it is followed by a renewal that is due. */
  async #renewIfDue(): Promise<void> {
    const { emitter, closing, clock } = this.#deps;
    if (clock.hasJumped) {
      this.keeper.renewSession();
      return;
    }
    try {
      if (!(await this.#renewal.renewIfDue())) return;
      emitter.emit('renewed', { error: undefined });
      // The session stands on the old certificate, which ends soon.
      this.keeper.renewSession();
    } catch (error) {
      if (closing.signal.aborted) return;
      if (!isCausewayError(error) || isStateFailure(error)) throw error;
      emitter.emit('renewed', { error });
    }
  }
}

/** Ends a session that could not be set up, and says why. @returns the error to throw */
function giveUp(link: Link, error: unknown): unknown {
  link.terminate(isCausewayError(error) ? error : undefined);
  return error;
}
