/** How every engine keeps marks, permits and the directory. */
import { describe, expect, test } from 'vitest';
import type { StoreVersions } from '../../../../gateway/store/port.ts';
import {
  digestOf,
  directoryEntry,
  health,
  hourMs,
  messageId,
  noon,
  permit,
  police,
  school,
  socialWork,
} from '../synthetic-messages.ts';
import type { DirectoryEntry } from '../../../../protocol/wire/directory.ts';
import { record, type ContractStore } from './contract-store.ts';

export function administrationContract(at: ContractStore): void {
  const { open, reopen, kinds } = at;

  describe('marks', () => {
    test('are kept by name, for every process, and leave no leaf', async () => {
      expect(await at.store.readMarks()).toEqual(new Map());
      await at.store.setMarks(
        new Map([
          ['a', 1],
          ['b', Number.MAX_SAFE_INTEGER],
        ]),
      );
      await at.store.setMarks(new Map([['a', 2]]));
      const other = await open();
      expect(await other.readMarks()).toEqual(
        new Map([
          ['a', 2],
          ['b', Number.MAX_SAFE_INTEGER],
        ]),
      );
      await other.setMarks(new Map([['a', 0]]));
      await reopen();
      expect((await at.store.readMarks()).get('a')).toBe(0);
      expect(await kinds()).toEqual([]);
    });

    test('are kept under a lease that is held', async () => {
      const lease = await at.store.takeLease('work', hourMs);
      await at.store.setMarks(new Map([['a', 7]]), lease);
      expect(await at.store.readMarks()).toEqual(new Map([['a', 7]]));
      await at.store.releaseLease(lease!);
    });

    test('are set together with a record to the place behind it', async () => {
      await at.store.appendRecords([record]);
      const lease = await at.store.takeLease('work', hourMs);
      expect(await at.store.appendRecords([record, record], lease, messageId(1), 'place')).toBe(1);
      expect(await at.store.readMarks()).toEqual(new Map([['place', 2]]));
      await at.store.appendRecords([record], lease, messageId(1), 'place');
      await reopen();
      expect(await at.store.readMarks()).toEqual(new Map([['place', 4]]));
    });
  });

  describe('enrolment and the directory', () => {
    test('a permit is read back until it is used or expires', async () => {
      const given = permit(health, 'secret', noon + hourMs);
      await at.store.permitEnrolment(given, record);
      expect(await at.store.readPermit(given.secretDigest, noon)).toEqual({ ...given, isUsed: false });
      expect(await at.store.readPermit(digestOf('guess'), noon)).toBe('token-invalid');
      expect(await at.store.readPermit(given.secretDigest, noon + hourMs)).toBe('token-expired');
      const entry = directoryEntry(health);
      expect(await at.store.enrol(digestOf('guess'), entry, noon, record)).toBe('token-invalid');
      expect(await at.store.enrol(given.secretDigest, entry, noon + hourMs, record)).toBe('token-expired');
      expect(await at.store.readDirectory()).toEqual({ version: 0, entries: [], leaves: [], versions: [] });
      expect(await at.store.enrol(given.secretDigest, entry, noon, record)).toBe('enrolled');
      expect(await at.store.readPermit(given.secretDigest, noon)).toEqual({ ...given, isUsed: true });
      expect(await at.store.enrol(given.secretDigest, entry, noon, record)).toBe('token-used');
      expect(await kinds()).toEqual(['test.happened', 'test.happened']);
    });

    test('a permit is replaced by a new one for the same endpoint, used or not', async () => {
      await at.store.permitEnrolment(permit(health, 'first', noon + hourMs), record);
      await at.store.permitEnrolment(permit(school, 'other', noon + hourMs), record);
      await at.store.permitEnrolment(permit(health, 'second', noon + hourMs), record);
      expect(await at.store.readPermit(digestOf('first'), noon)).toBe('token-invalid');
      expect(await at.store.readPermit(digestOf('other'), noon)).toMatchObject({ endpoint: school });
      expect(await at.store.readPermit(digestOf('second'), noon)).toMatchObject({ endpoint: health });
      expect(await at.store.enrol(digestOf('second'), directoryEntry(health), noon, record)).toBe('enrolled');
      await at.store.permitEnrolment(permit(health, 'third', noon + hourMs), record);
      expect(await at.store.readPermit(digestOf('second'), noon)).toBe('token-invalid');
    });

    test('a permit enrols only the endpoint it names', async () => {
      await at.store.permitEnrolment(permit(health, 'secret', noon + hourMs), record);
      expect(await at.store.enrol(digestOf('secret'), directoryEntry(school), noon, record)).toBe(
        'token-invalid',
      );
      expect((await at.store.readDirectory()).entries).toEqual([]);
    });

    test('of two that use one permit at once, one enrols', async () => {
      await at.store.permitEnrolment(permit(health, 'secret', noon + hourMs), record);
      const outcomes = await Promise.all(
        ['one', 'two'].map(async (name) =>
          at.store.enrol(
            digestOf('secret'),
            directoryEntry(health, { openpgpCertificate: name }),
            noon,
            record,
          ),
        ),
      );
      expect(outcomes.sort()).toEqual(['enrolled', 'token-used']);
    });

    test('the directory holds the latest entry of each endpoint, and its version grows with every change', async () => {
      for (const endpoint of [school, health]) {
        await at.store.permitEnrolment(permit(endpoint, endpoint, noon + hourMs), record);
        await at.store.enrol(digestOf(endpoint), directoryEntry(endpoint), noon, record);
      }
      const before = await at.store.readDirectory();
      expect(before.entries).toEqual([directoryEntry(school), directoryEntry(health)].sort(byEndpoint));
      const revoked = directoryEntry(health, { status: 'revoked', revokedAt: '2026-11-23T13:00:00.000Z' });
      expect(await at.store.replaceEntry(directoryEntry(health), revoked, record)).toBe('replaced');
      expect(await at.store.replaceEntry(directoryEntry(police), directoryEntry(police), record)).toBe(
        'overtaken',
      );
      // A renewal that was under way must not bring a revoked endpoint back, nor old keys.
      expect(await at.store.replaceEntry(revoked, directoryEntry(health), record)).toBe('overtaken');
      expect(await at.store.replaceEntry(directoryEntry(health), directoryEntry(health), record)).toBe(
        'overtaken',
      );
      // Nor may one that was overtaken by another renewal.
      const renewed = directoryEntry(school, {
        previousTlsThumbprint: directoryEntry(school).tlsThumbprint,
      });
      for (const before of [directoryEntry(school, { signingKey: 'B'.repeat(43) }), renewed]) {
        expect(await at.store.replaceEntry(before, renewed, record)).toBe('overtaken');
      }
      await reopen();
      const after = await at.store.readDirectory();
      expect(after.version).toBe(before.version + 1);
      // By its version, each entry tells since when it is what it is.
      expect([before.version, ...before.versions].sort()).toEqual([noon, noon + 1, noon + 1]);
      expect(after.versions).toEqual(
        after.entries.map(({ endpoint }) => (endpoint === health ? after.version : noon)),
      );
      expect(after.entries).toEqual([directoryEntry(school), revoked].sort(byEndpoint));
      // What is noted beside the rows, so that one which was put back is told.
      const newest = after.entries.map(({ endpoint }, place) => [endpoint, after.leaves[place]] as const);
      expect(await at.store.readNewestChanges()).toEqual(new Map(newest));
      expect(await at.store.readEntry(health)).toEqual({ entry: revoked, leaf: new Map(newest).get(health) });
      expect(await at.store.readEntry(school)).toMatchObject({ entry: directoryEntry(school) });
      expect(await at.store.readEntry(police)).toBeUndefined();
      expect(await kinds()).toHaveLength(5);
    });

    test('an enrolled endpoint may enrol again with a new permit', async () => {
      for (const name of ['one', 'two']) {
        await at.store.permitEnrolment(permit(health, name, noon + hourMs), record);
        const entry = directoryEntry(health, { openpgpCertificate: name });
        expect(await at.store.enrol(digestOf(name), entry, noon, record)).toBe('enrolled');
      }
      const { version, entries } = await at.store.readDirectory();
      expect([version, entries.map((entry) => entry.openpgpCertificate)]).toEqual([noon + 1, ['two']]);
    });

    test.each([
      ['signing key', (other: DirectoryEntry) => ({ signingKey: other.signingKey })],
      ['OpenPGP primary key', (other: DirectoryEntry) => ({ openpgpFingerprint: other.openpgpFingerprint })],
      ['encryption subkey', (other: DirectoryEntry) => ({ encryptionKey: other.encryptionKey })],
    ])(
      'of two that claim one %s at the same instant through two processes, one gets it',
      async (_, keyOf) => {
        const other = await open();
        const shared = keyOf(directoryEntry(police));
        const claims = [
          { store: at.store, endpoint: health },
          { store: other, endpoint: school },
          { store: at.store, endpoint: socialWork },
        ];
        for (const { endpoint } of claims) {
          await at.store.permitEnrolment(permit(endpoint, endpoint, noon + hourMs), record);
        }
        const outcomes = await Promise.all(
          claims.map(async ({ store, endpoint }) =>
            store.enrol(digestOf(endpoint), directoryEntry(endpoint, shared), noon, record),
          ),
        );
        expect(outcomes.sort()).toEqual(['enrolled', 'key-taken', 'key-taken']);
        expect(await at.store.readDirectory()).toMatchObject({ version: noon, entries: [shared] });
        // What was refused has changed nothing: its permit is still good, for keys of its own.
        for (const { endpoint } of claims) {
          const outcome = await other.enrol(digestOf(endpoint), directoryEntry(endpoint), noon, record);
          expect(['enrolled', 'token-used']).toContain(outcome);
        }
        expect((await other.readDirectory()).entries).toHaveLength(3);
        expect(await kinds()).toHaveLength(6);
      },
    );

    test('no change to an entry gives it a key that another has, had before its present one, or has lost by revocation', async () => {
      const previous = digestOf('previous').toString('hex') as DirectoryEntry['encryptionKey'];
      const theirs = directoryEntry(school, {
        previousEncryptionKey: previous,
        status: 'revoked',
        revokedAt: '2026-11-23T13:00:00.000Z',
      });
      const ours = directoryEntry(health);
      for (const entry of [theirs, ours]) {
        await at.store.permitEnrolment(permit(entry.endpoint, entry.endpoint, noon + hourMs), record);
        expect(await at.store.enrol(digestOf(entry.endpoint), entry, noon, record)).toBe('enrolled');
      }
      for (const encryptionKey of [previous, theirs.encryptionKey]) {
        expect(await at.store.replaceEntry(ours, { ...ours, encryptionKey }, record)).toBe('key-taken');
      }
      const fresh = digestOf('fresh').toString('hex') as DirectoryEntry['encryptionKey'];
      const renewed = { ...ours, encryptionKey: fresh, previousEncryptionKey: ours.encryptionKey };
      expect(await at.store.replaceEntry(ours, renewed, record)).toBe('replaced');
      expect(await kinds()).toHaveLength(5);
    });

    test('a listener is told of changes to the directory and of the wish for a new policy', async () => {
      const told: StoreVersions[] = [];
      const onChange = (versions: StoreVersions): unknown => told.push(versions);
      const listen = (): StoreVersions => at.store.listen({ onReceipts: () => undefined, onChange });
      expect(listen()).toEqual({ directory: 0, policy: 0 });
      await at.store.permitEnrolment(permit(health, 'secret', noon + hourMs), record);
      await at.store.enrol(digestOf('secret'), directoryEntry(health), noon, record);
      await at.store.requestPolicyReload(record);
      await at.store.probe();
      expect(told).toEqual([
        { directory: noon, policy: 0 },
        { directory: noon, policy: noon },
      ]);
      expect(listen()).toEqual(told[1]);
    });
  });
}

function byEndpoint(a: { endpoint: string }, b: { endpoint: string }): number {
  return a.endpoint < b.endpoint ? -1 : 1;
}
