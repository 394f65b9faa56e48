/** That there is no connection, and why: what a command shows then is what was known before. */
import { CausewayError } from '../../protocol/errors.ts';
import { adviceFor } from '../../terminal/advice.ts';
import { exitCodeFor, exitCodes } from '../../terminal/exit-codes.ts';
import { showableLine } from '../../terminal/paint.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { isStateDamage } from '../sdk/state-failure.ts';
import type { Connection } from './open-client.ts';

type Standing = Pick<Connection, 'isConnected' | 'lastError'>;

/** Why there is no connection; undefined where there is one. */
export function errorOfConnection({ isConnected, lastError }: Standing): CausewayError | undefined {
  return isConnected ? undefined : (lastError ?? new CausewayError('gateway-unreachable'));
}

/** What to do about it. What is wrong with this home itself is told with the file's name. */
export function adviceOnConnection(error: CausewayError): string | undefined {
  const { code, message } = error;
  return isStateDamage(error) ? showableLine(message) : adviceFor(code);
}

/** @returns 0 where there is a connection, 3 where that there is none may pass by itself, and 1 where a person has to act */
export function exitCodeOfConnection(connection: Standing): number {
  const error = errorOfConnection(connection);
  if (error === undefined) return exitCodes.ok;
  return exitCodeFor(error) === exitCodes.temporary ? exitCodes.temporary : exitCodes.failure;
}

/**
 * Says that what is shown is the last known state, and why: on stderr, for scripts as an object on stdout. The exit code of
 * the process tells it as well.
 */
export function tellLastKnown(connection: Standing, terminal: Terminal): void {
  const error = errorOfConnection(connection);
  if (error === undefined) return;
  const { code, message } = error;
  process.exitCode = exitCodeOfConnection(connection);
  if (terminal.wantsJson) {
    terminal.json({ type: 'disconnected', code, message });
    return;
  }
  terminal.hint(`No connection (${code}): ${showableLine(message)} This is the last known state.`);
  const advice = adviceFor(code);
  if (advice !== undefined) terminal.hint(advice);
}
