/**
 * Stands in for gateway/platform/worker-thread.ts in the tests of one process: threads are used again. Of what a store
 * costs a test, most is the start of Node in two threads; a run starts two thousand. Each run of a file has its own port
 * and its own data, as in a thread of its own; what it keeps in module scope of imported files is what the last run left.
 * A thread that fails, or is ended from outside, is not used again.
 */
import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { MessageChannel, Worker, type MessagePort, type WorkerOptions } from 'node:worker_threads';
import { setEngineFlags } from '../../gateway/platform/engine-flags.ts';
import type { Order } from './host.ts';

type Options = WorkerOptions & { readonly name: string };

/** Of one kind. More than the stores that a test has open at once would only hold memory. */
const maxIdle = 4;

const created = channel('worker_threads');
/** By what runs in them: a niceness that a thread has given itself stays. */
const idle = new Map<string, Host[]>();

/** See gateway/platform/worker-thread.ts. */
export function startThread(file: URL, options: Options): Worker {
  const kind = `${options.name} ${file.href}`;
  const host = idle.get(kind)?.pop() ?? new Host(kind);
  const thread = new LentThread(host, file, options) as EventEmitter as Worker;
  created.publish({ worker: thread });
  return thread;
}

/** A thread, and for whom it runs. */
class Host {
  readonly kind: string;
  readonly worker: Worker;
  user: LentThread | undefined;

  constructor(kind: string) {
    this.kind = kind;
    setEngineFlags();
    this.worker = new Worker(new URL('./host.ts', import.meta.url), { name: 'lent' });
    this.worker.on('message', () => this.user?.onFree());
    this.worker.on('error', (error) => this.user?.emit('error', error));
    this.worker.on('exit', (code) => this.user?.onEnd(code));
  }

  giveBack(): void {
    this.user = undefined;
    this.worker.unref();
    const others = idle.get(this.kind) ?? [];
    idle.set(this.kind, others);
    if (others.length < maxIdle) others.push(this);
    else void this.worker.terminate();
  }
}

/** What the code uses of a Worker. */
class LentThread extends EventEmitter {
  readonly threadName: string;
  readonly #host: Host;
  readonly #port: MessagePort;
  #hasClosed = false;
  #isFree = false;

  constructor(host: Host, file: URL, { name, workerData }: Options) {
    super();
    this.threadName = name;
    this.#host = host;
    host.user = this;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on('message', (message: unknown) => this.emit('message', message));
    port1.on('close', () => {
      this.#hasClosed = true;
      this.#settle();
    });
    this.ref();
    host.worker.postMessage({ file: file.href, port: port2, data: workerData } satisfies Order, [port2]);
  }

  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void {
    this.#port.postMessage(message, transfer);
  }

  ref(): void {
    this.#host.worker.ref();
    this.#port.ref();
  }

  unref(): void {
    this.#host.worker.unref();
    this.#port.unref();
  }

  async terminate(): Promise<number> {
    return await this.#host.worker.terminate();
  }

  onFree(): void {
    this.#isFree = true;
    this.#settle();
  }

  /** The thread itself has ended. */
  onEnd(code: number): void {
    this.#host.user = undefined;
    this.#port.close();
    this.emit('exit', code);
  }

  /** A thread that dies closes its ports as well: only one that has said so is free. */
  #settle(): void {
    if (!this.#hasClosed || !this.#isFree) return;
    this.#host.giveBack();
    this.emit('exit', 0);
  }
}
