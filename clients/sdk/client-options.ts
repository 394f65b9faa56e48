/** How a client is set up. Everything but the home has a default that suits. */
import type { Log } from './logger.ts';

/** How often, how fast and how patiently the log is followed. */
export type FollowOptions = {
  /**
   * Time between two looks at the log while connected, at least 1 s. Default 60 s. With `Infinity` it is looked at by
   * `client.log.check()` only, and where a key must be found in it.
   */
  readonly everyMs?: number;
  /** At most so many bundles of 256 leaves a second are read, at least 1. Default 16. */
  readonly bundlesPerSecond?: number;
  /** How long the log may be smaller than before, as after a restart of the gateway. Default 10 s. */
  readonly patienceMs?: number;
  /** How long after its acceptance a message may be missing from the log. Default 10 min. */
  readonly graceMs?: number;
  /**
   * How long nothing of the log can be verified, or the log has not grown although the gateway took a receipt, while connected,
   * before that is raised. Default 15 min.
   */
  readonly staleMs?: number;
};

export type ConnectOptions = {
  /** Folder made by `enrol`. Several clients may share it. */
  readonly home: string;
  /** Names your software to the gateway. Default `causeway-sdk`. */
  readonly clientName?: string;
  /** How many delivered messages may be in hand or on their way, 1 to 4096. Default 256. */
  readonly window?: number;
  /** No more messages are asked for while those in hand have so many bytes. Default 64 MiB. */
  readonly maxBytesInHand?: number;
  /** How many messages may wait in the outbox. Default 100,000. */
  readonly maxWaiting?: number;
  /**
   * How many groups of receipts may wait for the key of their signer to be read or trusted. Default 10,000. The gateway
   * keeps all that come after, until keys are trusted.
   */
  readonly maxHeldReceipts?: number;
  /** How long {@link connect} waits for the first session; above 24 days without end. Default 10 s. */
  readonly waitMs?: number;
  /** Ends the waiting for the first session and closes the client. */
  readonly signal?: AbortSignal;
  /** Renew the TLS certificate at two thirds of its time. Default true. */
  readonly renewCertificate?: boolean;
  /**
   * Open the home although files in it are known to be of another endpoint: to look only. Nothing connects with it then.
   * Default false.
   */
  readonly toleratesForeignParts?: boolean;
  /** How the gateway's audit log is followed. */
  readonly follow?: FollowOptions;
  /** A pino logger or the like. Default: nothing is logged. */
  readonly log?: Log;
  /** ms since 1970. For tests. */
  readonly now?: () => number;
  /** From 0 to 1, 1 excluded. For tests. */
  readonly random?: () => number;
  /** How the reading of a changed directory waits: so many ms, or until the signal is aborted. For tests. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
};
