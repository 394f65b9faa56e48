/**
 * A fork or a rollback of the log: raised with its evidence, and the client halts. Nothing is encrypted or sent any more
 * until a person has decided, because nobody can tell from here which of the two logs the Committee sees. What arrives is
 * still received.
 */
import { CausewayError } from '../../../protocol/errors.ts';
import type { TrustedCheckpoint } from '../../../protocol/proof/checkpoint.ts';
import type { LogFaults } from './log-faults.ts';
import type { ForkProof } from './log-judgement.ts';
import type { LogTable } from './log-table.ts';
import type { StateDatabase } from '../state-database.ts';

/** A verified checkpoint and the note that says so. */
export type SeenCheckpoint = TrustedCheckpoint & { readonly note: string };

/** Why the client sends nothing. */
export type LogHalt = {
  readonly kind: 'fork' | 'rollback';
  readonly detail: string;
  readonly evidence: string;
  /** The checkpoint that contradicts the last verified one, as a signed note. */
  readonly shown: string;
};

export type HaltDependencies = {
  readonly state: StateDatabase;
  readonly faults: LogFaults;
  /** The log's verifier key. */
  readonly key: string;
  readonly onHalt: (halt: LogHalt) => void;
};

export class LogHalts {
  readonly #deps: HaltDependencies;
  readonly #table: LogTable;
  #known: { readonly text: string; readonly halt: LogHalt } | undefined;

  constructor(deps: HaltDependencies, table: LogTable) {
    this.#deps = deps;
    this.#table = table;
  }

  /** What a person has yet to decide, of this process or another one that shares the home. */
  get current(): LogHalt | undefined {
    const text = this.#table.readMeta('logHalt');
    if (text !== this.#known?.text) {
      this.#known = text === undefined ? undefined : { text, halt: JSON.parse(text) as LogHalt };
    }
    return this.#known?.halt;
  }

  /** A person has decided, and so has looked at the fault. Within a write. @param at ms since 1970 */
  lift(at: number): void {
    const { current } = this;
    const faults = this.#table.readFaults().filter(({ evidence }) => evidence === current?.evidence);
    this.#table.acknowledge({ faults }, at);
    this.#table.writeMeta('logHalt', undefined);
  }

  /** Two logs under one key. @param proof that the log shown has another root at the size that was seen */
  async fork(seen: SeenCheckpoint, shown: SeenCheckpoint, proof: ForkProof | undefined): Promise<void> {
    const detail = `The log with ${shown.size} leaves does not begin with the ${seen.size} leaves that were verified before.`;
    await this.#stop('fork', detail, seen, shown, {
      // At the size of the checkpoint seen, the log shown has this root: a consistency proof (RFC 6962, 2.1.2).
      proof: proof && {
        fromSize: seen.size,
        fromRoot: proof.root.toString('base64'),
        path: proof.path.map((hash) => hash.toString('base64')),
      },
    });
  }

  /** Less is signed than was verified before. */
  async rollback(seen: SeenCheckpoint, shown: SeenCheckpoint): Promise<void> {
    const detail = `The log has ${shown.size} leaves; it had ${seen.size} when it was verified before.`;
    await this.#stop('rollback', detail, seen, shown, {});
  }

  async #stop(
    kind: LogHalt['kind'],
    detail: string,
    seen: SeenCheckpoint,
    shown: SeenCheckpoint,
    facts: Record<string, unknown>,
  ): Promise<void> {
    const { faults, key, state, onHalt } = this.#deps;
    const subject = `${seen.size} ${seen.root.toString('base64')} ${shown.size} ${shown.root.toString('base64')}`;
    const { evidence } = await faults.raise(kind, {
      ...{ subject, detail },
      facts: { key, seen: seen.note, shown: shown.note, ...facts },
    });
    const halt: LogHalt = { kind, detail, evidence, shown: shown.note };
    await state.write(() => this.#table.writeMeta('logHalt', JSON.stringify(halt)));
    onHalt(halt);
  }
}

/** The error of a client that has halted. */
export function haltError({ detail, evidence }: LogHalt): CausewayError {
  return new CausewayError('log-halted', { detail: `${detail} The evidence is in ${evidence}.` });
}
