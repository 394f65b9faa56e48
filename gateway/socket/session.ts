/** One open session: carries out what the state machine decides, over a real socket. */
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import type { Digest, EndpointAddress } from '../../protocol/ids.ts';
import { errorFrame, type Welcome } from '../../protocol/wire/control.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { Unit } from '../../protocol/wire/frame.ts';
import { isReceiptRefusal } from '../../protocol/wire/receipt-refusal.ts';
import { limits } from '../../protocol/limits.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import type { Sender } from '../relay/examine.ts';
import type { Relay } from '../relay/relay.ts';
import type { Store } from '../store/port.ts';
import { DeliveryTap } from './delivery-tap.ts';
import { DirectoryNews } from './directory-news.ts';
import { asFrameError } from './frame-error.ts';
import type { Intake, IntakeShare } from './intake.ts';
import { Outbound } from './outbound.ts';
import type { PendingWork } from './pending-work.ts';
import { readFrame, type ReadFrame } from './read-frame.ts';
import { initialState, step, type SessionEffect, type SessionEvent } from './session-machine.ts';
import { StallWatch } from './stall-watch.ts';
import { StoredReceipts } from './stored-receipts.ts';

/** What a session needs of the gateway. */
export type SessionContext = {
  readonly store: Store;
  readonly relay: Pick<Relay, 'settle'> & {
    /** What it gives has units examined and kept, and may be called again where the store could not write. */
    submit(units: readonly Unit[]): (sender: Sender) => Promise<Buffer>;
  };
  readonly dispatcher: Dispatcher;
  readonly intake: Intake;
  readonly pending: PendingWork;
  /** Bytes of a frame have arrived. @throws CausewayError `rate-limited` */
  received(endpoint: EndpointAddress, bytes: number): void;
  welcome(endpoint: EndpointAddress): Promise<Welcome>;
  /** A session is open to submissions and deliveries; `client` is what the software calls itself. */
  onReady(endpoint: EndpointAddress, client: string): void;
  /** An error of a session, for the log and the record; `error` is typed unless the gateway itself failed. */
  report(endpoint: EndpointAddress, error: unknown): void;
  onClosed(session: Session): void;
  /** A clock that nobody sets, ms; default `performance.now`. */
  readonly monotonicMs?: (() => number) | undefined;
};

/** The certificate that opened a session. */
export type SessionCertificate = {
  /** SHA-256 of its DER. */
  readonly thumbprint: Digest;
  /** ms since 1970 */
  readonly endsAt: number;
};

const storeRetryMs = 500;
const slowness = { stalledMs: 10_000, maxBufferedBytes: 4 * 1024 * 1024 };
const reconnectMs = 1_000;

export class Session {
  readonly endpoint: EndpointAddress;
  readonly certificate: SessionCertificate;
  readonly #context: SessionContext;
  #sender: Sender;
  readonly #socket: WebSocket;
  readonly #out: Outbound;
  #state = initialState;
  readonly #tap: DeliveryTap;
  #deadline: NodeJS.Timeout | undefined;
  #frame: ReadFrame | undefined;
  #settled: Promise<unknown> = Promise.resolve();
  #missedPongs = 0;
  readonly #news = new DirectoryNews((version) => {
    if (this.#state.phase === 'ready') this.#out.control({ type: 'directory-changed', version });
  });
  readonly #stored: StoredReceipts;
  readonly #intake: IntakeShare;
  readonly #stall: StallWatch;

  constructor(
    socket: WebSocket,
    transport: Socket,
    identity: { sender: Sender; certificate: SessionCertificate },
    context: SessionContext,
  ) {
    this.#sender = identity.sender;
    this.endpoint = identity.sender.entry.endpoint;
    this.certificate = identity.certificate;
    this.#context = context;
    this.#socket = socket;
    this.#stall = new StallWatch(slowness, context.monotonicMs);
    this.#out = new Outbound(socket, transport);
    this.#tap = new DeliveryTap(this.endpoint, context.dispatcher);
    this.#stored = new StoredReceipts(
      (through) => context.pending.add(context.store.forgetReceipts(this.endpoint, through)),
      (error) => context.report(this.endpoint, error),
    );
    this.#intake = context.intake.shareOf(socket);
    this.#deadline = setTimeout(() => this.#apply({ type: 'deadline' }), limits.helloTimeoutMs);
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => (this.#missedPongs = 0));
    for (const beat of ['ping', 'pong'] as const) socket.on(beat, (data) => this.#receive(data));
    socket.on('error', (error) => this.#context.report(this.endpoint, asFrameError(error)));
    socket.on('close', () => this.#gone());
    transport.on('drain', () => this.#tap.resume());
  }

  /** As the directory has it now. */
  get sender(): Sender {
    return this.#sender;
  }

  get phase(): 'hello' | 'ready' | 'draining' | 'closed' {
    return this.#state.phase;
  }

  /** Ends the session with an error that the client is told. */
  fail(error: CausewayError): void {
    this.#apply({ type: 'fail', error });
  }

  /** The directory has changed, and this endpoint is still in it with the same keys. */
  directoryChanged(entry: DirectoryEntry, version: number): void {
    this.#sender = { ...this.#sender, entry };
    this.#news.changed(version);
  }

  /** Finishes what is open, then closes with 1001. */
  drain(): void {
    this.#apply({ type: 'drain' });
  }

  /** Drops the connection without a word. */
  terminate(): void {
    this.#socket.terminate();
  }

  /** Pings, and cuts off a peer that has been silent since the beat before: within 40 s. Called every 20 s. */
  beat(): void {
    // While the gateway itself does not read, no pong can arrive.
    if (this.#socket.isPaused) return;
    if (this.#missedPongs >= 1) {
      this.#context.report(this.endpoint, new CausewayError('peer-silent'));
      this.terminate();
      return;
    }
    this.#missedPongs++;
    this.#socket.ping();
  }

  /** Cuts off a peer that does not read, and lets go of stored receipts. Called every other second. */
  sweep(): void {
    this.#stored.flush();
    if (!this.#stall.hasStalled(this.#out.bufferedBytes, this.#out.takenBytes)) return;
    this.#context.report(this.endpoint, new CausewayError('slow-consumer'));
    this.terminate();
  }

  /** @param isBinary undefined for pings and pongs, which cost the gateway time all the same */
  #receive(data: RawData, isBinary?: boolean): void {
    try {
      this.#context.received(this.endpoint, (data as Buffer).byteLength);
      if (isBinary === undefined) return;
      this.#frame = readFrame(data as Buffer, isBinary);
      this.#apply(this.#frame.event);
    } catch (error) {
      this.#failWith(error);
    } finally {
      this.#frame = undefined;
    }
  }

  #apply(event: SessionEvent): void {
    const { state, effects } = step(this.#state, event);
    this.#state = state;
    if (state.phase !== 'hello' && this.#deadline !== undefined) {
      clearTimeout(this.#deadline);
      this.#deadline = undefined;
    }
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: SessionEffect): void {
    switch (effect.do) {
      case 'welcome':
        this.#intake.open();
        this.#inBackground(this.#welcome(effect.receiptsAfter, effect.client));
        return;
      case 'submit':
        if (this.#frame?.units !== undefined) this.#inBackground(this.#submit(this.#frame.units));
        return;
      case 'settle':
        if (this.#frame?.group !== undefined) this.#inBackground(this.#settle(this.#frame.group));
        return;
      case 'grant':
        this.#tap.grant(effect.messages);
        return;
      case 'confirm':
        this.#confirm(effect.units);
        return;
      case 'forget':
        this.#stored.note(effect.through);
        return;
      case 'tell-refusal':
        this.#out.control(errorFrame(effect.error, false));
        return;
      case 'tell-taken':
        this.#out.control({ type: 'receipts-taken', frames: effect.frames });
        return;
      case 'tell-draining':
        this.#out.control({ type: 'draining', reconnectMs });
        return;
      case 'tell-error':
        this.#context.report(this.endpoint, effect.error);
        this.#out.control(errorFrame(effect.error, effect.closing));
        return;
      case 'stop-deliveries':
        this.#tap.release();
        return;
      case 'close':
        this.#out.close(effect.code, '');
        return;
    }
  }

  async #welcome(receiptsAfter: number | null, client: string): Promise<void> {
    const welcome = await this.#untilDurable(() => this.#context.welcome(this.endpoint));
    if (welcome === undefined || this.#state.phase !== 'ready') return;
    this.#out.control(welcome);
    this.#news.welcomed(welcome.directoryVersion);
    this.#context.onReady(this.endpoint, client);
    this.#tap.open(this.#out, receiptsAfter);
  }

  async #submit(units: readonly Unit[]): Promise<void> {
    const bytes = units.reduce((sum, unit) => sum + unit.bytes.byteLength, 0);
    const keep = this.#context.relay.submit(units);
    const receipts = await this.#intake.during(bytes, () => this.#untilDurable(() => keep(this.#sender)));
    if (receipts === undefined) return;
    if (this.#isOpen()) this.#out.receipts(0, receipts);
    this.#apply({ type: 'answered', units: units.length });
  }

  /** Frames are settled side by side and confirmed in order: `receipts-taken: n` speaks of the first n. */
  #settle(group: Buffer): Promise<unknown> {
    const before = this.#settled;
    const work = this.#settleGroup(group);
    this.#settled = Promise.all([before, work]).then(([, refusal]) => {
      this.#apply({ type: 'settled', refusal });
    });
    // What fails here fails in `work` too, which the caller looks after.
    this.#settled.catch(() => undefined);
    return work;
  }

  /**
   * @returns why it was refused, where it was: a bad receipt costs its own group, not the session, for others depend on that.
   * Whatever else fails ends the session, as with a submission: a group that was only counted would be lost
   */
  async #settleGroup(group: Buffer): Promise<CausewayError | undefined> {
    try {
      await this.#intake.during(group.byteLength, () =>
        this.#untilDurable(() => this.#context.relay.settle(this.#sender, group)),
      );
      return undefined;
    } catch (error) {
      if (!isCausewayError(error) || !isReceiptRefusal(error.code)) throw error;
      this.#context.report(this.endpoint, error);
      return error;
    }
  }

  /** While the store cannot write, nothing is acknowledged and nothing is given up: the same work is tried again. */
  async #untilDurable<T>(work: () => Promise<T>): Promise<T | undefined> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!isCausewayError(error, 'store-unavailable')) throw error;
        if (!this.#isOpen()) return undefined;
        if (attempt === 0) this.#perform({ do: 'tell-error', error, closing: false });
        await new Promise((resolve) => setTimeout(resolve, storeRetryMs));
        // Its endpoint may have been revoked.
        if (!this.#isOpen()) return undefined;
      }
    }
  }

  #confirm(units: number): void {
    const portions = this.#tap.confirm(units);
    if (portions.length === 0) return;
    const { store } = this.#context;
    // Side by side, so that none comes behind a receipt that arrives later; what is marked already costs little again.
    const mark = (): Promise<unknown> =>
      Promise.all(portions.map((deliveries) => store.markDelivered(deliveries)));
    this.#inBackground(this.#untilDurable(mark));
  }

  #isOpen(): boolean {
    return this.#state.phase === 'ready' || this.#state.phase === 'draining';
  }

  #inBackground(work: Promise<unknown>): void {
    this.#context.pending.add(work).catch((error: unknown) => this.#failWith(error));
  }

  #failWith(error: unknown): void {
    this.fail(isCausewayError(error) ? error : new CausewayError('internal-error', { cause: error }));
  }

  #gone(): void {
    this.#apply({ type: 'gone' });
    this.#intake.close();
    this.#stored.flush();
    this.#tap.release();
    this.#context.onClosed(this);
  }
}
