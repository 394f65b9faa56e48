/**
 * Three members, three gateways, one of them a process of its own, and a load that never stops, while the set loses
 * its primary and the gateways are killed, stopped and cut off. What was acknowledged must be there, once, nobody may
 * have written under a lease after its next holder, and the chain must verify. Beside them two endpoints talk through
 * two whole gateways, of which the listener's suffers the same: what was acknowledged must be shown to its application,
 * once, after each fault again.
 * CAUSEWAY_SEED repeats the choice and the order of faults. `npm run test:faults` runs it alone, and then the longest pause has a bar.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eachLeaf } from '../../../../gateway/store/each-leaf.ts';
import { splitLeaves } from '../../../../gateway/store/leaf-block.ts';
import { blockDigest } from '../../../../gateway/store/mongodb/block.ts';
import type { BlockDocument } from '../../../../gateway/store/mongodb/documents.ts';
import type { AcceptableMessage, Store } from '../../../../gateway/store/port.ts';
import { Members } from '../../../mongodb/members.ts';
import type { Cut } from '../../../mongodb/passage.ts';
import { police } from '../synthetic-messages.ts';
import { Conversation } from './conversation.ts';
import { leaseMs, workUnderLease } from './lease-work.ts';
import { Load } from './load.ts';
import { createMongodbFixture, urlNaming, type MongodbFixture } from './mongodb-fixture.ts';
import { RemoteGateway } from './remote-gateway.ts';

const provided = inject('mongodb');
const mongod = 'missing' in provided ? null : provided.mongod;
const seed = Number(process.env.CAUSEWAY_SEED ?? randomInt(2 ** 31));
const isAlone = process.env.CAUSEWAY_FAULTS !== undefined;
/** How long an election takes depends on what else the machine does: the bar is for the run of its own. */
const maxGapMs = isAlone ? 15_000 : Infinity;
/** In the suite, other tests have the processor meanwhile. */
const restMs = isAlone ? 0 : 200;
const gatewayNames = ['gateway-1', 'gateway-2'];
/** For how long one gateway is cut off from the primary. */
const cutMs = 6_000;
const cuts: readonly Cut[] = ['silence', 'deafness', 'reset'];
/** How the gateway is cut off this time, and which one; that of the conversation is as well. */
const cut = cuts[seed % cuts.length]!;
const cutName = gatewayNames[seed % gatewayNames.length]!;

describe.skipIf(mongod === null)('three members', () => {
  let members: Members;
  let fixture: MongodbFixture;
  let remote: RemoteGateway;
  let conversation: Conversation | undefined;
  const stores: Store[] = [];
  const leaseWork: Promise<void>[] = [];
  let isEnded = false;

  beforeAll(async () => {
    members = await Members.start(mongod ?? '', 3);
    const openStores = async (): Promise<void> => {
      fixture = await createMongodbFixture(members.url);
      remote = new RemoteGateway(urlNaming(fixture.url, 'gateway-3'), fixture.receiptKeyPem);
      const starting = remote.start();
      for (const name of gatewayNames) {
        stores.push(await fixture.open({ url: urlNaming(fixture.url, name) }));
      }
      await starting;
    };
    const converse = async (): Promise<void> => {
      conversation = await Conversation.open(members.url, cutName);
      await conversation.begin();
    };
    await Promise.all([openStores(), converse()]);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([remote.kill(), conversation?.close()]);
    await Promise.all(stores.map(async (store) => store.close()));
    await fixture.remove().catch(() => undefined);
    await members.remove();
  }, 60_000);

  /** The other gateway goes on, and so do the members: there is no election. */
  const cutOff = async (how: Cut): Promise<void> => {
    const passage = members.passageTo(await members.primary());
    passage.cut(cutName, how);
    await sleep(cutMs);
    passage.heal(cutName);
  };

  /** @param goOn resolves when every gateway has had more acknowledged than was under way at the call */
  type Fault = (goOn: () => Promise<unknown>) => Promise<void>;

  const faults: Record<string, Fault> = {
    'step-down': async () => members.stepDown(),
    'kill -9 of the primary': async () => {
      const primary = await members.primary();
      await members.kill(primary);
      await members.primary();
      members.startMember(primary);
    },
    'a primary that stands still until all go on without it': async (goOn) => {
      const primary = await members.primary();
      members.signal(primary, 'SIGSTOP');
      try {
        await goOn();
      } finally {
        members.signal(primary, 'SIGCONT');
      }
    },
    [`a cut between a gateway and the primary (${cut})`]: async () => cutOff(cut),
    'kill -9 of a gateway': async () => {
      await Promise.all([remote.kill(), conversation!.replaceGateway()]);
      await sleep(1_000);
      await remote.start();
    },
    'a gateway that stands still past its lease': async () => {
      await conversation!.signal('SIGSTOP');
      await remote.next('holding');
      remote.signal('SIGSTOP');
      const lost = remote.next('lost');
      await sleep(2 * leaseMs);
      remote.signal('SIGCONT');
      await conversation!.signal('SIGCONT');
      await lost;
    },
  };

  it('lose nothing that was acknowledged and double nothing, whatever happens to the primary and to gateways', async () => {
    for (const store of stores) leaseWork.push(workUnderLease(store, () => isEnded, ignore, ignore));
    const loads = [remote, ...stores].map((target) => new Load([target, ...stores], restMs));
    const goOn = async (): Promise<unknown> => Promise.all(loads.map(async (load) => load.goesOn()));
    const gaps: { readonly name: string; readonly ms: readonly number[] }[] = [];
    await goOn();
    for (const name of shuffle(Object.keys(faults), seed)) {
      const since = performance.now();
      await faults[name]!(goOn);
      await members.primary();
      await Promise.all([goOn(), conversation!.goesOn()]);
      gaps.push({ name, ms: loads.map((load) => Math.round(load.longestGap(since))) });
    }
    isEnded = true;
    await Promise.all([...loads.map(async (load) => load.end()), ...leaseWork, conversation!.end()]);
    await remote.close();
    const acknowledged = loads.flatMap((load) => load.acknowledged);
    const p99 = quantile(
      gaps.flatMap(({ ms }) => ms),
      0.99,
    );
    process.stdout.write(
      `seed ${seed}: ${acknowledged.length} acknowledged, ` +
        `${loads.reduce((sum, { refusals }) => sum + refusals, 0)} attempts refused meanwhile; ` +
        `${conversation!.acknowledged.size} notices of the conversation; ` +
        `gap p99 ${p99} ms; longest gap at each gateway: ` +
        `${gaps.map(({ name, ms }) => `${name}: ${ms.join(' and ')} ms`).join(', ')}\n`,
    );
    expect(acknowledged.length).toBeGreaterThan(100);
    await expectAllKept(acknowledged);
    await expectStreamWhole(loads.flatMap((load) => load.settled));
    await expectEpochsInOrder();
    await expectShownOnce();
    expect(p99).toBeLessThanOrEqual(maxGapMs);
  }, 300_000);

  async function expectAllKept(acknowledged: readonly AcceptableMessage[]): Promise<void> {
    const blocks = await fixture.database
      .collection<BlockDocument>('block')
      .find({}, { hint: '_id_', promoteBuffers: true })
      .sort({ _id: 1 })
      .toArray();
    const accepted = new Map<string, number>();
    let previous: Uint8Array = Buffer.alloc(32);
    let first = 0;
    for (const [index, block] of blocks.entries()) {
      expect([block._id, block.first, block.previous.equals(previous)]).toEqual([index + 1, first, true]);
      expect(blockDigest(block).equals(block.digest)).toBe(true);
      previous = block.digest;
      first += block.count;
      for (const leaf of splitLeaves(block.leaves)) {
        const { kind, message } = JSON.parse(leaf.toString()) as { kind: string; message: string };
        if (kind === 'message.accepted') accepted.set(message, (accepted.get(message) ?? 0) + 1);
      }
    }
    expect(acknowledged.filter(({ id }) => accepted.get(id) !== 1)).toEqual([]);
    const deliveries = await fixture.database
      .collection<{ _id: number; message: string; state: string }>('delivery')
      .find({}, { hint: '_id_', projection: { message: 1, state: 1 } })
      .sort({ _id: 1 })
      .toArray();
    expect(deliveries.map(({ _id }) => _id)).toEqual(deliveries.map((_, index) => index + 1));
    expect(new Set(deliveries.map(({ message }) => message)).size).toBe(deliveries.length);
    expect(deliveries.filter(({ state }) => state !== 'stored')).toEqual([]);
    expect(deliveries).toHaveLength(acknowledged.length);
  }

  async function expectShownOnce(): Promise<void> {
    const { acknowledged, shown, losses } = conversation!;
    expect(acknowledged.size).toBeGreaterThan(10);
    // Its gateway was killed, at the least, and it went on at another.
    expect(losses).toBeGreaterThan(0);
    expect(shown.toSorted()).toEqual([...acknowledged].sort());
    expect(await conversation!.countStored()).toBe(acknowledged.size);
  }

  async function expectEpochsInOrder(): Promise<void> {
    const leaves = await Array.fromAsync(eachLeaf(stores[0]!));
    const epochs = leaves.flatMap(({ entry }) => (typeof entry.epoch === 'number' ? [entry.epoch] : []));
    expect(epochs.length).toBeGreaterThan(10);
    expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
  }

  async function expectStreamWhole(settled: readonly Buffer[]): Promise<void> {
    const groups: string[] = [];
    for (let after = 0; ;) {
      const read = await stores[0]!.readReceipts(police, after, 1_000);
      const last = read.at(-1);
      if (last === undefined) break;
      after = last.position;
      groups.push(...read.map(({ group }) => group.toString()));
    }
    expect(groups.sort()).toEqual(settled.map((group) => group.toString()).sort());
  }
});

function ignore(): void {
  // Of the gateways in this process nobody asks when they hold the lease.
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}

/** Fisher and Yates with a small generator of our own, so that a seed gives the same order again. */
function shuffle<T>(items: readonly T[], from: number): T[] {
  const shuffled = [...items];
  let state = from;
  for (let index = shuffled.length - 1; index > 0; index--) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const other = state % (index + 1);
    [shuffled[index], shuffled[other]] = [shuffled[other]!, shuffled[index]!];
  }
  return shuffled;
}
