/** Raises what is wrong with the log: the evidence first, then the event, once for each matter. */
import { join } from 'node:path';
import type { ClientEmitter } from '../events.ts';
import { evidenceFolder, writeEvidence } from './log-evidence.ts';
import { LogTable, type LogFault, type LogFaultKind } from './log-table.ts';
import type { StateDatabase } from '../state-database.ts';

type LogFaultsDependencies = {
  readonly homeDir: string;
  readonly state: StateDatabase;
  readonly emitter: ClientEmitter;
  readonly now: () => number;
};

/** What is wrong, in words and in facts. */
export type FaultReport = {
  /** What it is about; the same matter is raised once. */
  readonly subject: string;
  readonly detail: string;
  /** Goes into the file. */
  readonly facts: Record<string, unknown>;
};

/**
 * Kinds of which a gateway, or whoever answers in its place, can make as many as it likes. Of the others there is one for
 * each decision of a person, or one for each message of this endpoint.
 */
const endless: ReadonlySet<LogFaultKind> = new Set(['checkpoint', 'contents', 'entry', 'stale', 'receipt']);
/**
 * So many of each of these are written down until a person has acknowledged some, with evidence of up to 1 MiB: more would
 * prove nothing more.
 */
const mostWritten = 100;

export class LogFaults {
  readonly #deps: LogFaultsDependencies;
  readonly #table: LogTable;
  /** The last one of each kind that was told without being written down. */
  readonly #told = new Map<LogFaultKind, LogFault>();

  constructor(deps: LogFaultsDependencies) {
    this.#deps = deps;
    this.#table = new LogTable(deps.state.statements);
  }

  /** Resolves once the fault is durable. @returns the fault, this one or the one raised before about the same */
  async raise(kind: LogFaultKind, { subject, detail, facts }: FaultReport): Promise<LogFault> {
    const known = this.#table.findFault(kind, subject);
    if (known !== undefined) return known;
    const { homeDir, state, emitter, now } = this.#deps;
    const foundAt = now();
    if (endless.has(kind) && this.#table.countOpenFaults(kind) >= mostWritten)
      return this.#tell({ kind, subject, foundAt, detail, evidence: join(homeDir, evidenceFolder) });
    const evidence = await writeEvidence(homeDir, kind, foundAt, { subject, detail, ...facts });
    const fault: LogFault = { kind, subject, foundAt, detail, evidence };
    const isNew = await state.write(() => this.#table.noteFault(fault));
    if (isNew) emitter.emit('logFault', fault);
    return this.#table.findFault(kind, subject) ?? fault;
  }

  /** True where a fault about this was raised before and written down. */
  isKnown(kind: LogFaultKind, subject: string): boolean {
    return this.#table.findFault(kind, subject) !== undefined;
  }

  list(): LogFault[] {
    return this.#table.readFaults();
  }

  /** Raises what is not written down; not twice in a row for the same. */
  #tell(fault: LogFault): LogFault {
    if (this.#told.get(fault.kind)?.subject !== fault.subject) this.#deps.emitter.emit('logFault', fault);
    this.#told.set(fault.kind, fault);
    return fault;
  }
}
