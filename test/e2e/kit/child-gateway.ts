/** Starts and ends a gateway process. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./gateway-process.ts', import.meta.url));

export type ChildGateway = {
  readonly url: string;
  readonly pid: number;
  /** From the start of the process until it listened, ms. */
  readonly startedInMs: number;
  /** What it wrote to stderr: its log of failures. */
  readonly log: () => string;
  /** Ends it at once and waits until it is gone. */
  kill(): Promise<void>;
  /** Asks it to end and waits. @returns its exit code */
  terminate(): Promise<number | null>;
};

export async function startChildGateway(dir: string): Promise<ChildGateway> {
  const startedAt = performance.now();
  const child = fork(script, [dir], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
  const url = await listening(child, () => log);
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = once(child, 'exit');
    child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  };
  return {
    url,
    pid: child.pid!,
    startedInMs: performance.now() - startedAt,
    log: () => log,
    kill: async () => {
      await end('SIGKILL');
    },
    terminate: () => end('SIGTERM'),
  };
}

async function listening(child: ChildProcess, log: () => string): Promise<string> {
  return await new Promise((resolve, reject) => {
    child.once('message', ({ url }: { url: string }) => resolve(url));
    child.once('exit', (code) => reject(new Error(`the gateway ended with ${String(code)}: ${log()}`)));
  });
}
