/** The thread that empties the search index, which takes seconds for millions of leaves. It ends when that is done. */
import { parentPort, workerData } from 'node:worker_threads';
import { giveWay } from '../platform/give-way.ts';
import { emptyIndex, type EmptyingOutcome, type IndexEmptying } from './empty-index.ts';
import { toldFailure, type ToldFailure } from './told-failure.ts';

/** What the thread posts before it ends. */
export type EmptyingAnswer = { readonly outcome: EmptyingOutcome } | { readonly failure: ToldFailure };

function answer(): EmptyingAnswer {
  try {
    return { outcome: emptyIndex(workerData as IndexEmptying) };
  } catch (error) {
    return { failure: toldFailure(error) };
  }
}

function start(): void {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a worker thread');
  giveWay();
  port.postMessage(answer());
  port.close();
}

start();
