/** One holder at a time, and nothing written by one that is no longer it, however long it stood still. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease, Store } from '../../../../gateway/store/port.ts';
import { eventually } from '../../../e2e/kit/watch.ts';
import { acceptable, health, police } from '../synthetic-messages.ts';
import { createMongodbFixture, hasServer, type MongodbFixture } from './mongodb-fixture.ts';
import { eachLeaf } from '../../../../gateway/store/each-leaf.ts';

const name = 'test';
const long = 60_000;
const script = fileURLToPath(new URL('./lease-holder.ts', import.meta.url));

describe.skipIf(!hasServer)('a lease', () => {
  let fixture: MongodbFixture;
  let one: Store;
  let two: Store;

  beforeEach(async () => {
    fixture = await createMongodbFixture();
    one = await fixture.open();
    two = await fixture.open();
  });
  afterEach(async () => {
    await Promise.all([one.close(), two.close()]);
    await fixture.remove();
  });

  const epochs = async (): Promise<unknown[]> =>
    (await Array.fromAsync(eachLeaf(one))).flatMap(({ entry }) => entry.epoch ?? []);
  const write = async (store: Store, lease: Lease): Promise<void> => {
    await store.appendRecords([{ kind: 'test.happened', epoch: lease.epoch }], lease);
  };

  it('has one holder, who keeps its epoch while it keeps the lease', async () => {
    expect(await one.takeLease(name, long)).toEqual({ name, epoch: 1 });
    expect(await two.takeLease(name, long)).toBeUndefined();
    expect(await one.takeLease(name, long)).toEqual({ name, epoch: 1 });
    expect(await two.takeLease('another', long)).toEqual({ name: 'another', epoch: 1 });
  });

  it('goes to one of many that want it at once', async () => {
    const taken = await Promise.all([one, two, one, two].map(async (store) => store.takeLease(name, long)));
    const holders = new Set(taken.flatMap((lease, index) => (lease === undefined ? [] : index % 2)));
    expect(holders.size).toBe(1);
  });

  it('given back goes to the next with a new epoch; one that was lost is not given back', async () => {
    const first = (await one.takeLease(name, long))!;
    await one.releaseLease(first);
    const second = (await two.takeLease(name, long))!;
    expect(second.epoch).toBe(2);
    await one.releaseLease(first);
    expect(await one.takeLease(name, long)).toBeUndefined();
  });

  it('that ran out is refused to the write of its former holder, and nothing is written', async () => {
    const stale = (await one.takeLease(name, 1))!;
    const lease = await eventually('the lease', async () => two.takeLease(name, long));
    expect(lease.epoch).toBe(stale.epoch + 1);
    await expect(write(one, stale)).rejects.toMatchObject({ code: 'lease-lost' });
    const submission = { source: police, messages: [acceptable(1)] };
    await expect(one.submit(submission, stale)).rejects.toMatchObject({ code: 'lease-lost' });
    expect(await one.countPending(health)).toBe(0);
    await write(two, lease);
    expect((await two.submit(submission, lease)).outcomes[0]).toMatchObject({ outcome: 'accepted' });
    expect(await epochs()).toEqual([lease.epoch]);
  });

  it('that ran out and that nobody else took still serves: safety needs no clock', async () => {
    const lease = (await one.takeLease(name, 1))!;
    await new Promise((resolve) => setTimeout(resolve, 50));
    await write(one, lease);
    expect(await epochs()).toEqual([lease.epoch]);
  });

  it('changes hands under load without a write of an older epoch after one of a newer', async () => {
    const work = async (store: Store): Promise<void> => {
      for (let turn = 0; turn < 40; turn++) {
        const lease = await store.takeLease(name, 1);
        if (lease === undefined) continue;
        for (let index = 0; index < 3; index++) {
          await write(store, lease).catch((error: unknown) => {
            expect(error).toMatchObject({ code: 'lease-lost' });
          });
        }
      }
    };
    await Promise.all([work(one), work(two)]);
    const written = (await epochs()) as number[];
    expect(written.length).toBeGreaterThan(10);
    expect(written).toEqual([...written].sort((a, b) => a - b));
  });

  it('of a process that was stopped past it does not let that process write when it wakes', async () => {
    const child = fork(script, [fixture.url, fixture.receiptKeyPem, name, '500'], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    try {
      await told(child, 'writing');
      child.kill('SIGSTOP');
      const lease = await eventually('the lease', async () => two.takeLease(name, long));
      for (let index = 0; index < 5; index++) await write(two, lease);
      const lost = told(child, 'lost');
      child.kill('SIGCONT');
      await lost;
      const written = (await epochs()) as number[];
      expect(written.slice(-5)).toEqual(Array.from({ length: 5 }, () => lease.epoch));
      expect(written.slice(0, -5).every((epoch) => epoch < lease.epoch)).toBe(true);
    } finally {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
  });
});

async function told(child: ChildProcess, word: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.on('message', (message) => {
      if (message === word) resolve();
    });
    child.once('exit', () => reject(new Error(`the holder ended before it was ${word}`)));
  });
}
