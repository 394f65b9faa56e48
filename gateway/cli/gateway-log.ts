/** The gateway's log: JSON lines for machines, short lines on a terminal. It never holds content. */
import { Writable } from 'node:stream';
import { pino, type Logger } from 'pino';
import { isCausewayError } from '../../protocol/errors.ts';
import { showableLine, type Paint } from '../../terminal/paint.ts';
import { clockText } from '../../terminal/time-text.ts';
import type { Terminal } from '../../terminal/terminal.ts';

/** A logger that writes to the terminal's stdout. */
export function createGatewayLog(terminal: Terminal, level: string): Logger {
  const options = { level, base: null, serializers: { err: describeError } };
  const plain = terminal.isTTY && !terminal.wantsJson;
  return pino(
    plain ? options : { ...options, timestamp: pino.stdTimeFunctions.isoTime },
    plain ? new ShortLines(terminal) : terminal.stdout,
  );
}

/** Code and place of an error. Words only of our own errors: others may quote what they were given. */
function describeError(error: unknown): Record<string, unknown> {
  if (isCausewayError(error)) {
    const { code, message, cause } = error;
    return { code, message, ...(cause instanceof Error && { cause: cause.name }) };
  }
  if (!(error instanceof Error)) return { name: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    at: frames.slice(0, 8).join('\n'),
  };
}

type Line = { readonly level: number; readonly time: number; readonly msg?: string } & Record<
  string,
  unknown
>;

/** `09:30:00  session error  endpoint=… code=…` */
class ShortLines extends Writable {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    super({ decodeStrings: false });
    this.#terminal = terminal;
  }

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    for (const text of String(chunk).split('\n')) {
      const line = text === '' ? undefined : (JSON.parse(text) as Line);
      // The server's own line for each network interface says less than ours.
      if (line === undefined || line.msg?.startsWith('Server listening at') === true) continue;
      this.#terminal.print(shortLine(line, this.#terminal.paint));
    }
    done();
  }
}

function shortLine({ level, time, msg = '', ...fields }: Line, paint: Paint): string {
  const clock = clockText(time);
  const words = level >= 50 ? paint.bad(msg) : level >= 40 ? paint.warn(msg) : msg;
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${paint.dim(clock)}  ${words}  ${paint.dim(showableLine(rest.join(' ')))}`.trimEnd();
}
