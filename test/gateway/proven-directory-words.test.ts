import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { EndpointDirectory } from '../../gateway/identity/directory.ts';
import { provenDirectory } from '../../gateway/proven-directory.ts';
import { createSqliteFixture } from './store/sqlite-fixture.ts';
import { digestOf, directoryEntry, noon, permit, police } from './store/synthetic-messages.ts';

it('says once of an entry that the tile over its leaf is missing, although it is asked at every alert', async () => {
  const fixture = await createSqliteFixture();
  const store = await fixture.open();
  onTestFinished(async () => {
    await store.close();
    await fixture.remove();
  });
  await store.permitEnrolment(permit(police, police, noon + 60_000), { kind: 'enrolment.permitted' });
  await store.enrol(digestOf(police), directoryEntry(police), noon, { kind: 'endpoint.enrolled' });
  const said: Record<string, unknown>[] = [];
  const directory = await EndpointDirectory.open(store);
  const entry = { ...directory.get(police)!, signingKey: 'A'.repeat(43) };
  const proven = provenDirectory({
    store,
    // The row has another key than the leaf: it is looked at again each time.
    directory: {
      entries: () => [entry].values(),
      get: () => entry,
      leafOf: () => directory.leafOf(directory.get(police)!),
      version: 1,
    },
    auditLog: {
      folder: { readFile: () => Promise.resolve(undefined) } as never,
      latest: { size: await store.countLeaves(), root: Buffer.alloc(32) } as never,
    },
    log: pino({}, { write: (line: string) => void said.push(JSON.parse(line) as Record<string, unknown>) }),
  });
  for (let alert = 0; alert < 3; alert += 1) expect(await proven.isProven(entry)).toBe(false);
  expect(said.map(({ code }) => code)).toEqual(['log-unreadable', 'log-proof-invalid']);
});
