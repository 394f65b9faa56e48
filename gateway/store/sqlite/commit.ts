/** Group commit: a batch in one transaction; where that fails, each operation in its own. */
import { ByteSink, ByteSource } from '../byte-stream.ts';
import { concernsEveryOperation, describeFailure } from './failures.ts';
import type { Committed, Ledger, Task } from './ledger.ts';
import type { Answer, Batch, BatchAnswer, Packet, PackedResult, StreamGrowth } from './operations.ts';

type CommitAnswer = Omit<Answer, 'hasResidue'>;
type Attempt = { readonly committed: Committed } | { readonly error: unknown };

/**
 * Carries out the batches of some packets together and says how each operation ended. Never throws.
 * @param onError told of every failed transaction
 */
export function commitBatch(
  ledger: Ledger,
  packets: readonly Packet[],
  onError: (error: unknown) => void,
): CommitAnswer {
  const tasks = packets.flatMap(readTasks);
  // The newest time: nothing is recorded as earlier than what was recorded before it.
  const at = packets.at(-1)?.at ?? 0;
  const answer = new AnswerBuilder(ledger);
  const whole = attempt(ledger, tasks, at, onError);
  if ('committed' in whole) answer.addCommitted(whole.committed);
  else if (tasks.length === 1 || concernsEveryOperation(whole.error))
    answer.addFailures(tasks.length, whole.error);
  else commitSingly(ledger, tasks, at, answer, onError);
  return answer.finish(packets);
}

function readTasks({ text, bytes }: Packet): Task[] {
  const { operations, offsets } = JSON.parse(text) as Batch;
  return operations.map((operation, index): Task => {
    const offset = offsets[index] ?? 0;
    return { operation, bytes: () => new ByteSource(bytes, offset) };
  });
}

/** One bad operation must not sink the others. */
function commitSingly(
  ledger: Ledger,
  tasks: readonly Task[],
  at: number,
  answer: AnswerBuilder,
  onError: (error: unknown) => void,
): void {
  for (const [index, task] of tasks.entries()) {
    const single = attempt(ledger, [task], at, onError);
    if ('committed' in single) answer.addCommitted(single.committed);
    else if (!concernsEveryOperation(single.error)) answer.addFailures(1, single.error);
    else {
      answer.addFailures(tasks.length - index, single.error);
      return;
    }
  }
}

function attempt(
  ledger: Ledger,
  tasks: readonly Task[],
  at: number,
  onError: (error: unknown) => void,
): Attempt {
  try {
    return { committed: ledger.transact(tasks, at) };
  } catch (error) {
    onError(error);
    return { error };
  }
}

class AnswerBuilder {
  readonly #ledger: Ledger;
  readonly #results: PackedResult[] = [];
  readonly #growth: StreamGrowth[] = [];
  readonly #resultBytes: Uint8Array[] = [];
  readonly #growthBytes: Uint8Array[] = [];
  #raised: BatchAnswer['raised'];

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  addCommitted({ carried, growth, raised }: Committed): void {
    for (const { value, group } of carried) {
      this.#results.push({ value });
      if (group !== undefined) this.#resultBytes.push(group);
    }
    for (const { endpoint, position, previous, group } of growth) {
      const address = this.#ledger.endpoints.addressOf(endpoint);
      this.#growth.push({ endpoint: address, position, previous, groupBytes: group.byteLength });
      this.#growthBytes.push(group);
    }
    if (raised !== undefined) this.#raised = { ...this.#raised, ...raised };
  }

  addFailures(count: number, error: unknown): void {
    const failure = describeFailure(error);
    for (let index = 0; index < count; index++) this.#results.push({ failure });
  }

  finish(packets: readonly Packet[]): CommitAnswer {
    const sink = new ByteSink();
    for (const piece of this.#resultBytes) sink.add(piece);
    for (const piece of this.#growthBytes) sink.add(piece);
    const answer: BatchAnswer = {
      results: this.#results,
      growth: this.#growth,
      ...(this.#raised !== undefined && { raised: this.#raised }),
    };
    const spent = packets.map(({ bytes }) => bytes);
    return { packets: packets.length, text: JSON.stringify(answer), bytes: sink.finish(), spent };
  }
}
