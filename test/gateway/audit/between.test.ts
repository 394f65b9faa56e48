import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reportBetween, type BetweenReport, type TreeHead } from '../../../gateway/audit/between.ts';
import type { LogBuilder } from '../../../gateway/audit/log-builder.ts';
import { LogFolder } from '../../../gateway/audit/log-folder.ts';
import { readTilesOf } from '../../../gateway/audit/log-keeper.ts';
import type { Store } from '../../../gateway/store/port.ts';
import { emptyRoot } from '../../../protocol/proof/frontier.ts';
import { createSqliteFixture, type SqliteFixture } from '../store/sqlite-fixture.ts';
import { createSigner, openBuilder, temporaryFolder } from './synthetic-leaves.ts';

let fixture: SqliteFixture;
let store: Store;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let builder: LogBuilder;

beforeEach(async () => {
  fixture = await createSqliteFixture();
  store = await fixture.open();
  folder = await temporaryFolder();
  builder = await openBuilder(folder.dir, store, createSigner());
});
afterEach(async () => {
  await store.close();
  await fixture.remove();
  await folder[Symbol.asyncDispose]();
});

/** Adds so many leaves and publishes a checkpoint. */
async function grow(count: number, kind = 'test.happened'): Promise<TreeHead> {
  await store.appendRecords(Array.from({ length: count }, (_, nth) => ({ kind, nth })));
  await builder.advance();
  const { size, root } = builder.published!;
  return { size, root };
}

async function between(from: TreeHead, to: TreeHead, source: Pick<Store, 'readLeaves'> = store) {
  const read = readTilesOf(new LogFolder(folder.dir));
  const { size } = builder.published!;
  return reportBetween(from, to, { store: source, read, size, agencies: ['reporter'] });
}

function whyNot(report: BetweenReport): string {
  if (report.proven) throw new Error('it was proven');
  return report.why;
}

describe('between two checkpoints', () => {
  it('nothing was removed, by a consistency proof and by the leaves themselves', async () => {
    const [from, to] = [await grow(70), await grow(300)];
    const report = await between(from, to);
    expect(report).toMatchObject({ proven: true, findings: { silent: ['reporter'] } });
    expect(report.proven && report.path.length).toBeGreaterThan(0);
    expect(await between(to, to)).toMatchObject({ proven: true });
    expect(await between({ size: 0, root: emptyRoot }, to)).toMatchObject({ proven: true });
  });

  it('a forked checkpoint is named, be it the older or the newer one', async () => {
    const [from, to] = [await grow(70), await grow(300)];
    const fork = (head: TreeHead): TreeHead => ({ ...head, root: emptyRoot });
    expect(whyNot(await between(fork(from), to))).toContain('The checkpoint of 70 leaves');
    expect(whyNot(await between(from, fork(to)))).toContain('The checkpoint of 370 leaves');
  });

  it('a log that has become shorter was rolled back', async () => {
    const [from, to] = [await grow(3), await grow(3)];
    const rolledBack = 'The log was rolled back: it had 9 leaves, and has only 6 now.';
    expect(whyNot(await between(from, { ...to, size: 9 }))).toBe(rolledBack);
    expect(whyNot(await between({ ...to, size: 9 }, to))).toBe(rolledBack);
    expect(whyNot(await between(to, from))).toBe(
      'The earlier checkpoint has 6 leaves, the later one only 3: the log was rolled back in between, or the clock of the gateway was set back.',
    );
  });

  it('a store that has other leaves than were published is found out', async () => {
    const [from, to] = [await grow(3), await grow(3)];
    const changed: Pick<Store, 'readLeaves'> = {
      readLeaves: async (first, limit) =>
        (await store.readLeaves(first, limit)).map((leaf) =>
          leaf.index === 4 ? { ...leaf, leaf: leaf.leaf.replace('happened', 'happenet') } : leaf,
        ),
    };
    expect(whyNot(await between(from, to, changed))).toContain(
      'The first 6 leaves of the store are not those',
    );
    const shorter: Pick<Store, 'readLeaves'> = {
      readLeaves: async (first, limit) =>
        (await store.readLeaves(first, limit)).filter(({ index }) => index < 5),
    };
    expect(whyNot(await between(from, to, shorter))).toContain('The store has only 5 leaves of the 6');
  });

  it('a tile that was changed or taken away makes no proof', async () => {
    const [from, to] = [await grow(70), await grow(300)];
    const tile = join(folder.dir, 'tile/0/000');
    const bytes = readFileSync(tile);
    bytes.writeUInt8(bytes.readUInt8(3 * 32) ^ 1, 3 * 32);
    writeFileSync(tile, bytes);
    expect(whyNot(await between(from, to))).toContain('The checkpoint of 70 leaves');
    writeFileSync(tile, bytes.subarray(0, 32));
    expect(whyNot(await between(from, to))).toContain('cannot be made from the published tiles');
  });
});
