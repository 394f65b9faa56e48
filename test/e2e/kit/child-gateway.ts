/** Starts and ends a gateway process. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { requestGateway } from '../../../clients/sdk/gateway-request.ts';

const script = fileURLToPath(new URL('./gateway-process.ts', import.meta.url));

export type ChildGateway = {
  readonly url: string;
  readonly pid: number;
  /**
   * From the start of the process until `/readyz` answered 200, ms, less the time for which its main thread was
   * ready to run and had no processor: a busy machine does not count, and waiting for anything else does.
   */
  readonly backInServiceMs: number;
  /** What it wrote to stderr: its log of failures. */
  readonly log: () => string;
  /** Ends it at once and waits until it is gone. */
  kill(): Promise<void>;
  /** Asks it to end and waits. @returns its exit code */
  terminate(): Promise<number | null>;
};

/** A process that has loaded the program and nothing else. */
export type SpareGateway = {
  start(): Promise<ChildGateway>;
  discard(): Promise<void>;
};

/** @param authorityPem the CA of the gateway whose home `dir` is */
export function prepareChildGateway(dir: string, authorityPem: string): SpareGateway {
  const preparedAt = performance.now();
  const child = fork(script, [dir], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
  const loadedInMs = nextMessage(child, () => log).then(() => performance.now() - preparedAt);
  // It is looked at in `start`.
  loadedInMs.catch(() => undefined);
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = once(child, 'exit');
    child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  };
  const kill = async (): Promise<void> => {
    await end('SIGKILL');
  };
  const start = async (): Promise<ChildGateway> => {
    const loadMs = await loadedInMs;
    const startedAt = performance.now();
    child.send('start');
    const { url } = (await nextMessage(child, () => log)) as { url: string };
    await ready(url, authorityPem);
    const startMs = performance.now() - startedAt;
    const backInServiceMs = loadMs + startMs - waitedForProcessorMs(child.pid!);
    return { url, pid: child.pid!, backInServiceMs, log: () => log, kill, terminate: () => end('SIGTERM') };
  };
  return { start, discard: kill };
}

async function nextMessage(child: ChildProcess, log: () => string): Promise<unknown> {
  return await new Promise((resolve, reject) => {
    const exited = (code: number | null): void =>
      reject(new Error(`the gateway ended with ${String(code)}: ${log()}`));
    child.once('exit', exited);
    child.once('message', (message) => {
      child.off('exit', exited);
      resolve(message);
    });
  });
}

/** @throws CausewayError when `/readyz` answers anything but 200 */
async function ready(url: string, authorityPem: string): Promise<void> {
  const schema = z.object({ status: z.literal('ready') });
  await requestGateway({ gatewayUrl: url, path: '/readyz', tls: { ca: authorityPem }, schema });
}

/** Linux counts it for each thread (the second number of schedstat, ns); elsewhere nothing is taken off. */
function waitedForProcessorMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
