import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { EndpointDirectory } from '../../gateway/identity/directory.ts';
import { provenDirectory } from '../../gateway/proven-directory.ts';
import { createSqliteFixture } from './store/sqlite-fixture.ts';
import { digestOf, directoryEntry, noon, permit, police, school } from './store/synthetic-messages.ts';

it('says once that a tile is missing, however many entries have leaves below it and however often it is asked', async () => {
  const fixture = await createSqliteFixture();
  const store = await fixture.open();
  onTestFinished(async () => {
    await store.close();
    await fixture.remove();
  });
  for (const endpoint of [police, school]) {
    await store.permitEnrolment(permit(endpoint, endpoint, noon + 60_000), { kind: 'enrolment.permitted' });
    await store.enrol(digestOf(endpoint), directoryEntry(endpoint), noon, { kind: 'endpoint.enrolled' });
  }
  const said: Record<string, unknown>[] = [];
  const directory = await EndpointDirectory.open(store);
  // The rows have another key than the leaves: they are looked at again each time.
  const entries = [police, school].map((each) => ({ ...directory.get(each)!, signingKey: 'A'.repeat(43) }));
  const proven = provenDirectory({
    store,
    directory: {
      entries: () => entries.values(),
      get: () => entries[0],
      leafOf: ({ endpoint }) => directory.leafOf(directory.get(endpoint)!),
      version: 1,
    },
    auditLog: {
      folder: { readFile: () => Promise.resolve(undefined) } as never,
      latest: { size: await store.countLeaves(), root: Buffer.alloc(32) } as never,
    },
    log: pino({}, { write: (line: string) => void said.push(JSON.parse(line) as Record<string, unknown>) }),
  });
  for (let alert = 0; alert < 3; alert += 1) {
    for (const entry of entries) expect(await proven.isProven(entry)).toBe(false);
  }
  expect(said.map(({ code }) => code)).toEqual(['log-unreadable', 'log-proof-invalid', 'log-proof-invalid']);
});
