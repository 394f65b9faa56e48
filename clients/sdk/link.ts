/**
 * One live session with the gateway: frames in, frames out, nothing remembered.
 *
 * ```
 * opening ──open──▶ greeting ──welcome──▶ ready ──goodbye──▶ leaving
 *    └──────────────────┴──────close─────────┴───────────────────┴──▶ closed
 * ```
 *
 * The low, fast layer: {@link Client} stands on it, and so can anything that keeps its own state. Nothing here
 * reconnects, signs, verifies or stores.
 */
import type WebSocket from 'ws';
import { CausewayError } from '../../protocol/errors.ts';
import { parseGatewayFrame, type GatewayFrame, type Welcome } from '../../protocol/wire/control.ts';
import { decodeUnitFrame, frameKind, type Unit } from '../../protocol/wire/frame.ts';
import { decodeReceiptFrame, encodeReceiptFrame } from '../../protocol/wire/receipt-group.ts';
import { limits as protocolLimits, type Limits } from '../../protocol/limits.ts';
import { closeCodeError, connectionError, frameError, problemError } from './connection-error.ts';
import { heededLimits, silenceMsUnder } from './heeded-limits.ts';
import { openSocket, type LinkAddress, type LinkSocket } from './link-socket.ts';
import { SendQueue } from './send-queue.ts';
import { addressOf } from './unreachable-words.ts';

export type LinkOptions = LinkAddress & {
  /** `client` names the software; `receiptsAfter` is the last receipt position stored, null for no receipts. */
  readonly hello: { readonly client: string; readonly receiptsAfter: number | null };
  /** Time for TCP, TLS and the upgrade together. Default 10 s. */
  readonly handshakeTimeoutMs?: number;
  /**
   * The session ends when nothing has arrived for this long. Default 45 s, or more than twice the `pingIntervalMs` of
   * the welcome where that is longer.
   */
  readonly silenceMs?: number;
  /** `onWritable` is called once the bytes waiting have fallen below this. Default 1 MiB. */
  readonly highWaterBytes?: number;
};

/** Called synchronously, in the order of arrival. The buffers are views of the frame: copy what is kept for long. */
export type LinkHandlers = {
  onWelcome(welcome: Welcome): void;
  /** Messages delivered to this endpoint. */
  onUnits(units: Unit[]): void;
  /** A signed receipt group; `position` is 0 when it answers a submission. */
  onReceiptFrame(position: number, group: Buffer): void;
  /** Every other control frame, except the error that closes the session. */
  onControl(frame: Exclude<GatewayFrame, Welcome>): void;
  /** There is room to submit again. */
  onWritable?(): void;
  /** The end, told exactly once; `undefined` after a normal one. */
  onClose(error: CausewayError | undefined): void;
};

export type LinkState = 'opening' | 'greeting' | 'ready' | 'leaving' | 'closed';

/** Opens a session. Failures to connect arrive at `onClose` too. */
export function openLink(options: LinkOptions, handlers: LinkHandlers): Link {
  return new Link(options, handlers);
}

/** Looks at the silence three times within its limit, so that no message needs a timer. */
const patience = 2;

/** Time for the gateway's welcome, from hello on. */
const welcomeMs = 10_000;

/** A session as {@link openLink} gives it. */
export class Link {
  readonly #socket: LinkSocket;
  readonly #queue: SendQueue;
  readonly #handlers: LinkHandlers;
  readonly #highWaterBytes: number;
  #deadline: NodeJS.Timeout;
  #silence: NodeJS.Timeout | undefined;
  #heard = 0;
  #choked = false;
  #error: CausewayError | undefined;
  #state: LinkState = 'opening';
  #receiptFrames = 0;
  #limits: Limits = protocolLimits;
  readonly #silenceMs: number | undefined;
  readonly #url: string;

  constructor(options: LinkOptions, handlers: LinkHandlers) {
    this.#handlers = handlers;
    this.#highWaterBytes = options.highWaterBytes ?? 1_048_576;
    this.#url = options.url;
    this.#socket = openSocket(options);
    this.#queue = new SendQueue(this.#socket, () => this.#written());
    this.#queue.putControl({ type: 'hello', ...options.hello });
    this.#deadline = setTimeout(() => this.#fail(late(options.url)), options.handshakeTimeoutMs ?? 10_000);
    this.#silenceMs = options.silenceMs;
    this.#listen(this.#socket.webSocket);
  }

  get state(): LinkState {
    return this.#state;
  }

  /** What the gateway's welcome allows in this session; until it has come, what the protocol allows. */
  get limits(): Limits {
    return this.#limits;
  }

  /** Bytes that have not left the process. */
  get bufferedBytes(): number {
    return this.#queue.bufferedBytes;
  }

  /** False while more than the high-water mark is waiting; `onWritable` tells when it is true again. */
  get writable(): boolean {
    if (this.#queue.bufferedBytes < this.#highWaterBytes) return true;
    this.#choked = true;
    return false;
  }

  /** How many receipt groups were sent in this session: `receipts-taken` counts up to it. */
  get receiptFramesSent(): number {
    return this.#receiptFrames;
  }

  /**
   * Submits messages; everything of one turn of the event loop is written together.
   * @throws CausewayError `client-closed`, or `frame-too-large` when a unit cannot travel at all
   */
  submit(units: readonly Unit[]): void {
    this.#assertOpen();
    this.#queue.putUnits(units);
  }

  /** Sends a signed receipt group. @returns its number in this session, as `receipts-taken` will count it */
  sendReceipts(group: Buffer): number {
    this.#assertOpen();
    this.#queue.putFrame(encodeReceiptFrame(0, group));
    return ++this.#receiptFrames;
  }

  /** Allows this many more deliveries, 1 to `limits.maxCredit`. */
  grant(messages: number): void {
    this.#assertOpen();
    this.#queue.putControl({ type: 'credit', messages });
  }

  /** Confirms the arrival of this many delivered units in the session so far. */
  confirmReceived(units: number): void {
    this.#assertOpen();
    this.#queue.putControl({ type: 'received', units });
  }

  /** Says that all receipt groups up to this position are stored. */
  receiptsStored(through: number): void {
    this.#assertOpen();
    this.#queue.putControl({ type: 'receipts-stored', through });
  }

  /** Announces that nothing more will be sent; the gateway answers what is open, then closes. */
  goodbye(): void {
    if (this.#state !== 'ready') return;
    this.#queue.putControl({ type: 'goodbye' });
    this.#state = 'leaving';
  }

  /** Writes what is waiting and closes. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#queue.flush();
    this.#socket.webSocket.close(1000);
  }

  /** Cuts the connection at once; `onClose` gets the error. */
  terminate(error?: CausewayError): void {
    this.#fail(error);
  }

  #listen(webSocket: WebSocket): void {
    webSocket.on('open', () => {
      this.#state = 'greeting';
      clearTimeout(this.#deadline);
      this.#deadline = setTimeout(() => this.#fail(silent('No welcome arrived in time.')), welcomeMs);
      this.#watchSilence();
      this.#queue.open();
    });
    webSocket.on('ping', () => (this.#heard = patience));
    webSocket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    webSocket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body = (body + chunk).slice(0, 16_384)));
      response.on('end', () => this.#fail(problemError(response.statusCode ?? 0, body)));
      response.on('error', (cause) => this.#fail(connectionError(cause, this.#url)));
    });
    webSocket.on('error', (cause) => {
      this.#error ??= connectionError(cause, this.#url);
    });
    webSocket.on('close', (closeCode) => this.#closed(this.#error ?? closeCodeError(closeCode, this.#url)));
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#heard = patience;
    if (this.#state === 'closed') return;
    try {
      if (isBinary) this.#receiveBinary(data);
      else this.#receiveControl(parseGatewayFrame(data.toString('utf8')));
    } catch (cause) {
      this.#fail(cause instanceof CausewayError ? cause : new CausewayError('internal-error', { cause }));
    }
  }

  #receiveBinary(frame: Buffer): void {
    if (this.#state === 'greeting') throw unexpected();
    switch (frameKind(frame)) {
      case 'deliver':
        this.#handlers.onUnits(decodeUnitFrame(frame));
        return;
      case 'receipts': {
        const { position, group } = decodeReceiptFrame(frame);
        this.#handlers.onReceiptFrame(position, group);
        return;
      }
      case 'submit':
        throw unexpected();
    }
  }

  #receiveControl(frame: GatewayFrame): void {
    if (frame.type === 'error' && frame.closing) {
      this.#error = frameError(frame);
      return;
    }
    if (frame.type !== 'welcome') {
      if (this.#state === 'greeting' && frame.type !== 'error' && frame.type !== 'draining')
        throw unexpected();
      this.#handlers.onControl(frame);
      return;
    }
    if (this.#state !== 'greeting') throw unexpected();
    clearTimeout(this.#deadline);
    this.#limits = heededLimits(frame.limits);
    this.#queue.heed(this.#limits);
    this.#watchSilence();
    this.#state = 'ready';
    this.#handlers.onWelcome(frame);
  }

  /** Begins anew, by the limits that are known. */
  #watchSilence(): void {
    clearInterval(this.#silence);
    const silenceMs = this.#silenceMs ?? silenceMsUnder(this.#limits);
    this.#heard = patience;
    this.#silence = setInterval(() => this.#listenForSilence(), silenceMs / 3);
  }

  #listenForSilence(): void {
    if (--this.#heard < 0) this.#fail(silent(undefined));
  }

  #written(): void {
    if (!this.#choked || this.#queue.bufferedBytes >= this.#highWaterBytes || this.#state !== 'ready') return;
    this.#choked = false;
    this.#handlers.onWritable?.();
  }

  #fail(error: CausewayError | undefined): void {
    this.#error ??= error;
    this.#socket.webSocket.terminate();
    this.#closed(this.#error);
  }

  #closed(error: CausewayError | undefined): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    clearTimeout(this.#deadline);
    clearInterval(this.#silence);
    this.#queue.discard();
    this.#handlers.onClose(error);
  }

  #assertOpen(): void {
    if (this.#state === 'closed') throw new CausewayError('client-closed');
  }
}

function unexpected(): CausewayError {
  return new CausewayError('frame-unexpected', { detail: 'The gateway sent it.' });
}

function late(url: string): CausewayError {
  return new CausewayError('gateway-unreachable', {
    detail: `${addressOf(url)}: there was no answer in time.`,
  });
}

function silent(detail: string | undefined): CausewayError {
  return new CausewayError('peer-silent', { detail });
}
