/** The writer thread: owns the connection that changes the database and the key that signs receipts. */
import { parentPort, workerData } from 'node:worker_threads';
import type { DatabaseSync } from 'node:sqlite';
import { isCausewayError } from '../../../protocol/errors.ts';
import { batchSigner, type BatchSigner } from '../../../protocol/proof/signing.ts';
import { ByteSink } from './byte-stream.ts';
import { commitBatch } from './commit.ts';
import { openForWriting } from './database.ts';
import { describeFailure, spoilsConnection } from './failures.ts';
import { Ledger } from './ledger.ts';
import type { BatchAnswer, Packet, WriterReady } from './operations.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

export type WriterOptions = {
  readonly file: string;
  readonly receiptKeyPem: string;
  /** Tells this process's commits from those of others. */
  readonly writer: number;
  readonly maxPages: number | undefined;
};

/**
 * The keeper copies the log into the database, but under load it never quite catches up with the writer; so that
 * the log does not grow for ever, the writer copies the rest once it has this many pages.
 */
const maxLogFrames = 4096;
const commitsBetweenLooks = 32;

class Writer {
  readonly #options: WriterOptions;
  readonly #signer: BatchSigner;
  #database: DatabaseSync;
  #ledger: Ledger;
  #spoilt = false;
  #log: WriteAheadLog;
  #commits = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#signer = batchSigner(options.receiptKeyPem);
    this.#database = openForWriting(options);
    this.#ledger = new Ledger(this.#database, this.#signer, options.writer);
    this.#log = new WriteAheadLog(this.#database);
  }

  ready(): WriterReady {
    return { ready: true, versions: this.#ledger.versions(), nextRecord: this.#ledger.journal.next };
  }

  commit(packet: Packet): Packet {
    try {
      if (this.#spoilt) this.#reopen();
    } catch (error) {
      return failAll(packet, error);
    }
    return commitBatch(this.#ledger, packet, (error) => (this.#spoilt ||= spoilsConnection(error)));
  }

  /** Keeps the log from growing for ever. Called when nobody waits for this thread. */
  tidy(): void {
    if (++this.#commits % commitsBetweenLooks !== 0) return;
    try {
      if (this.#log.state().frames > maxLogFrames) this.#log.copy();
    } catch (error) {
      this.#spoilt ||= spoilsConnection(error);
    }
  }

  close(): void {
    this.#database.close();
  }

  #reopen(): void {
    try {
      this.#database.close();
    } catch {
      // It was no longer usable; a new one takes its place.
    }
    this.#database = openForWriting(this.#options);
    this.#ledger = new Ledger(this.#database, this.#signer, this.#options.writer);
    this.#log = new WriteAheadLog(this.#database);
    this.#spoilt = false;
  }
}

function failAll({ at, text }: Packet, error: unknown): Packet {
  const { operations } = JSON.parse(text) as { operations: unknown[] };
  const failure = { ...describeFailure(error), unavailable: true };
  const answer: BatchAnswer = { results: operations.map(() => ({ failure })), growth: [] };
  return { at, text: JSON.stringify(answer), bytes: new ByteSink().finish() };
}

function start(): void {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a worker thread');
  let writer: Writer;
  try {
    writer = new Writer(workerData as WriterOptions);
  } catch (error) {
    const { code, reason } = isCausewayError(error)
      ? { code: error.code, reason: error.detail ?? '' }
      : { code: 'store-unavailable' as const, reason: describeFailure(error).reason };
    port.postMessage({ ready: false, code, reason } satisfies WriterReady);
    port.close();
    return;
  }
  port.on('message', (message: Packet | 'close') => {
    if (message === 'close') {
      writer.close();
      port.close();
      return;
    }
    const answer = writer.commit(message);
    port.postMessage(answer, [answer.bytes]);
    writer.tidy();
  });
  port.postMessage(writer.ready());
}

start();
