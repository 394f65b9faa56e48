/** The keeper thread: notices what other processes commit, and moves the log into the database in time. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import type { StoreVersions } from '../port.ts';
import { allRows, firstRow, openForReading, prepare } from './database.ts';
import { versionsOf } from './directory-table.ts';
import { describeFailure } from './failures.ts';
import { ForeignRules } from './foreign-rules.ts';
import type { PackedFailure } from './operations.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

export type KeeperOptions = {
  readonly file: string;
  /** Marks the commits of this process, which need no notice. */
  readonly writer: number;
  /** Growth of receipt streams from this leaf of the audit log on is news. */
  readonly nextLeaf: number;
};

/** What changed since the last notice. */
export type Notice = {
  readonly versions: StoreVersions;
  /** Streams that another process let grow, and their last positions. */
  readonly streams: readonly (readonly [EndpointAddress, number])[];
};

/** What the thread posts after a poll. Without `failure` the poll was good. */
export type KeeperReport = { readonly notice?: Notice; readonly failure?: PackedFailure };

const pollMs = 250;
/** While there is no news, every fourth poll says that all is well. */
const pollsToReport = 4;
const maxUncopiedFrames = 512;

class Keeper {
  readonly #options: KeeperOptions;
  readonly #database: DatabaseSync;
  readonly #log: WriteAheadLog;
  readonly #rules: ForeignRules;
  readonly #dataVersion: StatementSync;
  readonly #versions: StatementSync;
  readonly #streams: StatementSync;
  readonly #lastLeaf: StatementSync;
  #seen: number | undefined;
  #nextLeaf: number;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#nextLeaf = options.nextLeaf;
    this.#database = openForReading(options.file);
    this.#log = new WriteAheadLog(this.#database);
    this.#rules = new ForeignRules(this.#database);
    this.#dataVersion = prepare(this.#database, 'PRAGMA data_version');
    this.#versions = prepare(this.#database, 'SELECT name, value FROM meta');
    this.#streams = prepare(
      this.#database,
      `SELECT address, last FROM receipt_stream JOIN endpoint ON endpoint.id = receipt_stream.endpoint
       WHERE writer <> ? AND record >= ?`,
    );
    this.#lastLeaf = prepare(
      this.#database,
      'SELECT first + count FROM audit_block ORDER BY first DESC LIMIT 1',
    );
  }

  /** What is new, or undefined. */
  poll(): Notice | undefined {
    const version = firstRow<[number]>(this.#dataVersion)?.[0];
    if (version === this.#seen) return undefined;
    this.#database.exec('BEGIN');
    try {
      // The writer refuses them as well; here they are told while nobody writes.
      this.#rules.refuse();
      const { writer } = this.#options;
      const streams = allRows<[EndpointAddress, number]>(this.#streams, writer, this.#nextLeaf);
      const versions = versionsOf(this.#versions);
      this.#nextLeaf = firstRow<[number]>(this.#lastLeaf)?.[0] ?? 0;
      this.#seen = version;
      return { versions, streams };
    } finally {
      this.#database.exec('COMMIT');
    }
  }

  checkpoint(): void {
    if (this.#log.state().uncopied > maxUncopiedFrames) this.#log.copy();
  }

  close(): void {
    this.#database.close();
  }
}

/** Polls and tells: news at once, that all is well now and then, and every failure. */
class Watch {
  readonly #options: KeeperOptions;
  readonly #tell: (report: KeeperReport) => void;
  #keeper: Keeper | undefined;
  #quietPolls = 0;

  constructor(options: KeeperOptions, tell: (report: KeeperReport) => void) {
    this.#options = options;
    this.#tell = tell;
  }

  look(): void {
    try {
      this.#keeper ??= new Keeper(this.#options);
      const notice = this.#keeper.poll();
      if (notice !== undefined) this.#tell({ notice });
      else if (++this.#quietPolls >= pollsToReport) this.#tell({});
      if (notice !== undefined || this.#quietPolls >= pollsToReport) this.#quietPolls = 0;
    } catch (error) {
      this.#quietPolls = pollsToReport;
      this.#tell({ failure: describeFailure(error) });
      // A new connection may do better. It tells again what is news since the start, which does no harm.
      this.close();
      return;
    }
    this.#copyLog(this.#keeper);
  }

  close(): void {
    try {
      this.#keeper?.close();
    } catch {
      // It was broken before.
    }
    this.#keeper = undefined;
  }

  /** On a full or failing disk the writer tells whoever waits; the next poll tries again. */
  #copyLog(keeper: Keeper): void {
    try {
      keeper.checkpoint();
    } catch (error) {
      this.#tell({ failure: describeFailure(error) });
    }
  }
}

function start(): void {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a worker thread');
  const watch = new Watch(workerData as KeeperOptions, (report) => port.postMessage(report));
  watch.look();
  const timer = setInterval(() => watch.look(), pollMs);
  port.on('message', () => {
    clearInterval(timer);
    watch.close();
    port.close();
  });
}

start();
