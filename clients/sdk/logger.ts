/** The log that a client writes to: the part of pino that it uses. Without one, nothing is written anywhere. */
import type { CausewayError } from '../../protocol/errors.ts';
import { showableLine } from '../../protocol/showable-text.ts';

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

/** Of what the gateway says, in a line of the log. */
const mostForeignCharacters = 500;

export type Log = {
  debug(fields: LogFields, text: string): void;
  info(fields: LogFields, text: string): void;
  warn(fields: LogFields, text: string): void;
  error(fields: LogFields, text: string): void;
};

/** What the gateway says of an error beyond the catalogue. It can write whatever it likes. */
export function foreignWords({ detail }: CausewayError): LogFields {
  return detail === undefined ? {} : { detail: showableLine(detail).slice(0, mostForeignCharacters) };
}

/** Writes nothing. */
export const silentLog: Log = { debug: drop, info: drop, warn: drop, error: drop };

function drop(): void {
  // Silence is its purpose.
}
