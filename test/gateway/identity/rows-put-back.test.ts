import { expect, it } from 'vitest';
import { EndpointDirectory } from '../../../gateway/identity/directory.ts';
import type { Store } from '../../../gateway/store/port.ts';
import { createSqliteFixture } from '../store/sqlite-fixture.ts';
import { digestOf, directoryEntry, noon, permit, police, school } from '../store/synthetic-messages.ts';

/** Enrols an endpoint, or enrols it again. */
function enrolling(store: Store) {
  return async (endpoint: typeof police, secret: string) => {
    await store.permitEnrolment(permit(endpoint, secret, noon + 60_000), { kind: 'enrolment.permitted' });
    const entry = directoryEntry(endpoint, { openpgpCertificate: secret });
    expect(await store.enrol(digestOf(secret), entry, noon, { kind: 'endpoint.enrolled' })).toBe('enrolled');
    return entry;
  };
}

it('leaves out whose row was put back to an older entry, before or after it was opened, until it is mended', async () => {
  const fixture = await createSqliteFixture();
  const store = await fixture.open();
  try {
    const enrol = enrolling(store);
    const entry = await enrol(police, 'one');
    await enrol(school, 'two');
    const running = await EndpointDirectory.open(store);
    expect(running.putBack).toEqual([]);
    const text = JSON.stringify(entry).replaceAll("'", "''");
    const leaf = running.leafOf(running.get(police)!)!;
    const revoked = { ...entry, status: 'revoked' as const, revokedAt: entry.enrolledAt };
    await store.replaceEntry(entry, revoked, { kind: 'endpoint.revoked' });
    await running.reload();
    expect(running.get(police)?.status).toBe('revoked');

    fixture.execute(
      `UPDATE directory_entry SET entry = '${text}', record = ${leaf} WHERE entry ->> 'endpoint' = '${police}'`,
    );
    const told: string[] = [];
    const started = await EndpointDirectory.open(store, (endpoint) => told.push(endpoint));
    // One that runs sees it with whatever else changes.
    await enrol(school, 'three');
    await running.reload();
    await started.reload();
    for (const directory of [running, started]) {
      expect(directory.putBack).toEqual([police]);
      expect(directory.get(police)).toBeUndefined();
      expect(directory.resolve(`${entry.agency}/@${entry.roles[0]}`)).toEqual([]);
      expect(directory.get(school)?.openpgpCertificate).toBe('three');
      expect(directory.snapshot.entries.map(({ endpoint }) => endpoint)).toEqual([school]);
      expect(directory.snapshot.leaves).toHaveLength(1);
    }
    expect(told).toEqual([police]);

    // A row that names a leaf to come does not lock out what is right again.
    fixture.execute(`UPDATE directory_entry SET record = 1000 WHERE entry ->> 'endpoint' = '${school}'`);
    await enrol(police, 'four');
    await started.reload();
    expect(started.leafOf(started.get(school)!)).toBe(1000);
    await enrol(school, 'five');
    await started.reload();
    expect(started.get(school)?.openpgpCertificate).toBe('five');
    expect(started.putBack).toEqual([]);
    expect(started.get(police)?.openpgpCertificate).toBe('four');
  } finally {
    await store.close();
    await fixture.remove();
  }
});

it('tells who enrolled and has no row any more, before or after it was opened, until it enrols again', async () => {
  const fixture = await createSqliteFixture();
  const store = await fixture.open();
  try {
    const enrol = enrolling(store);
    await enrol(police, 'one');
    await enrol(school, 'two');
    const toldRunning: unknown[] = [];
    const running = await EndpointDirectory.open(store, (...told) => toldRunning.push(told));
    expect(running.gone).toEqual([]);

    fixture.execute(`DELETE FROM directory_entry WHERE entry ->> 'endpoint' = '${police}'`);
    const toldStarted: unknown[] = [];
    const started = await EndpointDirectory.open(store, (...told) => toldStarted.push(told));
    // One that runs sees it with whatever else changes.
    await enrol(school, 'three');
    for (const directory of [running, started]) {
      await directory.reload();
      expect([directory.gone, directory.putBack]).toEqual([[police], []]);
      expect(directory.get(school)?.openpgpCertificate).toBe('three');
    }
    await enrol(school, 'four');
    for (const directory of [running, started]) await directory.reload();
    expect([toldRunning, toldStarted]).toEqual([[[police, 'gone']], [[police, 'gone']]]);

    // With the same keys: it may still have them.
    await enrol(police, 'one');
    await started.reload();
    expect([started.gone, started.get(police)?.status]).toEqual([[], 'active']);
  } finally {
    await store.close();
    await fixture.remove();
  }
});
