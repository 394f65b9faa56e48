/** The screen and the pipe: everything a command says goes through here. */
import type { Writable } from 'node:stream';
import { fileTrouble } from '../files/file-trouble.ts';
import { commandName } from './command-name.ts';
import { describeFailure, failureObject } from './describe-failure.ts';
import { exitCodeFor, exitCodes } from './exit-codes.ts';
import { jsonLine } from './json-line.ts';
import { createPaint, showsColour, type Paint } from './paint.ts';
import { askYes, type TerminalInput } from './question.ts';
import { startProgress, type Progress } from './progress.ts';
import { layOutTable } from './table.ts';
import { UnreadOutput } from './unread-output.ts';

/** A stream of a process; `isTTY` and `columns` where it is a terminal. */
export type TerminalStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export type TerminalOptions = {
  /** Opens stdin, where questions may be answered. Default: nobody can be asked. */
  readonly stdin?: () => TerminalInput;
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  readonly env: NodeJS.ProcessEnv;
  /** True with `--json`: one object a line on stdout, errors as an object on stderr. */
  readonly json: boolean;
};

export type Terminal = {
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  readonly env: NodeJS.ProcessEnv;
  /** True when the caller asked for JSON. */
  readonly wantsJson: boolean;
  /** True when a person looks at stdout. */
  readonly isTTY: boolean;
  /** True when a person looks at what is printed and can answer. */
  readonly canAsk: boolean;
  /** Characters in a line: the terminal's, at most 110, and 100 elsewhere. */
  readonly columns: number;
  /** How this program is called here, for commands that are proposed: `causeway` or `npx causeway`. */
  readonly command: string;
  /** Colours for stdout. */
  readonly paint: Paint;
  /** Writes a line to stdout. */
  print(line?: string): void;
  /** Writes a line to stderr, for people: what to do next, what goes on. Silent with `--json`. */
  hint(line?: string): void;
  /** Writes a value as one line of JSON to stdout. */
  json(value: unknown): void;
  /** Writes to stdout and resolves when the system has taken it. @throws UnreadOutput */
  deliver(text: string): Promise<void>;
  /** Prints rows in aligned columns. */
  table(rows: readonly (readonly string[])[]): void;
  /** Shows on stderr what goes on, if it takes over a second. Call `end()`. */
  progress(label: string): Progress;
  /** Shows progress while some work lasts. */
  during<T>(label: string, work: () => Promise<T>): Promise<T>;
  /** Asks the person at the terminal, where {@link Terminal.canAsk}. @throws CausewayError `aborted` by the signal */
  ask(question: string, signal: AbortSignal): Promise<boolean>;
  /** Says on stderr what went wrong. @returns the exit code */
  fail(error: unknown): number;
};

const maxColumns = 110;
const plainColumns = 100;

/** Builds the terminal of one command. */
export function createTerminal({ stdin, stdout, stderr, env, json }: TerminalOptions): Terminal {
  const isTTY = stdout.isTTY === true;
  const errorsOnTTY = stderr.isTTY === true;
  const paint = createPaint(showsColour(isTTY, env) && !json);
  const errorPaint = createPaint(showsColour(errorsOnTTY, env));
  const columns = Math.min(isTTY ? widthOf(stdout) : plainColumns, maxColumns);
  const writeError = (line: string): void => void stderr.write(`${line}\n`);
  const writeOut = (line: string): void => void stdout.write(`${line}\n`);

  let shown: Progress | undefined;
  const progress = (label: string): Progress => {
    if (json) return { update: ignore, clear: ignore, end: ignore };
    shown = startProgress(label, { stream: stderr, moving: errorsOnTTY, columns: widthOf(stderr) });
    return shown;
  };

  return {
    stdout,
    stderr,
    env,
    wantsJson: json,
    isTTY,
    get canAsk() {
      return !json && isTTY && errorsOnTTY && stdin?.().isTTY === true;
    },
    columns,
    command: commandName(env),
    paint,
    print: (line = '') => writeOut(line),
    hint(line = '') {
      if (json) return;
      shown?.clear();
      writeError(line);
    },
    json: (value) => writeOut(jsonLine(value)),
    deliver: (text) => deliver(stdout, text),
    table: (rows) => layOutTable(rows).forEach(writeOut),
    progress,
    async during(label, work) {
      const told = progress(label);
      try {
        return await work();
      } finally {
        told.end();
      }
    },
    ask: async (question, signal) =>
      stdin !== undefined && askYes(question, { stdin: stdin(), stderr, signal }),
    fail(thrown) {
      // Whoever has gone wants no words either.
      if (thrown instanceof UnreadOutput) return exitCodes.unread;
      const error = fileTrouble(thrown) ?? thrown;
      if (json) writeError(jsonLine(failureObject(error)));
      else describeFailure(error, errorPaint).forEach(writeError);
      if (env.CAUSEWAY_DEBUG === '1') writeError(stackOf(error));
      return exitCodeFor(error);
    },
  };
}

/** Some terminals claim to have no columns at all. */
function widthOf({ columns = 0 }: TerminalStream): number {
  return columns > 0 ? columns : plainColumns;
}

function deliver(stdout: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stdout.write(text, (error) => {
      if (error == null) resolve();
      else reject(new UnreadOutput(error));
    });
  });
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

function ignore(): void {
  // Scripts want no progress.
}
