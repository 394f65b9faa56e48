/** A thread that runs one file after the other, each as if it were the only one: see ./worker-thread.ts. */
import { registerHooks } from 'node:module';
import { parentPort, type MessagePort } from 'node:worker_threads';

export type Order = { readonly file: string; readonly port: MessagePort; readonly data: unknown };

const scheme = 'lent-thread:';
const orders = new Map<string, Order>();
(globalThis as { lentThread?: typeof orders }).lentThread = orders;

/** What `node:worker_threads` is for the file that was asked for. */
const source = (run: string): string => `
  export * from 'node:worker_threads';
  export const { port: parentPort, data: workerData } = globalThis.lentThread.get('${run}');
`;

registerHooks({
  resolve(specifier, context, next) {
    const run = context.parentURL?.split('?run=')[1];
    if (specifier !== 'node:worker_threads' || run === undefined) return next(specifier, context);
    return { url: `${scheme}${run}`, format: 'module', shortCircuit: true };
  },
  load(url, context, next) {
    if (!url.startsWith(scheme)) return next(url, context);
    return { format: 'module', source: source(url.slice(scheme.length)), shortCircuit: true };
  },
});

let runs = 0;
parentPort?.on('message', (order: Order) => {
  const run = String(++runs);
  orders.set(run, order);
  order.port.once('close', () => parentPort?.postMessage('free'));
  void import(`${order.file}?run=${run}`).then(
    () => orders.delete(run),
    // As what a thread's own file throws: it ends the thread.
    (error: unknown) =>
      setImmediate(() => {
        throw error;
      }),
  );
});
