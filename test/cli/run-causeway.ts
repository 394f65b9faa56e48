/** The real command as a child process. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

export const repository = join(import.meta.dirname, '../..');
const command = join(repository, 'bin/causeway.mjs');

export type RunOptions = {
  readonly env?: Record<string, string>;
  readonly input?: string;
  readonly cwd?: string;
};

export type RunResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Runs a command to its end. */
export async function runCauseway(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const running = startCauseway(args, options);
  return running.ended;
}

/** A command that goes on until it is told to stop. */
export type RunningCommand = {
  /** The first line of stdout from now on, or before, that fits. Rejects when the command ends without one. */
  waitForLine(fits: (line: string) => boolean): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** Reads no more of stdout, as `| head` does. */
  closeStdout(): void;
  readonly ended: Promise<RunResult>;
};

/** Starts a command. Its environment has no settings of the person who runs the tests. */
export function startCauseway(args: readonly string[], options: RunOptions = {}): RunningCommand {
  const child: Child = spawn(process.execPath, [command, ...args], {
    cwd: options.cwd ?? repository,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return {
    ended,
    signal: (name) => child.kill(name),
    closeStdout: () => child.stdout.destroy(),
    waitForLine: (fits) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = stdout.split('\n').slice(0, -1).find(fits);
          if (found !== undefined) resolve(found);
        };
        look();
        child.stdout.on('data', look);
        void ended.then(({ code }) =>
          reject(new Error(`the command ended with ${code} before the line came: ${stdout}${stderr}`)),
        );
      }),
  };
}

/** Objects of NDJSON output. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
