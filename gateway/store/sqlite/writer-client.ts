/**
 * The main side of the writer: group commit.
 *
 * Operations asked in one turn of the event loop's microtasks share a packet. A few packets may be under way, and
 * the writer commits together what has arrived when it begins: so it never waits for this thread between two
 * commits. Whatever is asked when that many are under way gathers for the next packet. An operation that is patient
 * starts no commit of its own for a few milliseconds, so that it can share that of one that is not: a sync costs
 * more than what is written with it.
 */
import type { Worker } from 'node:worker_threads';
import { CausewayError } from '../../../protocol/errors.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { startThread } from '../../platform/worker-thread.ts';
import type { FreshGroup, StoreVersions } from '../port.ts';
import type { Encode } from './batch-encoder.ts';
import { unavailableByDamage } from '../store-damage.ts';
import { ByteSink, ByteSource } from '../byte-stream.ts';
import {
  maxBatch,
  type Answer,
  type Batch,
  type BatchAnswer,
  type Operation,
  type Packet,
  type PackedFailure,
  type Results,
  type WriterReady,
} from './operations.ts';
import type { WriterOptions } from './writer.ts';

/** Enough that the writer always has the next one; few enough that packets grow while it is busy. */
const maxUnderWay = 4;

/** Buffers that the writer has given back and how large they may be: memory that is in place already costs no page faults. */
const maxSpare = { count: 2 * maxUnderWay, bytes: 1024 * 1024 };

/** How long patient operations wait for an urgent one. */
const patienceMs = 4;

/** `urgent`: somebody's answer waits for it. `patient`: it may wait a moment for company. */
type Urgency = 'urgent' | 'patient';

type Type = Operation['type'];
type Waiting = {
  readonly encode: Encode;
  /** Messages or deliveries that the operation is about. */
  readonly weight: number;
  readonly urgency: Urgency;
  readonly resolve: (value: { result: Results[Type]; group: Buffer | undefined }) => void;
  readonly reject: (error: CausewayError) => void;
};

/** Told after commits of this process. */
type WriterEvents = {
  onGrowth(endpoint: EndpointAddress, position: number, fresh: FreshGroup): void;
  onRaised(raised: Partial<StoreVersions>): void;
  /** The thread has ended: what it had under way may be committed all the same. */
  onUntold(): void;
};

export class WriterClient {
  readonly #options: WriterOptions;
  readonly #clock: () => number;
  readonly #events: WriterEvents;
  #worker: Worker | undefined;
  #opening: Promise<void> | undefined;
  #queue: Waiting[] = [];
  /** What the packets under way hold, oldest first. */
  #underWay: Waiting[][] = [];
  #spare: ArrayBuffer[] = [];
  #scheduled = false;
  #patience: NodeJS.Timeout | undefined;
  #draining = false;
  #hasResidue = false;
  #idle: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  constructor(options: WriterOptions, clock: () => number, events: WriterEvents) {
    this.#options = options;
    this.#clock = clock;
    this.#events = events;
  }

  /** Starts the thread. @throws CausewayError `store-incompatible`, `store-damaged`, `store-unavailable` */
  async open(): Promise<Extract<WriterReady, { ready: true }>> {
    const worker = startThread(new URL('./writer.ts', import.meta.url), {
      name: 'store-writer',
      workerData: this.#options,
    });
    const ready = await firstMessage(worker).catch((cause: unknown) => {
      throw new CausewayError('store-unavailable', { cause });
    });
    if (!ready.ready) {
      const { code, detail, reason } = ready;
      throw new CausewayError(code, { detail, ...(reason !== undefined && { cause: new Error(reason) }) });
    }
    worker.on('message', (answer: Answer) => this.#onAnswer(answer));
    worker.on('error', (error) => this.#onDeath(worker, error));
    worker.on('exit', () => this.#onDeath(worker, new Error('the writer thread ended')));
    this.#worker = worker;
    return ready;
  }

  /** Queues an operation. Resolves when it is durable. @throws CausewayError `store-unavailable`, `internal-error` */
  async run<T extends Type>(
    encode: Encode<T>,
    weight = 1,
    urgency: Urgency = 'urgent',
  ): Promise<{ result: Results[T]; group: Buffer | undefined }> {
    if (this.#draining) {
      throw new CausewayError('store-unavailable', { detail: 'The store is closed.' });
    }
    return await new Promise((resolve, reject) => {
      this.#queue.push({
        encode: encode as unknown as Encode,
        weight,
        urgency,
        resolve: resolve as Waiting['resolve'],
        reject,
      });
      this.#schedule();
    });
  }

  /** Whether the write-ahead log might hold what was erased when the last commit was answered. */
  get hasResidue(): boolean {
    return this.#hasResidue;
  }

  /** Takes nothing more and finishes what is queued. */
  async drain(): Promise<void> {
    this.#draining = true;
    this.#schedule();
    this.#idle ??= new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      if (this.#queue.length === 0 && this.#underWay.length === 0) resolve();
    });
    await this.#idle;
  }

  /** Finishes what is queued, then ends the thread. */
  async close(): Promise<void> {
    await this.drain();
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.postMessage('close');
    await ended;
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay.length >= maxUnderWay) return;
    if (!this.#draining && this.#queue.every(({ urgency }) => urgency === 'patient')) {
      this.#patience ??= setTimeout(() => this.#start(), patienceMs);
      return;
    }
    this.#scheduled = true;
    queueMicrotask(() => this.#start());
  }

  #start(): void {
    this.#scheduled = false;
    clearTimeout(this.#patience);
    this.#patience = undefined;
    if (this.#underWay.length >= maxUnderWay || this.#queue.length === 0) return;
    if (this.#worker !== undefined) this.#post(this.#worker);
    else this.#reviveThen();
  }

  /** The thread died: a new one takes over, or everything that waits fails. */
  #reviveThen(): void {
    this.#opening ??= this.open()
      .then(() => undefined)
      .catch((cause: unknown) => this.#failAll(this.#queue.splice(0), cause))
      .finally(() => {
        this.#opening = undefined;
        this.#next();
      });
  }

  #post(worker: Worker): void {
    const sink = new ByteSink();
    const operations: Operation[] = [];
    const offsets: number[] = [];
    const underWay: Waiting[] = [];
    let taken = 0;
    let weight = 0;
    for (const waiting of this.#queue) {
      weight += waiting.weight;
      if (taken > 0 && (weight > maxBatch.messages || sink.total > maxBatch.bytes)) break;
      const offset = sink.total;
      taken++;
      try {
        operations.push(waiting.encode(sink));
        offsets.push(offset);
        underWay.push(waiting);
      } catch (cause) {
        waiting.reject(new CausewayError('internal-error', { cause }));
      }
    }
    this.#queue = this.#queue.slice(taken);
    if (underWay.length > 0) {
      this.#underWay.push(underWay);
      const batch: Batch = { operations, offsets };
      const bytes = sink.finish((size) => this.#takeSpare(size));
      const packet: Packet = { at: this.#clock(), weight, text: JSON.stringify(batch), bytes };
      worker.postMessage(packet, [bytes]);
    }
    this.#next();
  }

  #onAnswer({ packets, text, bytes, spent, hasResidue }: Answer): void {
    this.#hasResidue = hasResidue;
    const { results, growth, raised } = JSON.parse(text) as BatchAnswer;
    const source = new ByteSource(bytes);
    const waiting = this.#underWay.splice(0, packets).flat();
    for (const [index, result] of results.entries()) {
      if ('failure' in result) {
        waiting[index]?.reject(errorOf(result.failure));
        continue;
      }
      const { value } = result;
      const groupBytes =
        typeof value === 'object' && value !== null && 'groupBytes' in value ? value.groupBytes : 0;
      const group = groupBytes > 0 ? source.take(groupBytes) : undefined;
      waiting[index]?.resolve({ result: value, group });
    }
    this.#keepSpare(spent);
    this.#next();
    // What the answers set off goes out first: notices to their recipients before receipts to their senders.
    if (growth.length > 0) setImmediate(() => this.#tellGrowth(growth, source));
    if (raised !== undefined) this.#events.onRaised(raised);
  }

  #tellGrowth(growth: BatchAnswer['growth'], source: ByteSource): void {
    for (const { endpoint, position, previous, groupBytes } of growth) {
      this.#events.onGrowth(endpoint, position, { group: source.take(groupBytes), previous });
    }
  }

  #keepSpare(spent: readonly ArrayBuffer[]): void {
    for (const buffer of spent) {
      if (this.#spare.length < maxSpare.count && buffer.byteLength <= maxSpare.bytes)
        this.#spare.push(buffer);
    }
  }

  /** A buffer of at least so many bytes that is used by nobody. */
  #takeSpare(bytes: number): ArrayBuffer {
    const index = this.#spare.findIndex((buffer) => buffer.byteLength >= bytes);
    const [found] = index < 0 ? [] : this.#spare.splice(index, 1);
    // Unpooled and not filled with zeros: it is overwritten, and it can be transferred.
    return found ?? Buffer.allocUnsafeSlow(roundUp(bytes)).buffer;
  }

  /**
   * Whether what is under way was committed is unknown, so nothing is promised. Repeating it is harmless; but what was
   * committed is a duplicate then, and told to nobody.
   */
  #onDeath(worker: Worker, cause: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#failAll(this.#underWay.splice(0).flat(), cause);
    this.#events.onUntold();
    this.#next();
  }

  #failAll(waiting: readonly Waiting[], cause: unknown): void {
    for (const { reject } of waiting) reject(new CausewayError('store-unavailable', { cause }));
  }

  #next(): void {
    if (this.#queue.length > 0) this.#schedule();
    else if (this.#underWay.length === 0) this.#onIdle?.();
  }
}

function errorOf({ damage, unavailable, reason, detail, ...failure }: PackedFailure): CausewayError {
  if (damage !== undefined) return unavailableByDamage(damage);
  const { code = unavailable ? 'store-unavailable' : 'internal-error' } = failure;
  return new CausewayError(code, { detail, cause: new Error(reason) });
}

/** To a multiple of 64 KiB, so that buffers fit again. */
function roundUp(bytes: number): number {
  return Math.ceil((bytes + 1) / 65_536) * 65_536;
}

async function firstMessage(worker: Worker): Promise<WriterReady> {
  return await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the writer thread ended')));
  });
}
