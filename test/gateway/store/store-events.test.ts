import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { CaseVault } from '../../../gateway/store/case-vault.ts';
import { ByteSource } from '../../../gateway/store/byte-stream.ts';
import type { StoreVersions } from '../../../gateway/store/port.ts';
import { Ledger } from '../../../gateway/store/sqlite/ledger.ts';
import type { Operation } from '../../../gateway/store/sqlite/operations.ts';
import { schema } from '../../../gateway/store/sqlite/schema.ts';
import { StoreEvents } from '../../../gateway/store/sqlite/store-events.ts';
import { batchSigner } from '../../../protocol/proof/signing.ts';
import { newKey } from '../../clients/sdk/scripted-log.ts';
import { auditKey, directoryEntry, health } from './synthetic-messages.ts';

function listen(versions: StoreVersions): { readonly events: StoreEvents; readonly told: StoreVersions[] } {
  const events = new StoreEvents();
  const told: StoreVersions[] = [];
  events.versions = versions;
  events.listener = { onReceipts: () => undefined, onChange: (changed) => told.push(changed) };
  return { events, told };
}

test('an older word of a commit of this process, which comes late, takes back nothing that was applied since', () => {
  const { events, told } = listen({ directory: 1, policy: 1 });
  events.onNotice({ versions: { directory: 2, policy: 2 }, streams: [] });
  // The commit that enrolled somebody, from before the other process applied the agreement.
  events.onRaised({ directory: 2 });
  events.onNotice({ versions: { directory: 3, policy: 2 }, streams: [] });
  expect(told).toEqual([
    { directory: 2, policy: 2 },
    { directory: 3, policy: 2 },
  ]);
});

test('a version that was put back by hand is told, and what is raised afterwards', () => {
  const { events, told } = listen({ directory: 3, policy: 7 });
  events.onNotice({ versions: { directory: 3, policy: 0 }, streams: [] });
  events.onRaised({ policy: 1 });
  expect(told.map(({ policy }) => policy)).toEqual([0, 1]);
});

test('a commit says which versions it has raised, and nothing of the other', () => {
  const database = new DatabaseSync(':memory:');
  database.exec(schema);
  const user = { writer: 1, refuse: undefined };
  const ledger = new Ledger(database, batchSigner(newKey()), new CaseVault(auditKey), user);
  const raisedBy = (...operations: readonly Operation[]): Partial<StoreVersions> | undefined => {
    const bytes = (): ByteSource => new ByteSource(new ArrayBuffer(32));
    return ledger.transact(
      operations.map((operation) => ({ operation, bytes })),
      1,
    ).raised;
  };
  const record = JSON.stringify({ kind: 'test.happened' });
  const reload = { type: 'request-reload', record } as const;
  const enrol = { type: 'enrol', entry: directoryEntry(health), now: 1, record } as const;
  expect(raisedBy(reload)).toEqual({ policy: 1 });
  expect(raisedBy(enrol)).toEqual({ directory: 0 });
  expect(raisedBy(enrol, reload)).toEqual({ directory: 0, policy: 2 });
  expect(raisedBy({ type: 'probe' })).toBeUndefined();
  database.close();
});
