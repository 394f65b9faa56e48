/** Raises what is wrong with the log: the evidence first, then the event, once for each matter. */
import type { ClientEmitter } from './events.ts';
import { writeEvidence } from './log-evidence.ts';
import { LogTable, type LogFault, type LogFaultKind } from './log-table.ts';
import type { StateDatabase } from './state-database.ts';

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

export class LogFaults {
  readonly #deps: LogFaultsDependencies;
  readonly #table: LogTable;

  constructor(deps: LogFaultsDependencies) {
    this.#deps = deps;
    this.#table = new LogTable(deps.state.statements);
  }

  /** Resolves once the fault is durable. @returns the fault, this one or the one raised before about the same */
  async raise(kind: LogFaultKind, { subject, detail, facts }: FaultReport): Promise<LogFault> {
    const known = this.#find(kind, subject);
    if (known !== undefined) return known;
    const { homeDir, state, emitter, now } = this.#deps;
    const foundAt = now();
    const evidence = await writeEvidence(homeDir, kind, foundAt, { subject, detail, ...facts });
    const fault: LogFault = { kind, subject, foundAt, detail, evidence };
    const isNew = await state.write(() => this.#table.noteFault(fault));
    if (isNew) emitter.emit('logFault', fault);
    return this.#find(kind, subject) ?? fault;
  }

  list(): LogFault[] {
    return this.#table.readFaults();
  }

  #find(kind: LogFaultKind, subject: string): LogFault | undefined {
    return this.#table.readFaults().find((fault) => fault.kind === kind && fault.subject === subject);
  }
}
