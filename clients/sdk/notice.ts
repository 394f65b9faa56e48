/** A notice as an application gets it: verified, decrypted, and not yet answered. */
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import type { Content } from '../../protocol/wire/content.ts';
import type { Envelope, Severity } from '../../protocol/wire/envelope.ts';

/** What a notice does when its application has made up its mind. */
type NoticeActions = {
  /** Stores that the notice was taken and tells the sender. Resolves when it is durable here. */
  acknowledge(): Promise<void>;
  /** Gives the notice back, to be shown again after a pause. */
  giveBack(): void;
};

export class Notice implements AsyncDisposable {
  readonly id: MessageId;
  readonly from: EndpointAddress;
  readonly category: string;
  readonly severity: Severity;
  readonly purpose: string;
  readonly basis: string;
  readonly time: Date;
  readonly expires: Date;
  readonly thread: MessageId;
  readonly inReplyTo: MessageId | undefined;
  readonly dataschema: string | undefined;
  readonly mediaType: string;
  /** File name, where the sender gave one; safe to use inside a folder of your choice. */
  readonly name: string | undefined;
  /** The content itself. */
  readonly bytes: Uint8Array;
  /** The whole signed envelope. */
  readonly envelope: Envelope;
  readonly #actions: NoticeActions;
  #acknowledging: Promise<void> | undefined;
  #state: 'open' | 'acknowledged' | 'released' = 'open';

  constructor(envelope: Envelope, { header, body }: Content, actions: NoticeActions) {
    this.id = envelope.id;
    this.from = envelope.source;
    this.category = envelope.category;
    this.severity = envelope.severity;
    this.purpose = envelope.purpose;
    this.basis = envelope.basis;
    this.time = new Date(envelope.time);
    this.expires = new Date(envelope.expires);
    this.thread = envelope.thread;
    this.inReplyTo = envelope.inReplyTo;
    this.dataschema = envelope.dataschema;
    this.mediaType = header.mediaType;
    this.name = header.name;
    this.bytes = body;
    this.envelope = envelope;
    this.#actions = actions;
  }

  /** `open` until it is acknowledged or released. */
  get state(): 'open' | 'acknowledged' | 'released' {
    return this.#state;
  }

  /** The content as UTF-8 text. @throws TypeError when it is not */
  text(): string {
    return new TextDecoder('utf-8', { fatal: true }).decode(this.bytes);
  }

  /** The content as JSON; it has been checked against its data set where `dataschema` names one. */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /**
   * Says that this endpoint has stored the notice: call it after your own durable write. Once it resolves, the
   * notice is never shown again and the sender gets a signed `stored` receipt.
   * @throws CausewayError `state-unavailable` or `client-closed`; the notice is then still open
   */
  ack(): Promise<void> {
    if (this.#state === 'released') return Promise.resolve();
    this.#acknowledging ??= this.#acknowledge();
    return this.#acknowledging;
  }

  async #acknowledge(): Promise<void> {
    try {
      await this.#actions.acknowledge();
      this.#state = 'acknowledged';
    } finally {
      if (this.#state === 'open') this.#acknowledging = undefined;
    }
  }

  /** Gives the notice back without an answer; it comes again. Does nothing once it is acknowledged. */
  release(): void {
    if (this.#state !== 'open' || this.#acknowledging !== undefined) return;
    this.#state = 'released';
    this.#actions.giveBack();
  }

  /** For `await using`: a notice that was not acknowledged comes again. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#acknowledging?.catch(() => undefined);
    this.release();
  }
}
