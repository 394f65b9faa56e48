/** How V8 is to run the threads of the gateway and the main one. */
import { setFlagsFromString } from 'node:v8';

const flags = [
  /*
   * Every thread loads the WebAssembly module with which Node strips types. After 1,000 calls from it into JavaScript,
   * V8 (13.6, in Node 24) compiles a wrapper for them, which all threads share; when two threads do so at the same
   * moment, one frees what it made and now and then the process ends with "Check failed: jit_page.has_value()" or
   * SIGSEGV (nodejs/node#64500). The generic wrapper, which does without, costs nothing that can be measured here.
   */
  '--wasm-wrapper-tiering-budget=1000000000',
  /*
   * Messages live for the few milliseconds of a commit, long enough that V8 now and then takes the objects that hold
   * them for long-lived and allocates them where only a full collection frees them; until then each keeps all that it
   * refers to alive. In one run of six the gateway then copied everything that it had ever held of a message: a sixth
   * of its time (`--trace-pretenuring` tells the decisions).
   */
  '--no-allocation-site-pretenuring',
  /*
   * A busy thread throws away far more than it holds. From V8's small beginnings the store's writer, with 10 MB in use,
   * collected its whole heap once a second; by these it collects a young generation a few times a second. Takes up to
   * 32 MB more of a thread that works, and touches nothing in one that rests.
   */
  '--min-semi-space-size=16',
  '--initial-old-space-size=64',
];

/** For the threads that are started from now on, and as far as it can still change it for this one. */
export function setEngineFlags(): void {
  for (const flag of flags) setFlagsFromString(flag);
}
