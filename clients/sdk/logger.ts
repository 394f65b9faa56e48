/** The log that a client writes to: the part of pino that it uses. Without one, nothing is written anywhere. */

/**
 * What a line may hold: codes, ids, addresses and counts. Content, names of people and keys never get here.
 * `detail`: what the gateway has reported, on one line of at most 500 characters.
 */
export type LogFields = {
  readonly event?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly failure?: string;
  readonly message?: string;
  readonly endpoint?: string;
  readonly position?: number;
  readonly retryInMs?: number;
  readonly version?: number;
};

export type Log = {
  debug(fields: LogFields, text: string): void;
  info(fields: LogFields, text: string): void;
  warn(fields: LogFields, text: string): void;
  error(fields: LogFields, text: string): void;
};

/** Writes nothing. */
export const silentLog: Log = { debug: drop, info: drop, warn: drop, error: drop };

function drop(): void {
  // Silence is its purpose.
}
