/** A thread that repeats what it is asked, and dies of the word `die`. */
import { parentPort } from 'node:worker_threads';
import { closeThread, type AskedQuestion, type GivenAnswer } from '../../../gateway/store/reader-thread.ts';

parentPort?.on('message', (message: AskedQuestion<string> | typeof closeThread) => {
  if (message === closeThread) {
    parentPort?.close();
    return;
  }
  const { ticket, question } = message;
  if (question === 'die') throw new Error('it died');
  parentPort?.postMessage({
    ticket,
    value: question,
    bytes: new ArrayBuffer(0),
  } satisfies GivenAnswer<string>);
});
