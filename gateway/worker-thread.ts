/** Starting the threads of the gateway. */
import { setFlagsFromString } from 'node:v8';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/*
 * Every thread loads the WebAssembly module with which Node strips types. After 1,000 calls from it into JavaScript,
 * V8 (13.6, in Node 24) compiles a wrapper for them, which all threads share; when two threads do so at the same
 * moment, one frees what it made and now and then the process ends with "Check failed: jit_page.has_value()" or
 * SIGSEGV (nodejs/node#64500). The generic wrapper, which does without, costs nothing that can be measured here.
 */
const neverCompileWrappers = '--wasm-wrapper-tiering-budget=1000000000';

/** Starts a thread that runs the file. @throws what the constructor of Worker throws */
export function startThread(file: URL, options: WorkerOptions & { readonly name: string }): Worker {
  setFlagsFromString(neverCompileWrappers);
  return new Worker(file, options);
}
