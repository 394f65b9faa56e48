/** Child processes of a benchmark: real processes that report over IPC and are ended by their own handle. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A message between a benchmark and its processes. */
export type ChildMessage = { readonly type: string; readonly [name: string]: unknown };

const stopMs = 5_000;

export class Child {
  readonly #process: ChildProcess;
  readonly #name: string;
  readonly #waiting = new Map<string, (message: ChildMessage) => void>();
  readonly #arrived: ChildMessage[] = [];
  #failed: ((error: Error) => void)[] = [];

  constructor(script: URL, args: readonly string[]) {
    this.#name = script.pathname.slice(script.pathname.lastIndexOf('/') + 1);
    this.#process = fork(script, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    this.#process.on('message', (message: ChildMessage) => this.#receive(message));
    this.#process.on('exit', (code) => {
      const error = new Error(`${this.#name} ended with ${String(code)} before it had answered`);
      for (const reject of this.#failed.splice(0)) reject(error);
    });
  }

  /** Waits for the next message of a type. */
  async next<T extends ChildMessage>(type: string): Promise<T> {
    const index = this.#arrived.findIndex((message) => message.type === type);
    if (index >= 0) return this.#arrived.splice(index, 1)[0] as T;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(type, (message) => resolve(message as T));
      this.#failed.push(reject);
    });
  }

  send(message: ChildMessage): void {
    this.#process.send(message);
  }

  async ask<T extends ChildMessage>(message: ChildMessage, answer: string): Promise<T> {
    const answered = this.next<T>(answer);
    this.send(message);
    return answered;
  }

  /** Lets the process end by itself, and ends it when it does not. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    this.#failed = [];
    const exited = once(this.#process, 'exit');
    this.#process.disconnect();
    const late = setTimeout(() => this.#process.kill('SIGKILL'), stopMs);
    await exited;
    clearTimeout(late);
  }

  #receive(message: ChildMessage): void {
    const waiting = this.#waiting.get(message.type);
    if (waiting === undefined) {
      this.#arrived.push(message);
      return;
    }
    this.#waiting.delete(message.type);
    waiting(message);
  }
}

/** In a child: answers its benchmark. */
export function tell(message: ChildMessage): void {
  process.send?.(message);
}

/** In a child: handles what its benchmark sends, and ends with it. */
export function onAsk(handle: (message: ChildMessage) => void): void {
  process.on('message', (message: ChildMessage) => handle(message));
  process.on('disconnect', () => process.exit());
}
