/**
 * Keeps one session open for ever: connects, and connects again after every end, with jitter.
 *
 * ```
 * waiting ──▶ connecting ──welcome──▶ connected
 *    ▲            └────────close─────────┤
 *    └───────────────────────────────────┘          stopped: by `stop` only
 * ```
 */
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { GatewayFrame, Welcome } from '../../protocol/wire/control.ts';
import type { Unit } from '../../protocol/wire/frame.ts';
import { socketPath } from '../../protocol/limits.ts';
import { backoffMs } from './backoff.ts';
import type { Home } from './home.ts';
import { openLink, type Link } from './link.ts';

type SessionHandlers = {
  /** A session is ready and is the right gateway's. */
  onReady(link: Link, welcome: Welcome): void;
  onUnits(units: Unit[]): void;
  onReceiptFrame(position: number, group: Buffer): void;
  onControl(frame: Exclude<GatewayFrame, Welcome>): void;
  onWritable(): void;
  /** A session ended or could not be opened; `undefined` for a time when there will be no further attempt. */
  onEnded(error: CausewayError | undefined, retryInMs: number | undefined): void;
};

type SessionKeeperOptions = {
  /** Names your software to the gateway. */
  readonly client: string;
  readonly endpoint: EndpointAddress;
  /** The key that must sign the gateway's receipts. */
  readonly receiptKeyId: string;
  /** The identity as it is on disk now: its certificate may have been renewed. */
  readonly readHome: () => Promise<Home>;
  /** Position of the last receipt group stored; null for a session without receipts. */
  readonly receiptsAfter: () => number | null;
  readonly random: () => number;
  readonly now: () => number;
};

/** A session that lasted so long was a good one: the next attempts start from the beginning. */
const goodSessionMs = 10_000;
const farewellMs = 3_000;

export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  readonly #handlers: SessionHandlers;
  #link: Link | undefined;
  #timer: NodeJS.Timeout | undefined;
  #farewell: NodeJS.Timeout | undefined;
  #attempt = 0;
  #readySince: number | undefined;
  #suggestedMs: number | undefined;
  #hurry = false;
  #isStopped = false;
  #onStopped: (() => void) | undefined;

  constructor(options: SessionKeeperOptions, handlers: SessionHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  get isConnected(): boolean {
    return this.#readySince !== undefined;
  }

  start(): void {
    this.#open().catch((error: unknown) => {
      const typed =
        error instanceof CausewayError ? error : new CausewayError('home-invalid', { cause: error });
      this.#ended(typed);
    });
  }

  /** Ends the present session in order and opens another at once: the gateway then delivers again what is open. */
  renewSession(): void {
    if (this.#link === undefined || !this.isConnected) return;
    this.#hurry = true;
    this.#bidFarewell(this.#link);
  }

  /** Ends for good; resolves when the session is closed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const link = this.#link;
    if (link === undefined) return;
    const ended = new Promise<void>((resolve) => (this.#onStopped = resolve));
    if (link.state === 'ready') this.#bidFarewell(link);
    else if (link.state !== 'leaving') link.terminate();
    await ended;
  }

  /** The gateway answers what is open and closes; should it not, the session is cut. */
  #bidFarewell(link: Link): void {
    link.goodbye();
    clearTimeout(this.#farewell);
    this.#farewell = setTimeout(() => link.terminate(), farewellMs);
  }

  async #open(): Promise<void> {
    this.#timer = undefined;
    const { client, readHome, receiptsAfter } = this.#options;
    const home = await readHome();
    if (this.#isStopped) return;
    const url = new URL(socketPath, home.gatewayUrl);
    url.protocol = 'wss:';
    const link = openLink(
      {
        url: url.href,
        tls: { key: home.tlsKeyPem, cert: home.tlsCertificatePem, ca: home.authorityPem },
        hello: { client, receiptsAfter: receiptsAfter() },
      },
      {
        onWelcome: (welcome) => this.#welcomed(link, welcome),
        onUnits: (units) => this.#handlers.onUnits(units),
        onReceiptFrame: (position, group) => this.#handlers.onReceiptFrame(position, group),
        onControl: (frame) => {
          if (frame.type === 'draining') this.#suggestedMs = frame.reconnectMs;
          this.#handlers.onControl(frame);
        },
        onWritable: () => this.#handlers.onWritable(),
        onClose: (error) => this.#ended(error),
      },
    );
    this.#link = link;
  }

  #welcomed(link: Link, welcome: Welcome): void {
    const { endpoint, receiptKeyId, now } = this.#options;
    if (welcome.endpoint !== endpoint || welcome.receiptKey !== receiptKeyId) {
      link.terminate(
        new CausewayError('gateway-untrusted', {
          detail: 'It welcomed another endpoint or has another key.',
        }),
      );
      return;
    }
    this.#readySince = now();
    this.#handlers.onReady(link, welcome);
  }

  #ended(error: CausewayError | undefined): void {
    const lasted = this.#readySince === undefined ? 0 : this.#options.now() - this.#readySince;
    clearTimeout(this.#farewell);
    this.#link = undefined;
    this.#readySince = undefined;
    if (this.#isStopped) {
      this.#handlers.onEnded(error, undefined);
      this.#onStopped?.();
      return;
    }
    this.#attempt = lasted >= goodSessionMs ? 0 : this.#attempt;
    const retryInMs = this.#hurry
      ? 0
      : backoffMs(this.#attempt, error, this.#suggestedMs, this.#options.random());
    this.#attempt = this.#hurry ? 0 : this.#attempt + 1;
    this.#hurry = false;
    this.#suggestedMs = undefined;
    this.#timer = setTimeout(() => this.start(), retryInMs);
    this.#handlers.onEnded(error, retryInMs);
  }
}
