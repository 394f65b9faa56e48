/** The reader thread: answers questions, so that the main thread never waits for a disk. */
import { parentPort, workerData } from 'node:worker_threads';
import { giveWay } from '../../platform/give-way.ts';
import { ByteSink } from '../byte-stream.ts';
import { CaseVault } from '../case-vault.ts';
import { closeThread, readFailure, type AskedQuestion, type GivenAnswer } from '../reader-thread.ts';
import { openForReading } from './database.ts';
import { damageIn } from './failures.ts';
import type { Question, Questions } from './questions.ts';
import { ReaderQueries } from './reader-queries.ts';

export type ReaderOptions = {
  readonly file: string;
  /** 32 bytes. */
  readonly auditKey: Uint8Array;
  /** See `giveWay`. */
  readonly givesWay?: true;
};

type Given = GivenAnswer<Questions[Question['kind']]['answer']>;

function start(): void {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a worker thread');
  const { file, auditKey, givesWay } = workerData as ReaderOptions;
  if (givesWay === true) giveWay();
  const database = openForReading(file);
  const queries = new ReaderQueries(database, new CaseVault(auditKey));
  port.on('message', (message: AskedQuestion<Question> | typeof closeThread) => {
    if (message === closeThread) {
      database.close();
      port.close();
      return;
    }
    const { ticket, question } = message;
    try {
      const sink = new ByteSink();
      const value = queries.answer(question, sink);
      const bytes = sink.finish();
      port.postMessage({ ticket, value, bytes } satisfies Given, [bytes]);
    } catch (error) {
      const failure = { ...readFailure(error), spoilt: damageIn(error) };
      port.postMessage({ ticket, failure } satisfies Given);
    }
  });
}

start();
