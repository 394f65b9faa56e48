/**
 * Group commit: one group is under way at a time, and what is asked meanwhile goes together in the next one. There
 * is no timer: the time a commit takes is the time that the next group collects.
 */
import { CausewayError } from '../../../protocol/errors.ts';
import { concernsOneOperation, failureOf } from './failures.ts';
import {
  standsAlone,
  weightOf,
  type Operation,
  type OperationOf,
  type OperationType,
  type Results,
} from './operations.ts';

/** What one group may hold, about: messages or deliveries, and bytes. A single operation may be larger. */
const maxGroup = { weight: 256, bytes: 8 * 1024 * 1024 };

type Waiting = {
  readonly operation: Operation;
  readonly since: number;
  readonly resolve: (result: Results[OperationType]) => void;
  readonly reject: (error: CausewayError) => void;
};

/** Commits operations together; see `Committer.commit`. */
type Commit = (
  operations: readonly Operation[],
  at: number,
  deadline: number,
) => Promise<readonly Results[OperationType][]>;

export type GroupCommitOptions = {
  readonly commit: Commit;
  readonly clock: () => number;
  /** How long an operation may wait in all before it fails. */
  readonly patienceMs: number;
};

export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #queue: Waiting[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Queues an operation. Resolves when it is durable. @throws CausewayError `store-unavailable`, `internal-error` */
  async run<T extends OperationType>(operation: OperationOf<T>): Promise<Results[T]> {
    if (this.#closed) throw new CausewayError('store-unavailable', { detail: 'The store is closed.' });
    return await new Promise<Results[T]>((resolve, reject) => {
      this.#queue.push({
        operation,
        since: performance.now(),
        resolve: resolve as Waiting['resolve'],
        reject,
      });
      // What is asked in the same turn shares the group from the beginning.
      this.#running ??= Promise.resolve().then(() => this.#work());
    });
  }

  /** Takes nothing more and finishes what is queued. */
  async drain(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) await this.#commitGroup(this.#takeGroup());
    // In the turn in which the queue was found empty: whoever comes later starts again.
    this.#running = undefined;
  }

  #takeGroup(): Waiting[] {
    let taken = 0;
    let weight = 0;
    let bytes = 0;
    for (const { operation } of this.#queue) {
      weight += weightOf(operation);
      bytes += bytesOf(operation);
      const isFull = weight > maxGroup.weight || bytes > maxGroup.bytes;
      if (taken > 0 && (isFull || standsAlone(operation))) break;
      taken++;
      if (standsAlone(operation)) break;
    }
    const group = this.#queue.slice(0, taken);
    this.#queue = this.#queue.slice(taken);
    return group;
  }

  /** While nothing can be written, whoever has waited long enough is not kept for another try. */
  #takeOverdue(): readonly Waiting[] {
    const now = performance.now();
    const isOverdue = ({ since }: Waiting): boolean => since + this.#options.patienceMs <= now;
    const overdue = this.#queue.filter(isOverdue);
    this.#queue = this.#queue.filter((waiting) => !isOverdue(waiting));
    return overdue;
  }

  async #commitGroup(group: readonly Waiting[]): Promise<void> {
    const error = await this.#attempt(group);
    if (error === undefined) return;
    if (!concernsOneOperation(error)) {
      for (const { reject } of [...group, ...this.#takeOverdue()]) reject(failureOf(error));
      return;
    }
    // One bad operation must not sink the others, nor those that wait behind it.
    for (const waiting of group) {
      const alone = group.length === 1 ? error : await this.#attempt([waiting]);
      if (alone !== undefined) waiting.reject(failureOf(alone));
    }
  }

  /** @returns the error, or undefined when the group is committed and everybody in it has been told */
  async #attempt(group: readonly Waiting[]): Promise<unknown> {
    const { commit, clock, patienceMs } = this.#options;
    const deadline = Math.min(...group.map(({ since }) => since)) + patienceMs;
    try {
      const results = await commit(
        group.map(({ operation }) => operation),
        clock(),
        deadline,
      );
      for (const [index, { resolve }] of group.entries()) resolve(results[index] ?? null);
      return undefined;
    } catch (error) {
      return error ?? new Error('an error without a value');
    }
  }
}

function bytesOf(operation: Operation): number {
  if (operation.type === 'settle') return operation.group.byteLength;
  if (operation.type !== 'submit') return 0;
  return operation.messages.reduce(
    (sum, message) => sum + (message.verdict === 'accept' ? message.unit.byteLength : 0),
    0,
  );
}
