/** What a client tells besides notices and receipts. Handlers run one after another, in the order they were added. */
import type { CausewayError, ErrorCode } from '../../protocol/errors.ts';
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import type { Welcome } from '../../protocol/wire/control.ts';
import type { LogFault, OwnChange } from './log/log-table.ts';
import type { Log } from './logger.ts';

/** Event → what its handler gets. None of it is content of a message. */
export type ClientEvents = {
  /** A session is ready; `pending` messages wait at the gateway. */
  connected: Welcome;
  /** The session ended or could not be opened; the next attempt starts in `retryInMs`. */
  disconnected: { readonly error: CausewayError | undefined; readonly retryInMs: number | undefined };
  /** The gateway reported an error and kept the session. */
  gatewayError: CausewayError;
  /** This computer's clock is ahead of the gateway's by so much (behind: negative). */
  clockSkew: { readonly aheadMs: number };
  /** The directory was read again. */
  directory: { readonly version: number };
  /** An endpoint shows another key than the one trusted; nothing is sent to it or taken from it until told. */
  keyChanged: { readonly endpoint: EndpointAddress };
  /**
   * The gateway's audit log, or a receipt that it gave, is not what it should be; the evidence is in a file. After `fork`
   * and `rollback` nothing is sent until a person has decided: see `client.log`.
   */
  logFault: LogFault;
  /** The log says that this endpoint's own entry in the directory changed; `foreign`: not by this home. */
  ownEntry: OwnChange;
  /** A message cannot be shown yet; told again when its code becomes another. */
  held: HeldNotice;
  /** A message was refused for good; its sender gets a signed receipt with the code. */
  refusedNotice: {
    readonly id: MessageId;
    readonly from: EndpointAddress | undefined;
    readonly error: CausewayError;
  };
  /** A receipt group was not believed. One that is not genuine is a `logFault` as well. */
  badReceipt: { readonly position: number; readonly error: CausewayError };
  /** The TLS certificate was renewed, or could not be. */
  renewed: { readonly error: CausewayError | undefined };
  /** Something failed in the background and will be tried again. */
  problem: CausewayError;
};

/**
 * A message that cannot be shown yet. By its code it waits for its sender's key to be trusted (`key-unknown`, `key-changed`),
 * for new keys of its sender to be read and trusted or, where there are none, for it to be sent again (`signing-key-unknown`),
 * for its sender to send it again, under present keys (`endpoint-revoked`) or with a directory entry that fits
 * (`key-unsuitable`), for a private key that this home has lost (`home-invalid`), or for its data set (`dataset-unknown`).
 * Under a code that may pass by itself it is tried again and again while the client listens: its data set cannot be read at
 * present (`dataset-unavailable`), or something here failed, such as the own disk (`state-unavailable`).
 */
export type HeldNotice = {
  readonly id: MessageId;
  readonly from: EndpointAddress;
  readonly code: ErrorCode;
  readonly category: string;
  readonly severity: string;
  /** ms since 1970. */
  readonly heldAt: number;
  /** When it expires at the gateway; here in a session, once neither clock, this computer's or the gateway's, is before that. */
  readonly expiresAt: number;
};

type Handler<T> = (value: T) => void;

/** A typed emitter. A handler that throws is logged and harms nobody else. */
export class ClientEmitter {
  readonly #handlers = new Map<keyof ClientEvents, Set<Handler<never>>>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Adds a handler. @returns how to remove it */
  on<E extends keyof ClientEvents>(event: E, handler: Handler<ClientEvents[E]>): () => void {
    const handlers = this.#handlers.get(event) ?? new Set();
    this.#handlers.set(event, handlers.add(handler));
    return () => handlers.delete(handler);
  }

  emit<E extends keyof ClientEvents>(event: E, value: ClientEvents[E]): void {
    for (const handler of [...(this.#handlers.get(event) ?? [])] as Handler<ClientEvents[E]>[]) {
      try {
        handler(value);
      } catch (error) {
        const name = error instanceof Error ? error.name : typeof error;
        this.#log.error({ event, failure: name }, 'an event handler failed');
      }
    }
  }
}
