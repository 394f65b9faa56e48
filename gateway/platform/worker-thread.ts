/** Starting the threads of the gateway. */
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { setEngineFlags } from './engine-flags.ts';

/** Starts a thread that runs the file. @throws what the constructor of Worker throws */
export function startThread(file: URL, options: WorkerOptions & { readonly name: string }): Worker {
  setEngineFlags();
  return new Worker(file, options);
}
