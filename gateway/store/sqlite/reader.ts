/** The reader thread: answers questions, so that the main thread never waits for a disk. */
import { parentPort, workerData } from 'node:worker_threads';
import { CaseVault } from '../case-vault.ts';
import { ByteSink } from './byte-stream.ts';
import { openForReading } from './database.ts';
import { describeFailure } from './failures.ts';
import type { PackedFailure } from './operations.ts';
import { ReaderQueries, type Question, type Questions } from './reader-queries.ts';

export type ReaderOptions = { readonly file: string; /** 32 bytes. */ readonly auditKey: Uint8Array };

export type AskedQuestion = { readonly ticket: number; readonly question: Question };

export type GivenAnswer = { readonly ticket: number } & (
  | { readonly value: Questions[Question['kind']]['answer']; readonly bytes: ArrayBuffer }
  | { readonly failure: PackedFailure }
);

function start(): void {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a worker thread');
  const { file, auditKey } = workerData as ReaderOptions;
  const database = openForReading(file);
  const queries = new ReaderQueries(database, new CaseVault(auditKey));
  port.on('message', (message: AskedQuestion | 'close') => {
    if (message === 'close') {
      database.close();
      port.close();
      return;
    }
    const { ticket, question } = message;
    try {
      const sink = new ByteSink();
      const value = queries.answer(question, sink);
      const bytes = sink.finish();
      port.postMessage({ ticket, value, bytes } satisfies GivenAnswer, [bytes]);
    } catch (error) {
      port.postMessage({ ticket, failure: describeFailure(error) } satisfies GivenAnswer);
    }
  });
}

start();
