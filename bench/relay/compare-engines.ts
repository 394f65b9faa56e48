/** The relay on the embedded store, and on MongoDB with one gateway and with two, in turns within one run. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { startMembers } from '../mongodb-members.ts';
import { median } from './median.ts';
import { Rig, type RigOptions } from './rig.ts';
import { round } from './round.ts';
import type { Throughput } from './throughput.ts';

type CompareOptions = Pick<RigOptions, 'window' | 'durableConsumer'> & {
  readonly seconds: number;
  readonly rounds: number;
};

const forms = ['sqlite', 'mongodb, one gateway', 'mongodb, two gateways'] as const;
type Form = (typeof forms)[number];

/**
 * @param address `mongodb://…`, whose database is left out: each form gets one of its own, which is dropped; or `mongodb`
 * for three members that are started for the run
 */
export async function compareEngines(
  dir: string,
  address: string,
  options: CompareOptions,
): Promise<unknown> {
  const members = address === 'mongodb' ? await startMembers(3) : undefined;
  const rigs = new Map<Form, Rig>();
  const databases = new Map<Form, string>();
  const url = members?.url ?? address;
  try {
    for (const form of forms) {
      const place = join(dir, form.replaceAll(/\W+/g, '-'));
      await mkdir(place);
      const store =
        form === 'sqlite' ? undefined : withDatabase(url, `causeway-bench-${process.pid}-${rigs.size}`);
      if (store !== undefined) databases.set(form, store);
      const gateways = form === 'mongodb, two gateways' ? 2 : 1;
      rigs.set(form, await Rig.open(place, { ...options, gateways, ...(store !== undefined && { store }) }));
    }
    return describe(await measureInTurns(rigs, options), options);
  } finally {
    for (const rig of rigs.values()) await rig.close();
    for (const database of databases.values()) await dropDatabase(database);
    await members?.stop();
  }
}

/** The first measurement of each warms it up and does not count. */
async function measureInTurns(
  rigs: ReadonlyMap<Form, Rig>,
  { seconds, rounds }: CompareOptions,
): Promise<ReadonlyMap<Form, Throughput>[]> {
  const measured: ReadonlyMap<Form, Throughput>[] = [];
  for (let turn = 0; turn <= rounds; turn++) {
    const each = new Map<Form, Throughput>();
    for (const [form, rig] of rigs) each.set(form, await rig.measureThroughput(seconds));
    if (turn > 0) measured.push(each);
  }
  return measured;
}

/** Medians over the rounds; a ratio is that of one round, since the machine's speed drifts. */
function describe(rounds: readonly ReadonlyMap<Form, Throughput>[], { window }: CompareOptions): unknown {
  const rate = (each: ReadonlyMap<Form, Throughput>, form: Form): number =>
    each.get(form)?.messagesPerSecond ?? NaN;
  const engines = forms.map((form) => ({
    form,
    messagesPerSecond: round(median(rounds.map((each) => rate(each, form)))),
    ratioToSqlite: round(median(rounds.map((each) => rate(each, form) / rate(each, 'sqlite'))), 3),
    gatewayCpuMicros: round(
      median(rounds.map((each) => each.get(form)?.cpuMicrosByProcess.gateway ?? NaN)),
      1,
    ),
    rounds: rounds.map((each) => round(rate(each, form))),
  }));
  return { engines, window };
}

function withDatabase(url: string, name: string): string {
  const [, servers = url, query = ''] = /^([^/]+\/\/[^/?]+)\/?[^?]*(\?.*)?$/.exec(url) ?? [];
  return `${servers}/${name}${query}`;
}

async function dropDatabase(url: string): Promise<void> {
  const client = new MongoClient(url);
  await client.db().dropDatabase();
  await client.close();
}
