/** A process that replays a store's history through the reading path and the correlator, and tells what that cost. */
import { generateKeyPairSync } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Correlator } from '../../gateway/correlator/correlator.ts';
import { LinkIndex } from '../../gateway/correlator/link-index.ts';
import { loadPatterns } from '../../gateway/correlator/patterns/load.ts';
import { wordsOf } from '../../gateway/correlator/patterns/words.ts';
import { readHistory } from '../../gateway/correlator/read-history.ts';
import { loadPolicySet } from '../../gateway/policy/load.ts';
import { openMongodbStore } from '../../gateway/store/mongodb/mongodb-store.ts';
import type { PackedTokens } from '../../protocol/linkage/packed-set.ts';
import { onAsk, tell } from '../child.ts';

export type Replayed = {
  readonly type: 'replayed';
  readonly events: number;
  readonly seconds: number;
  /** The middle of the last portions. */
  readonly microsecondsPerEvent: number;
  /** Of the main thread, and of the whole process with the thread that reads. */
  readonly mainCpuMicrosPerEvent: number;
  readonly cpuMicrosPerEvent: number;
  readonly alerts: number;
  readonly held: { readonly notices: number; readonly records: number; readonly deadlines: number };
  readonly peakRssMiB: number;
};

/** The portions before the end that its cost is told by. */
const measuredPortions = 50;
const dayMs = 86_400_000;
const policyDir = new URL('../../policies', import.meta.url).pathname;

async function replay(url: string): Promise<Replayed> {
  const policy = await loadPolicySet(policyDir);
  const { patterns } = await loadPatterns(`${policyDir}/patterns`, {
    form: 'committee',
    words: wordsOf(policy),
  });
  const receiptKeyPem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
  const store = await openMongodbStore({
    url,
    receiptKeyPem: receiptKeyPem.toString(),
    auditKey: Buffer.alloc(32),
  });
  const correlator = new Correlator<PackedTokens>(patterns, new LinkIndex());
  let [events, alerts, day] = [0, 0, 0];
  let costs: number[] = [];
  const begin = performance.now();
  const [cpu, mainCpu] = [process.cpuUsage(), process.threadCpuUsage()];
  let last = begin;
  for await (const portion of readHistory(store, policy, { after: 0, since: 0, now: Infinity })) {
    for (const { event, subjects } of portion) {
      for (const subject of subjects) alerts += correlator.add(event, subject).raised.length;
      const today = Math.floor(event.arrived / dayMs);
      if (today !== day) correlator.sweep();
      day = today;
    }
    events += portion.length;
    const now = performance.now();
    costs.push((1000 * (now - last)) / portion.length);
    if (costs.length > measuredPortions) costs = costs.slice(-measuredPortions);
    last = now;
  }
  const seconds = (performance.now() - begin) / 1000;
  const perEvent = ({ user, system }: NodeJS.CpuUsage): number => round((user + system) / events);
  const replayed: Replayed = {
    type: 'replayed',
    events,
    seconds: round(seconds),
    microsecondsPerEvent: round(costs.toSorted((a, b) => a - b)[costs.length >> 1] ?? 0),
    mainCpuMicrosPerEvent: perEvent(process.threadCpuUsage(mainCpu)),
    cpuMicrosPerEvent: perEvent(process.cpuUsage(cpu)),
    alerts,
    held: correlator.size,
    peakRssMiB: round(process.resourceUsage().maxRSS / 1024),
  };
  await store.close();
  return replayed;
}

function round(value: number): number {
  return Math.round(100 * value) / 100;
}

onAsk(({ url }) => {
  void replay(String(url)).then(tell, (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
    process.disconnect();
  });
});
