/** The writer thread: owns the connection that changes the database and the key that signs receipts. */
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import type { DatabaseSync } from 'node:sqlite';
import { isCausewayError } from '../../../protocol/errors.ts';
import { batchSigner, type BatchSigner } from '../../../protocol/proof/signing.ts';
import { CaseVault } from '../case-vault.ts';
import { refuseMoved } from '../moved-mark.ts';
import { ByteSink } from '../byte-stream.ts';
import { commitBatch } from './commit.ts';
import { openForWriting } from './database.ts';
import { describeFailure, orDamage, spoilsConnection } from './failures.ts';
import { Ledger } from './ledger.ts';
import {
  maxBatch,
  type Answer,
  type Batch,
  type BatchAnswer,
  type Packet,
  type WriterReady,
} from './operations.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

export type WriterOptions = {
  readonly file: string;
  readonly receiptKeyPem: string;
  /** 32 bytes. */
  readonly auditKey: Uint8Array;
  /** Tells this process's commits from those of others. */
  readonly writer: number;
  readonly maxPages: number | undefined;
  readonly upgrade: boolean | undefined;
  readonly mayBeMoved: boolean | undefined;
};

/**
 * The keeper copies the log into the database, but under load it never quite catches up with the writer. So that the
 * log does not grow for ever, the writer copies the rest once it has this many pages: soon after the keeper has copied,
 * when few are left and nobody waits for long; and whatever is left where the log has become very long.
 */
const longLog = { frames: 4096, atMostUncopied: 256 };
const maxLogFrames = 4 * longLog.frames;
const commitsBetweenLooks = 4;
/** How long all wait, after an erasure, for those that still read what stood there before. */
const patienceMs = 1_000;

class Writer {
  readonly #options: WriterOptions;
  readonly #signer: BatchSigner;
  readonly #vault: CaseVault;
  #database: DatabaseSync;
  #ledger: Ledger;
  #spoilt = false;
  #log: WriteAheadLog;
  #commits = 0;
  /** True while the log may hold pages from before an erasure. */
  #hasResidue = false;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#signer = batchSigner(options.receiptKeyPem);
    this.#vault = new CaseVault(options.auditKey);
    this.#database = openForWriting(options);
    this.#ledger = this.#openLedger();
    this.#log = new WriteAheadLog(this.#database);
  }

  ready(): WriterReady {
    return { ready: true, versions: this.#ledger.versions(), nextLeaf: this.#ledger.journal.next };
  }

  commit(packets: readonly Packet[]): Answer {
    try {
      if (this.#spoilt) this.#reopen();
    } catch (error) {
      return { ...failAll(packets, error), hasResidue: this.#hasResidue };
    }
    const answer = commitBatch(this.#ledger, packets, (error) => (this.#spoilt ||= spoilsConnection(error)));
    // Whoever erased something is told with the answer whether it is gone from the log, too.
    if (this.#ledger.takeErased()) this.#removeResidue(patienceMs);
    return { ...answer, hasResidue: this.#hasResidue };
  }

  /** Keeps the log from growing for ever. Called when nobody waits for this thread. */
  tidy(): void {
    // Somebody may read older pages for long, such as a backup: then each commit tries again, and nobody waits.
    if (this.#hasResidue) this.#removeResidue(0);
    try {
      if (++this.#commits % commitsBetweenLooks !== 0) return;
      const { frames, uncopied } = this.#log.state();
      const isNearlyCopied = uncopied <= longLog.atMostUncopied;
      // Where all is copied, the next commit begins the log anew by itself, unless somebody reads older pages.
      if (uncopied > 0 && frames > (isNearlyCopied ? longLog.frames : maxLogFrames)) this.#log.copy();
    } catch (error) {
      this.#spoilt ||= spoilsConnection(error);
    }
  }

  close(): void {
    this.#database.close();
  }

  #openLedger(): Ledger {
    const { file, writer, mayBeMoved } = this.#options;
    const refuse = mayBeMoved === true ? (): void => refuseMoved(file) : undefined;
    return new Ledger(this.#database, this.#signer, this.#vault, { writer, refuse });
  }

  #removeResidue(waitMs: number): void {
    this.#hasResidue = true;
    try {
      this.#hasResidue = !this.#log.empty(waitMs);
    } catch (error) {
      this.#spoilt ||= spoilsConnection(error);
    }
  }

  #reopen(): void {
    try {
      this.#database.close();
    } catch {
      // It was no longer usable; a new one takes its place.
    }
    this.#database = openForWriting(this.#options);
    this.#ledger = this.#openLedger();
    this.#log = new WriteAheadLog(this.#database);
    this.#spoilt = false;
  }
}

function failAll(packets: readonly Packet[], error: unknown): Omit<Answer, 'hasResidue'> {
  const failure = { ...describeFailure(error), unavailable: true };
  const results = packets.flatMap(({ text }) =>
    (JSON.parse(text) as Batch).operations.map(() => ({ failure })),
  );
  const answer: BatchAnswer = { results, growth: [] };
  const spent = packets.map(({ bytes }) => bytes);
  return { packets: packets.length, text: JSON.stringify(answer), bytes: new ByteSink().finish(), spent };
}

type Message = Packet | 'close';

/** The message in hand and what else has arrived by now, up to the size of one commit. */
function gather(first: Message, port: MessagePort): { packets: Packet[]; closing: boolean } {
  const packets: Packet[] = [];
  let weight = 0;
  let bytes = 0;
  let message: Message | undefined = first;
  while (message !== undefined && message !== 'close') {
    packets.push(message);
    weight += message.weight;
    bytes += message.bytes.byteLength;
    if (weight >= maxBatch.messages || bytes >= maxBatch.bytes) return { packets, closing: false };
    message = (receiveMessageOnPort(port) as { message: Message } | undefined)?.message;
  }
  return { packets, closing: message === 'close' };
}

function start(): void {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a worker thread');
  const options = workerData as WriterOptions;
  let writer: Writer;
  let ready: WriterReady;
  try {
    writer = new Writer(options);
    ready = writer.ready();
  } catch (cause) {
    const error = orDamage(cause, options.file);
    const { detail, reason } = describeFailure(error, options.file);
    const failure = isCausewayError(error)
      ? { code: error.code, detail: error.detail }
      : { code: 'store-unavailable' as const, detail, reason };
    port.postMessage({ ready: false, ...failure } satisfies WriterReady);
    port.close();
    return;
  }
  port.on('message', (message: Message) => {
    const { packets, closing } = gather(message, port);
    if (packets.length > 0) {
      const answer = writer.commit(packets);
      port.postMessage(answer, [answer.bytes, ...answer.spent]);
      writer.tidy();
    }
    if (!closing) return;
    writer.close();
    port.close();
  });
  port.postMessage(ready);
}

start();
