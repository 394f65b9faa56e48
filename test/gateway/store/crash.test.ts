import { eachLeaf } from '../../../gateway/store/each-leaf.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Store } from '../../../gateway/store/port.ts';
import { decodeReceiptGroup, verifyReceiptGroup } from '../../../protocol/wire/receipt-group.ts';
import { createSqliteFixture, type SqliteFixture } from './sqlite-fixture.ts';
import {
  acceptable,
  largerUnitOf,
  health,
  messageId,
  police,
  school,
  settlementOf,
} from './synthetic-messages.ts';
import { isPassedOn, toldBy, toldOf } from './told-receipts.ts';

const loadProgram = fileURLToPath(new URL('./crash-load.ts', import.meta.url));
const rounds = 4;

/** What the load said was acknowledged, as numbers of the first of five messages. */
type Acknowledged = { readonly accepted: number[]; readonly stored: number[]; readonly delivered: number[] };

/** mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function killUnderLoad(
  fixture: SqliteFixture,
  from: number,
  afterMs: number,
  acknowledged: Acknowledged,
): Promise<void> {
  const pem = Buffer.from(fixture.receiptKeyPem).toString('base64');
  const load = spawn(process.execPath, [loadProgram, fixture.file, pem, String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = Promise.withResolvers<undefined>();
  const lines = createInterface({ input: load.stdout });
  lines.on('line', (line) => {
    const [kind, first] = line.split(' ');
    if (kind === 'ready') ready.resolve(undefined);
    else if (first !== undefined) acknowledged[kind as keyof Acknowledged].push(Number(first));
  });
  const closed = once(lines, 'close');
  await ready.promise;
  await delay(afterMs);
  expect(load.exitCode).toBeNull();
  load.kill('SIGKILL');
  await closed;
}

async function verify(store: Store, fixture: SqliteFixture, acknowledged: Acknowledged): Promise<void> {
  const stored = new Set(acknowledged.stored.flatMap((first) => [first, first + 1, first + 2]));
  const delivered = new Set(acknowledged.delivered.flatMap((first) => [first + 3, first + 4]));
  const queue = await readWholeQueue(store);
  for (const number of acknowledged.accepted.flatMap((first) => [0, 1, 2, 3, 4].map((n) => first + n))) {
    const id = messageId(number);
    expect(queue.get(id), `message ${number}`).toEqual(largerUnitOf(number));
    const found = await store.readMessage(police, id);
    const state = found?.deliveries[0]?.state;
    if (stored.has(number)) expect(state).toBe('stored');
    if (delivered.has(number)) expect(state).toBe('delivered');
    expect(found?.deliveries[1]?.state).toBe('queued');
    const { outcomes } = await store.submit({
      source: police,
      messages: [acceptable(number, { unit: largerUnitOf(number) })],
    });
    expect(outcomes).toEqual([{ outcome: 'duplicate' }]);
  }
  const groups = await store.readReceipts(police, 0, 1_000_000);
  const positions = groups.map(({ position }) => position);
  expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
  for (const { group } of groups) {
    // What the recipient signed is opaque to the store; what the gateway signed must verify.
    if (!isPassedOn(group)) verifyReceiptGroup(decodeReceiptGroup(group), fixture.receiptKey);
  }
  const records = await Array.fromAsync(eachLeaf(store));
  expect(records.map(({ index }) => index)).toEqual(records.map((_, index) => index));
  const told = toldBy(groups);
  expect(new Set(told).size).toBe(told.length);
  const missing = new Set(mustBeTold(acknowledged));
  for (const each of told) missing.delete(each);
  expect([...missing]).toEqual([]);
  // Nor was anything lost that was committed and not acknowledged any more.
  const count = (kind: string): number => records.filter(({ entry }) => entry.kind === kind).length;
  const passedOn = told.filter((each) => each.startsWith('group')).length;
  expect(told.length - passedOn).toBe(count('delivery.delivered'));
  expect(passedOn * 3).toBe(count('delivery.stored'));
}

/** Whatever was acknowledged, its sender hears of. */
function* mustBeTold({ stored, delivered }: Acknowledged): Iterable<string> {
  for (const first of stored) {
    const messages = [0, 1, 2].map((n) => acceptable(first + n, { unit: largerUnitOf(first + n) }));
    yield settlementOf(messages, health).group.toString();
  }
  for (const first of delivered)
    for (let n = 0; n < 5; n++) yield toldOf('delivered', messageId(first + n), health);
}

/** Everything that is queued for the recipient that never settles; each message once. */
async function readWholeQueue(store: Store): Promise<Map<string, Buffer>> {
  const units = new Map<string, Buffer>();
  let after = 0;
  for (;;) {
    const queued = await store.readQueue(school, 1, after, 256);
    if (queued.length === 0) return units;
    for (const { delivery, message, unit } of queued) {
      expect(units.has(message)).toBe(false);
      if (unit !== undefined) units.set(message, unit);
      after = delivery;
    }
  }
}

test('what was acknowledged before a kill is there exactly once, and the file is whole', async () => {
  const seed = Number(process.env.CAUSEWAY_SEED ?? Math.floor(Math.random() * 2 ** 31));
  process.stderr.write(`crash test: CAUSEWAY_SEED=${seed}\n`);
  const random = randomFrom(seed);
  const fixture = await createSqliteFixture();
  fixture.clock.now = Date.now();
  const acknowledged: Acknowledged = { accepted: [], stored: [], delivered: [] };
  try {
    for (let round = 0; round < rounds; round++) {
      await killUnderLoad(fixture, round * 1_000_000, 20 + random() * 600, acknowledged);
      const database = new DatabaseSync(fixture.file);
      expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
      database.close();
    }
    expect(acknowledged.accepted.length).toBeGreaterThan(rounds);
    const store = await fixture.open();
    await verify(store, fixture, acknowledged);
    expect(await store.countPending(health)).toBeGreaterThan(0);
    await store.close();
  } finally {
    await fixture.remove();
  }
});
