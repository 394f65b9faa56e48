/**
 * The checkpoint that was verified last, and what becomes of it when the gateway shows another one.
 *
 * ```
 * shown                                              then
 * not signed by the log's key                        raised; the last one stays
 * the same, or larger and a continuation             is the last one, once enough witnesses have cosigned it;
 *                                                    until then the newest that they have cosigned is looked at
 * larger or as large, and certainly another log      fork: raised, and the client halts
 * smaller, and still so after some time              rollback: raised, and the client halts
 * anything that does not lead to its own root        raised; the last one stays
 * ```
 *
 * `log-halt.ts` says what halting means.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CausewayError, isCausewayError } from '../../../protocol/errors.ts';
import { openCheckpoint, type CheckpointTrust } from '../../../protocol/proof/checkpoint.ts';
import { digestOf } from '../../../protocol/proof/merkle.ts';
import { parseVerifierKey } from '../../../protocol/proof/verifier-key.ts';
import type { HomeLog } from '../home.ts';
import type { LogFaults } from './log-faults.ts';
import { LogHalts, type LogHalt, type SeenCheckpoint } from './log-halt.ts';
import { judgeCheckpoint } from './log-judgement.ts';
import type { LogReader } from './log-reader.ts';
import { LogTable } from './log-table.ts';
import type { StateDatabase } from '../state-database.ts';

type CheckpointDependencies = {
  readonly state: StateDatabase;
  readonly reader: LogReader;
  readonly faults: LogFaults;
  readonly trust: HomeLog;
  /** How long a smaller checkpoint may be due to a gateway that has just started. */
  readonly patienceMs: number;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly onHalt: (halt: LogHalt) => void;
  /** Told within the write by which another log than the one seen is taken. */
  readonly onAdopt: () => void;
};

/** `short`: of witnesses · `refused`: raised. */
type Taking = 'taken' | 'short' | 'smaller' | 'refused';

const patienceStepMs = 500;
/** Witnesses that cosign something new within this time are only slower than the log. */
const witnessPatienceMs = 60_000;

export class LogCheckpoints {
  readonly #deps: CheckpointDependencies;
  readonly #table: LogTable;
  readonly #halts: LogHalts;
  readonly #trust: Required<Omit<CheckpointTrust, 'witnessesNeeded'>>;
  #seen: SeenCheckpoint | undefined;
  #setback: CausewayError | undefined;
  #isNewest = false;
  /** When a checkpoint with enough cosignatures was last kept, ms since 1970. */
  #witnessedAt = -Infinity;

  constructor(deps: CheckpointDependencies) {
    this.#deps = deps;
    this.#table = new LogTable(deps.state.statements);
    const { state, faults, onHalt, trust } = deps;
    this.#halts = new LogHalts({ state, faults, onHalt, key: trust.key }, this.#table);
    const key = parseVerifierKey(trust.key);
    this.#trust = { origin: key.name, keys: [key], witnesses: deps.trust.witnesses.map(parseVerifierKey) };
  }

  /** The last verified checkpoint, of this process or another one that shares the home. */
  get seen(): SeenCheckpoint | undefined {
    const note = this.#table.readMeta('logCheckpoint');
    if (note !== this.#seen?.note) this.#seen = note === undefined ? undefined : this.#open(note);
    return this.#seen;
  }

  get halt(): LogHalt | undefined {
    return this.#halts.current;
  }

  /**
   * Why the checkpoint shown last was not taken: it is not to be believed, or too few witnesses have cosigned it and
   * they have cosigned nothing new for a minute either.
   */
  get setback(): CausewayError | undefined {
    return this.#setback;
  }

  /** False where the gateway has shown a newer checkpoint than the last verified one, such as one without witnesses. */
  get isNewest(): boolean {
    return this.#isNewest;
  }

  /**
   * True for a checkpoint that the log has signed and that does not continue the last verified one, as far as that shows
   * without asking: it is smaller, which a gateway of several may be that is a little behind, or another one of its size.
   */
  contradicts(note: string): boolean {
    const { seen } = this;
    if (seen === undefined || note === seen.note) return false;
    try {
      const shown = this.#open(note);
      return shown.size < seen.size || (shown.size === seen.size && !shown.root.equals(seen.root));
    } catch (error) {
      // What nobody has signed says nothing here; a look raises it.
      if (isCausewayError(error)) return false;
      throw error;
    }
  }

  /**
   * Looks at the newest checkpoint.
   * @param hint a checkpoint that the gateway has told already; it is asked for one only where that is not enough
   * @param options.isEnough `false`: it is asked for one in any case, since it may have told that one long ago
   * @returns the last verified one, undefined while there is none
   * @throws CausewayError what reading throws
   */
  async advance(
    hint: string | undefined,
    { isEnough }: { readonly isEnough: boolean },
  ): Promise<SeenCheckpoint | undefined> {
    if (this.halt !== undefined) return this.seen;
    this.#isNewest = hint !== undefined && (await this.#take(hint)) === 'taken';
    if (this.#isNewest && isEnough) return this.seen;
    const before = this.seen?.size ?? 0;
    for (let waitedMs = 0; ; waitedMs += patienceStepMs) {
      const note = await this.#deps.reader.readCheckpoint();
      const taking = await this.#take(note);
      this.#isNewest = taking === 'taken';
      if (taking === 'short') await this.#takeWitnessed();
      if (taking !== 'smaller') return this.seen;
      if (waitedMs >= this.#deps.patienceMs) {
        await this.#raiseRollback(note, before);
        return this.seen;
      }
      await sleep(patienceStepMs, undefined, { signal: this.#deps.signal });
    }
  }

  /** A person has decided. @param adopt take what the gateway shows for the log from now on */
  async resume(adopt: boolean): Promise<void> {
    const { halt } = this;
    if (halt === undefined) return;
    await this.#deps.state.write(() => {
      this.#halts.lift(this.#deps.now());
      if (!adopt) return;
      const { size } = this.#open(halt.shown);
      const followed = Number(this.#table.readMeta('logFollowed') ?? size);
      this.#table.writeMeta('logCheckpoint', halt.shown);
      this.#table.writeMeta('logFollowed', Math.min(followed, size));
      this.#table.forgetProven();
      this.#deps.onAdopt();
    });
    this.#deps.reader.forget();
  }

  async #take(note: string): Promise<Taking> {
    this.#setback = undefined;
    const taking = await this.#consider(note);
    if (taking === 'refused') {
      this.#setback = new CausewayError('note-untrusted', { detail: 'The checkpoint shown is refused.' });
    }
    return taking;
  }

  /** The newest one that witnesses have cosigned, while the newest of all still waits for them. */
  async #takeWitnessed(): Promise<void> {
    const shortage = this.#setback;
    const note = await this.#deps.reader.readWitnessedCheckpoint();
    if (note === undefined) return;
    await this.#take(note);
    if (this.#deps.now() - this.#witnessedAt >= witnessPatienceMs) this.#setback ??= shortage;
  }

  async #consider(note: string): Promise<Taking> {
    const { seen } = this;
    if (note === seen?.note) return 'taken';
    const shown = await this.#examine(note);
    if (shown === undefined) return 'refused';
    const judgement = await this.#judge(seen, shown);
    switch (judgement.verdict) {
      case 'same':
      case 'grown':
        if (this.#isShort(shown)) return 'short';
        if (judgement.verdict === 'grown' || shown.cosignatures.length > (seen?.cosignatures.length ?? 0))
          await this.#keep(note, seen?.note);
        return 'taken';
      case 'smaller':
        return 'smaller';
      case 'forked':
        if (seen !== undefined) await this.#halts.fork(seen, shown, judgement.proof);
        return 'refused';
      case 'unproven':
        await this.#raiseUnproven(seen, shown);
        return 'refused';
    }
  }

  #isShort({ cosignatures }: SeenCheckpoint): boolean {
    const { witnessesNeeded } = this.#deps.trust;
    if (cosignatures.length >= witnessesNeeded) return false;
    this.#setback = new CausewayError('note-uncosigned', {
      detail: `${cosignatures.length} of the known witnesses have cosigned the newest checkpoint; ${witnessesNeeded} are needed.`,
    });
    return true;
  }

  async #judge(
    seen: SeenCheckpoint | undefined,
    shown: SeenCheckpoint,
  ): Promise<Awaited<ReturnType<typeof judgeCheckpoint>>> {
    const { reader } = this.#deps;
    const judgement = await judgeCheckpoint(seen, shown, (name) => reader.readFile(name));
    if (judgement.verdict !== 'unproven') return judgement;
    reader.forget();
    return judgeCheckpoint(seen, shown, (name) => reader.readFile(name));
  }

  /** A checkpoint that the log has signed; otherwise raised. */
  async #examine(note: string): Promise<SeenCheckpoint | undefined> {
    try {
      return this.#open(note);
    } catch (error) {
      if (!isCausewayError(error)) throw error;
      await this.#deps.faults.raise('checkpoint', {
        subject: digestOf(Buffer.from(note)),
        detail: `The gateway shows a checkpoint that is not to be believed: ${error.message}`,
        facts: { code: error.code, key: this.#deps.trust.key, shown: note, seen: this.seen?.note ?? null },
      });
      return undefined;
    }
  }

  #open(note: string): SeenCheckpoint {
    return { ...openCheckpoint(note, this.#trust), note };
  }

  /** Another process may have gone further meanwhile: then its checkpoint stays. */
  async #keep(note: string, before: string | undefined): Promise<void> {
    this.#witnessedAt = this.#deps.now();
    await this.#deps.state.write(() => {
      if (this.#table.readMeta('logCheckpoint') === before) this.#table.writeMeta('logCheckpoint', note);
    });
  }

  async #raiseRollback(note: string, before: number): Promise<void> {
    const { seen } = this;
    const shown = this.#open(note);
    if (seen !== undefined && shown.size < before) await this.#halts.rollback(seen, shown);
    // Another program has gone further while this look waited: nothing is proven, but nothing verified either.
    else
      this.#setback = new CausewayError('note-untrusted', {
        detail: 'The checkpoint shown is an older one.',
      });
  }

  async #raiseUnproven(seen: SeenCheckpoint | undefined, shown: SeenCheckpoint): Promise<void> {
    await this.#deps.faults.raise('contents', {
      subject: shown.text,
      detail: 'What the gateway serves of the log does not lead to the checkpoint that it shows.',
      facts: { key: this.#deps.trust.key, seen: seen?.note ?? null, shown: shown.note },
    });
  }
}
