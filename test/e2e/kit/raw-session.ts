/** A session of which every byte is the test's own: frames go out as given, and all that arrives is kept. */
import type WebSocket from 'ws';
import { openSocket, type LinkSocket } from '../../../clients/sdk/link-socket.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import type { MessageId } from '../../../protocol/ids.ts';
import {
  parseGatewayFrame,
  type ClientFrame,
  type GatewayFrame,
  type Welcome,
} from '../../../protocol/wire/control.ts';
import { parseEnvelope } from '../../../protocol/wire/envelope.ts';
import { sha256 } from '../../../protocol/proof/merkle.ts';
import type { SigningKey } from '../../../protocol/proof/signing.ts';
import { decodeUnitFrame, encodeUnitFrame, frameKind, type Unit } from '../../../protocol/wire/frame.ts';
import { limits } from '../../../protocol/limits.ts';
import {
  decodeReceiptFrame,
  decodeReceiptGroup,
  encodeReceiptFrame,
  verifyReceiptGroup,
} from '../../../protocol/wire/receipt-group.ts';
import { acceptedDetail, refusedDetail, type AcceptedDetail } from '../../../protocol/wire/receipt-detail.ts';
import type { Receipt, ReceiptKind } from '../../../protocol/wire/receipt.ts';
import { receiptGroup, type TestEndpoint, type TestMessage } from './endpoint.ts';
import { Watch } from './watch.ts';

export type SessionOptions = {
  /** `null`: send nothing at all by itself. */
  readonly hello?: null;
  readonly receiptsAfter?: number | null;
  /** Credit granted after the welcome. Default 0: no deliveries. */
  readonly credit?: number;
  /** Confirm deliveries as they arrive. Default true. */
  readonly confirms?: boolean;
  /** How long an answer to a submission may take. */
  readonly answerPatienceMs?: number;
  /** Another gateway than the one running now: the one that is just stopping. */
  readonly url?: string;
  /** Another key and certificate than the endpoint's. */
  readonly tls?: { readonly key: string; readonly cert: string };
};

/** A message that was delivered. */
export type Arrival = { readonly id: MessageId; readonly digest: Buffer; readonly unit: Unit };

/** A receipt of the stream. */
export type StreamedReceipt = Receipt & { readonly position: number };

export type Closing = { readonly code: number; readonly error: ErrorCode | undefined };

export type Refusal = { readonly status: number; readonly code: ErrorCode };

export class RawSession {
  readonly endpoint: TestEndpoint;
  readonly controls: GatewayFrame[] = [];
  readonly arrivals: Arrival[] = [];
  readonly receipts: StreamedReceipt[] = [];
  readonly #socket: LinkSocket;
  readonly #gatewayKey: SigningKey;
  readonly #options: SessionOptions;
  readonly #watch = new Watch();
  readonly #answers: Receipt[] = [];
  #closing: Closing | undefined;
  #refusal: Refusal | undefined;
  #errors = 0;

  constructor(gatewayUrl: string, endpoint: TestEndpoint, gatewayKey: SigningKey, options: SessionOptions) {
    this.endpoint = endpoint;
    this.#gatewayKey = gatewayKey;
    this.#options = options;
    const { tlsKeyPem, tlsCertificatePem, authorityPem } = endpoint.home;
    const url = new URL('/v1/socket', gatewayUrl);
    url.protocol = 'wss:';
    this.#socket = openSocket({
      url: url.href,
      tls: { key: tlsKeyPem, cert: tlsCertificatePem, ...options.tls, ca: authorityPem },
    });
    this.#listen(this.#socket.webSocket);
  }

  get webSocket(): WebSocket {
    return this.#socket.webSocket;
  }

  get isOpen(): boolean {
    return this.#closing === undefined;
  }

  /** Waits until so many submissions have been answered, or the session is over. */
  async answered(count: number): Promise<void> {
    await this.#watch.until(`${count} answers`, () =>
      this.#answers.length >= count || !this.isOpen ? true : undefined,
    );
  }

  /** Waits for the upgrade alone. */
  async opened(): Promise<void> {
    await this.#watch.until('the socket to open', () => {
      if (this.#closing !== undefined) throw new Error(`closed with ${this.#closing.code}`);
      return this.webSocket.readyState === 1 ? true : undefined;
    });
  }

  async welcomed(): Promise<Welcome> {
    return await this.next('welcome');
  }

  /** Waits for the HTTP answer that refuses the upgrade. */
  async refusal(): Promise<Refusal> {
    return await this.#watch.until('a refusal of the upgrade', () => this.#refusal);
  }

  /** The first control frame of a type after so many of them. */
  async next<T extends GatewayFrame['type']>(
    type: T,
    after = 0,
  ): Promise<Extract<GatewayFrame, { type: T }>> {
    return await this.#watch.until(`${type} frame ${after + 1}`, () => {
      const found = this.controls.filter((frame) => frame.type === type)[after];
      if (found === undefined && this.#closing !== undefined) {
        throw new Error(`closed with ${JSON.stringify(this.#closing)} before ${type}`);
      }
      return found as Extract<GatewayFrame, { type: T }> | undefined;
    });
  }

  /** The next error that leaves the session open. */
  async nextError(): Promise<ErrorCode> {
    const { code, closing } = await this.next('error', this.#errors);
    this.#errors++;
    if (closing) throw new Error(`${code} closes the session`);
    return code as ErrorCode;
  }

  /** Waits for the end. */
  async closed(patienceMs?: number): Promise<Closing> {
    return await this.#watch.until('the session to close', () => this.#closing, patienceMs);
  }

  send(data: Buffer | string): void {
    this.webSocket.send(data);
  }

  control(frame: ClientFrame): void {
    this.send(JSON.stringify(frame));
  }

  grant(messages: number): void {
    this.control({ type: 'credit', messages });
  }

  /** Sends units as they are, in as few frames as they fit in. */
  submitUnits(units: readonly Unit[]): void {
    for (let from = 0; from < units.length; from += limits.maxUnits) {
      const part = units.slice(from, from + limits.maxUnits);
      this.send(
        encodeUnitFrame(
          'submit',
          part.map(({ bytes }) => bytes),
        ),
      );
    }
  }

  /** Submits messages and waits for the answer to each, in order. */
  async submit(...messages: readonly Pick<TestMessage, 'unit' | 'digest'>[]): Promise<Answer[]> {
    const from = this.#answers.length;
    this.submitUnits(messages.map(({ unit }) => unit));
    return await Promise.all(messages.map(({ digest }) => this.#answerTo(digest, from)));
  }

  /** Submits one message that must be accepted. */
  async accepted(message: TestMessage): Promise<AcceptedDetail> {
    const [answer] = await this.submit(message);
    if (answer?.kind !== 'accepted') throw new Error(`refused: ${answer?.code} ${answer?.text}`);
    return answer.detail;
  }

  /** Submits one message that must be refused. */
  async refused(message: Pick<TestMessage, 'unit' | 'digest'>): Promise<ErrorCode> {
    const [answer] = await this.submit(message);
    if (answer?.kind !== 'refused') throw new Error('it was accepted');
    return answer.code;
  }

  async #answerTo(digest: Buffer, from: number): Promise<Answer> {
    const look = (): Answer | undefined => {
      const receipt = this.#answers.slice(from).find((answer) => answer.envelopeDigest.equals(digest));
      if (receipt !== undefined) return answerOf(receipt);
      if (this.#closing !== undefined) throw new Error(`closed with ${JSON.stringify(this.#closing)}`);
      return undefined;
    };
    return await this.#watch.until('the answer to a submission', look, this.#options.answerPatienceMs);
  }

  /** Waits until so many messages have arrived in all, and gives them. */
  async arrived(count: number, patienceMs?: number): Promise<readonly Arrival[]> {
    return await this.#watch.until(
      `${count} deliveries`,
      () => (this.arrivals.length >= count ? this.arrivals : undefined),
      patienceMs,
    );
  }

  /** Waits for the delivery of one message. */
  async arrival(message: Pick<TestMessage, 'id'>): Promise<Arrival> {
    return await this.#watch.until(`the delivery of ${message.id}`, () =>
      this.arrivals.find(({ id }) => id === message.id),
    );
  }

  /** Waits for a receipt of the stream about a message. */
  async receipt(
    message: Pick<TestMessage, 'id'>,
    kind: ReceiptKind,
    recipient?: TestEndpoint,
  ): Promise<StreamedReceipt> {
    return await this.#watch.until(`${kind} for ${message.id}`, () =>
      this.receipts.find(
        (receipt) =>
          receipt.message === message.id &&
          receipt.kind === kind &&
          (recipient === undefined || receipt.recipient === recipient.address),
      ),
    );
  }

  sendReceipts(group: Buffer): void {
    this.send(encodeReceiptFrame(0, group));
  }

  /** Says that messages are stored, and waits until that is durable. */
  async store(...messages: readonly Pick<Arrival, 'id' | 'digest'>[]): Promise<void> {
    for (let from = 0; from < messages.length; from += limits.maxUnits) {
      const taken = this.controls.filter(({ type }) => type === 'receipts-taken').length;
      const part = messages.slice(from, from + limits.maxUnits);
      this.sendReceipts(
        receiptGroup(
          this.endpoint,
          part.map(({ id, digest }) => ({ message: id, envelopeDigest: digest })),
        ),
      );
      await this.next('receipts-taken', taken);
    }
  }

  /** Stops and starts reading from the network. */
  pause(): void {
    this.webSocket.pause();
  }

  resume(): void {
    this.webSocket.resume();
  }

  /** Says goodbye and waits for the end. */
  async leave(): Promise<Closing> {
    this.control({ type: 'goodbye' });
    return await this.closed();
  }

  /** Cuts the connection. */
  terminate(): void {
    this.webSocket.terminate();
  }

  #listen(webSocket: WebSocket): void {
    const { hello, receiptsAfter = 0 } = this.#options;
    webSocket.on('open', () => {
      if (hello !== null) this.control({ type: 'hello', client: 'causeway-test', receiptsAfter });
      this.#watch.changed();
    });
    webSocket.on('message', (data, isBinary) => {
      if (isBinary) this.#receive(data as Buffer);
      else this.#receiveControl(parseGatewayFrame((data as Buffer).toString('utf8')));
      this.#watch.changed();
    });
    webSocket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => {
        const { code } = JSON.parse(body) as { code: ErrorCode };
        this.#refusal = { status: response.statusCode ?? 0, code };
        this.#watch.changed();
      });
    });
    webSocket.on('error', () => undefined);
    webSocket.on('close', (code) => {
      const last = this.controls.findLast((frame) => frame.type === 'error');
      const error = last?.type === 'error' && last.closing ? (last.code as ErrorCode) : undefined;
      this.#closing = { code, error };
      this.#watch.changed();
    });
  }

  #receiveControl(frame: GatewayFrame): void {
    this.controls.push(frame);
    if (frame.type === 'welcome' && (this.#options.credit ?? 0) > 0) this.grant(this.#options.credit!);
  }

  #receive(frame: Buffer): void {
    switch (frameKind(frame)) {
      case 'deliver': {
        for (const unit of decodeUnitFrame(frame)) {
          const { id } = parseEnvelope(unit.envelope);
          this.arrivals.push({ id, digest: sha256(unit.envelope), unit });
        }
        if (this.#options.confirms ?? true) this.control({ type: 'received', units: this.arrivals.length });
        return;
      }
      case 'receipts': {
        const { position, group } = decodeReceiptFrame(frame);
        const decoded = decodeReceiptGroup(group);
        if (decoded.issuer === 'gateway/relay') verifyReceiptGroup(decoded, this.#gatewayKey);
        for (const receipt of decoded.receipts) {
          if (position === 0) this.#answers.push(receipt);
          else this.receipts.push({ ...receipt, position });
        }
        return;
      }
      case 'submit':
        throw new Error('the gateway submitted');
    }
  }
}

export type Answer =
  | { readonly kind: 'accepted'; readonly receipt: Receipt; readonly detail: AcceptedDetail }
  | {
      readonly kind: 'refused';
      readonly receipt: Receipt;
      readonly code: ErrorCode;
      readonly text: string | undefined;
    };

function answerOf(receipt: Receipt): Answer {
  if (receipt.kind === 'accepted') return { kind: 'accepted', receipt, detail: acceptedDetail(receipt) };
  if (receipt.kind !== 'refused') throw new Error(`${receipt.kind} is no answer`);
  const { code, text } = refusedDetail(receipt);
  return { kind: 'refused', receipt, code, text };
}
