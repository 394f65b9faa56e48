/** The test's side of a gateway in a process of its own: what its clients see, and what may happen to it. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type {
  Settlement,
  SettlementResult,
  Store,
  Submission,
  SubmissionResult,
} from '../../../../gateway/store/port.ts';
import { CausewayError } from '../../../../protocol/errors.ts';

export type Asked = { readonly ticket: number } & (
  { readonly submit: Submission } | { readonly settle: Settlement }
);
export type Answer = { readonly ticket: number } & (
  { readonly value: unknown } | { readonly failure: string }
);
/** Of its own accord: it runs, it has written under the lease, it was refused under the lease. */
export type Told = 'ready' | 'holding' | 'lost';

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

const script = fileURLToPath(new URL('./gateway-process.ts', import.meta.url));

export class RemoteGateway implements Pick<Store, 'submit' | 'settle'> {
  readonly #arguments: readonly [url: string, receiptKeyPem: string];
  readonly #pending = new Map<number, Waiting>();
  readonly #told = new Map<Told, (() => void)[]>();
  #child: ChildProcess | undefined;
  #lastTicket = 0;

  constructor(url: string, receiptKeyPem: string) {
    this.#arguments = [url, receiptKeyPem];
  }

  /** Starts the process, and waits until it works. */
  async start(): Promise<void> {
    const child = fork(script, this.#arguments, {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('message', (message: Answer | Told) => this.#receive(message));
    child.once('exit', () => this.#onExit());
    const ready = this.next('ready');
    await Promise.race([
      ready,
      once(child, 'exit').then(() => Promise.reject(new Error('the gateway did not start'))),
    ]);
    this.#child = child;
  }

  async submit(submit: Submission): Promise<SubmissionResult> {
    return (await this.#ask({ ticket: ++this.#lastTicket, submit })) as SubmissionResult;
  }

  async settle(settle: Settlement): Promise<SettlementResult> {
    return (await this.#ask({ ticket: ++this.#lastTicket, settle })) as SettlementResult;
  }

  /** Waits until it says this the next time. */
  async next(told: Told): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#told.set(told, [...(this.#told.get(told) ?? []), resolve]);
    });
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.disconnect();
    await exited;
  }

  async #ask(asked: Asked): Promise<unknown> {
    const child = this.#child;
    if (child === undefined) throw new CausewayError('store-unavailable');
    return await new Promise((resolve, reject) => {
      this.#pending.set(asked.ticket, { resolve, reject });
      child.send(asked, (error) => {
        if (error !== null) reject(new CausewayError('store-unavailable', { cause: error }));
      });
    });
  }

  #receive(message: Answer | Told): void {
    if (typeof message === 'string') {
      const waiting = this.#told.get(message) ?? [];
      this.#told.delete(message);
      for (const resolve of waiting) resolve();
      return;
    }
    const waiting = this.#pending.get(message.ticket);
    this.#pending.delete(message.ticket);
    if ('value' in message) waiting?.resolve(message.value);
    else if (message.failure === 'unavailable') waiting?.reject(new CausewayError('store-unavailable'));
    else waiting?.reject(new Error(message.failure));
  }

  /** Its clients see their connection end. */
  #onExit(): void {
    this.#child = undefined;
    for (const { reject } of this.#pending.values()) reject(new CausewayError('store-unavailable'));
    this.#pending.clear();
  }
}
