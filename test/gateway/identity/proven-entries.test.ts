import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EndpointDirectory } from '../../../gateway/identity/directory.ts';
import { ProvenEntries } from '../../../gateway/identity/proven-entries.ts';
import { splitLeaves } from '../../../gateway/store/leaf-block.ts';
import type { Store } from '../../../gateway/store/port.ts';
import { encodeBundle } from '../../../protocol/proof/tile.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import { directoryEntryDigest } from '../../../protocol/wire/directory-entry-digest.ts';
import { createSqliteFixture, type SqliteFixture } from '../store/sqlite-fixture.ts';
import { digestOf, directoryEntry, health, noon, permit, police } from '../store/synthetic-messages.ts';

let fixture: SqliteFixture;
let store: Store;
let directory: EndpointDirectory;
let doubts: string[];
let proven: ProvenEntries;

const own = directoryEntry(police);
const stolen = 'A'.repeat(43);

beforeEach(async () => {
  fixture = await createSqliteFixture();
  store = await fixture.open();
  for (const entry of [own, directoryEntry(health)]) {
    const { endpoint } = entry;
    await store.permitEnrolment(permit(endpoint, endpoint, noon + 60_000), { kind: 'enrolment.permitted' });
    await store.enrol(digestOf(endpoint), entry, noon, { kind: 'endpoint.enrolled' });
  }
  directory = await EndpointDirectory.open(store);
  doubts = [];
  proven = new ProvenEntries({
    ...{ leaves: store, directory },
    onDoubt: (endpoint, why) => doubts.push(`${endpoint} ${why}`),
  });
});
afterEach(async () => {
  await store.close();
  await fixture.remove();
});

/** Works on the file as somebody who has it, and has the directory read again. */
async function tamper(work: (database: DatabaseSync) => void): Promise<void> {
  const database = new DatabaseSync(fixture.file, { timeout: 5_000 });
  work(database);
  database.exec("UPDATE meta SET value = value + 1 WHERE name = 'directory'");
  database.close();
  await directory.reload();
}

function putRow(database: DatabaseSync, entry: DirectoryEntry, record?: number): void {
  const { changes } = database
    .prepare(
      "UPDATE directory_entry SET entry = ?, record = ifnull(?, record) WHERE entry ->> 'endpoint' = ?",
    )
    .run(JSON.stringify(entry), record ?? null, entry.endpoint);
  expect(changes).toBe(1);
}

/** Changes the leaf with an index. */
function editLeaf(database: DatabaseSync, index: number, change: (leaf: string) => string): void {
  const row = database
    .prepare('SELECT first, leaves FROM audit_block WHERE first <= ? ORDER BY first DESC LIMIT 1')
    .get(index) as { first: number; leaves: Uint8Array };
  const leaves = splitLeaves(Buffer.from(row.leaves));
  leaves[index - row.first] = Buffer.from(change(leaves[index - row.first]!.toString('latin1')), 'latin1');
  database.prepare('UPDATE audit_block SET leaves = ? WHERE first = ?').run(encodeBundle(leaves), row.first);
}

const leafOf = (): number => directory.leafOf(directory.get(police)!)!;

/** Whether the entries that the directory has now are proven: police, health. */
async function judge(): Promise<boolean[]> {
  return [await proven.isProven(directory.get(police)!), await proven.isProven(directory.get(health)!)];
}

describe('an entry of the directory', () => {
  it('is proven by its leaf, also after it was renewed and after it was revoked', async () => {
    expect(await judge()).toEqual([true, true]);
    const renewed = { ...own, tlsThumbprint: directoryEntryDigest(own) };
    expect(await store.replaceEntry(own, renewed, { kind: 'endpoint.renewed' })).toBe('replaced');
    await directory.reload();
    expect(await judge()).toEqual([true, true]);
    const revoked = { ...renewed, status: 'revoked' as const, revokedAt: own.enrolledAt };
    expect(await store.replaceEntry(renewed, revoked, { kind: 'endpoint.revoked' })).toBe('replaced');
    await directory.reload();
    expect(await judge()).toEqual([true, true]);
    expect(doubts).toEqual([]);
  });

  it('is proven while somebody still goes through a view of the directory from before', async () => {
    const before = directory.get(health)!;
    await store.replaceEntry(own, { ...own, roles: ['duty'] }, { kind: 'endpoint.renewed' });
    await directory.reload();
    expect(await proven.isProven(before)).toBe(true);
  });

  it('is not where somebody has put another key or another role into its row', async () => {
    for (const change of [{ signingKey: stolen }, { roles: ['duty', 'public-protection'] }]) {
      await tamper((database) => putRow(database, { ...own, ...change }));
      expect(await judge()).toEqual([false, true]);
    }
    expect(doubts).toEqual(Array(2).fill(`${police} other-entry`));
  });

  it('is not where the log is broken at its leaf, and is where it is not', async () => {
    const broken = leafOf();
    const readLeaves: Store['readLeaves'] = (from, limit) =>
      from === broken ? Promise.reject(new CausewayError('store-damaged')) : store.readLeaves(from, limit);
    proven = new ProvenEntries({
      ...{ leaves: { readLeaves }, directory },
      onDoubt: (endpoint, why) => doubts.push(`${endpoint} ${why}`),
    });
    expect(await judge()).toEqual([false, true]);
    expect(doubts).toEqual([`${police} leaf-tampered`]);
    const down = new ProvenEntries({
      ...{ leaves: { readLeaves: () => Promise.reject(new CausewayError('store-unavailable')) }, directory },
      onDoubt: (endpoint) => doubts.push(endpoint),
    });
    await expect(down.isProven(directory.get(police)!)).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  it('is doubted aloud once, however often it is asked about', async () => {
    await tamper((database) => putRow(database, { ...own, signingKey: stolen }));
    expect([await judge(), await judge()]).toEqual([
      [false, true],
      [false, true],
    ]);
    expect(doubts).toEqual([`${police} other-entry`]);
  });

  it('is not where its leaf was changed to fit, since the body of the leaf says what it became', async () => {
    const entry = { ...own, signingKey: stolen };
    const digest = directoryEntryDigest(entry);
    await tamper((database) => {
      putRow(database, entry);
      editLeaf(database, leafOf(), (leaf) => leaf.replace(directoryEntryDigest(own), digest));
    });
    expect(await judge()).toEqual([false, true]);
    expect(doubts).toEqual([`${police} other-entry`]);
  });

  it('is not where another leaf was made up for it, without a body or with that of another leaf', async () => {
    const entry = { ...own, signingKey: stolen };
    const digest = directoryEntryDigest(entry);
    await store.appendRecords([{ kind: 'test.happened' }]);
    const last = (await store.countLeaves()) - 1;
    const madeUp = (commitment: string): string =>
      `{"kind":"endpoint.enrolled","at":${noon},"endpoint":"${police}","entry":"${digest}"${commitment}}`;
    for (const commitment of ['', `,"commitment":"${digest}"`]) {
      await tamper((database) => {
        putRow(database, entry, last);
        editLeaf(database, last, () => madeUp(commitment));
      });
      expect(await judge()).toEqual([false, true]);
    }
    expect(doubts).toEqual([`${police} leaf-tampered`]);
  });

  it('is not where its row names the leaf of another endpoint, or none that there is', async () => {
    const ofHealth = directory.leafOf(directory.get(health)!)!;
    await tamper((database) => putRow(database, own, ofHealth));
    expect(await judge()).toEqual([false, true]);
    await tamper((database) => putRow(database, own, 1_000));
    expect(await judge()).toEqual([false, true]);
    expect(doubts).toEqual([`${police} other-entry`, `${police} no-leaf`]);
  });

  it('is not where a newer one was proven before: a key that was replaced does not come back', async () => {
    const first = leafOf();
    const renewed = { ...own, encryptionKey: 'ab'.repeat(32) as DirectoryEntry['encryptionKey'] };
    await store.replaceEntry(own, renewed, { kind: 'endpoint.renewed' });
    await directory.reload();
    expect(await judge()).toEqual([true, true]);
    await tamper((database) => {
      putRow(database, own, first);
      // What the store has noted beside it as well: otherwise it is not in the directory at all.
      database.exec('DELETE FROM directory_change WHERE record = (SELECT max(record) FROM directory_change)');
    });
    expect(await judge()).toEqual([false, true]);
    expect(doubts).toEqual([`${police} older`]);
  });
});
