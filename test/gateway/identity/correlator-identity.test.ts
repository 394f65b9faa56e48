import { correlatorAddress } from '../../../protocol/ids.ts';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { generateOpenpgpKey } from '../../../clients/sdk/openpgp.ts';
import {
  enrolCorrelator,
  readCorrelatorKeys,
  writeCorrelatorKeys,
  type CorrelatorKeys,
} from '../../../gateway/identity/correlator-identity.ts';
import { revokeEndpoint } from '../../../gateway/identity/revocation.ts';
import { eachLeaf } from '../../../gateway/store/each-leaf.ts';
import type { Store } from '../../../gateway/store/port.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import { createSqliteFixture } from '../store/sqlite-fixture.ts';
import type { StoreFixture } from '../store/contract/contract-store.ts';

let dir: string;
let keys: CorrelatorKeys;
let fixture: StoreFixture;
let store: Store;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-correlator-'));
  await writeCorrelatorKeys(dir, Date.now());
  keys = await readCorrelatorKeys(dir);
});
afterAll(() => rm(dir, { recursive: true }));
beforeEach(async () => {
  fixture = await createSqliteFixture();
  store = await fixture.open();
});
afterEach(async () => {
  await store.close();
  await fixture.remove();
});

async function correlatorIn(from: Pick<Store, 'readEntry'>): Promise<DirectoryEntry | undefined> {
  return (await from.readEntry(correlatorAddress))?.entry;
}

/** Enrols it as a gateway does that has just read the directory. */
async function enrol(
  by: CorrelatorKeys,
  into: Parameters<typeof enrolCorrelator>[1] = store,
): Promise<boolean> {
  return await enrolCorrelator(by, into, await correlatorIn(into), fixture.clock.now);
}

const enrolments = async (): Promise<number> =>
  (await Array.fromAsync(eachLeaf(store))).filter(({ entry }) => entry.kind === 'endpoint.enrolled').length;

/** Other keys for the same address. */
async function freshKeys(): Promise<CorrelatorKeys> {
  const other = await mkdtemp(join(tmpdir(), 'causeway-correlator-'));
  await writeCorrelatorKeys(other, Date.now());
  const fresh = await readCorrelatorKeys(other);
  await rm(other, { recursive: true });
  return fresh;
}

describe('enrolling the correlator', () => {
  it('puts its public keys into the directory, with a leaf that proves them', async () => {
    await enrol(keys);
    expect(await correlatorIn(store)).toMatchObject({
      endpoint: 'gateway/correlator',
      agency: 'gateway',
      roles: [],
      status: 'active',
      openpgpCertificate: keys.certificateArmored,
    });
    const { entries, leaves } = await store.readDirectory();
    const place = entries.findIndex(({ endpoint }) => endpoint === correlatorAddress);
    const [leaf] = await store.readLeaves(leaves[place]!, 1);
    const { openpgpFingerprint, signingKey } = entries[place]!;
    expect(leaf!.entry).toMatchObject({ kind: 'endpoint.enrolled', openpgpFingerprint, signingKey });
  });

  it('changes nothing where the directory has it with these keys', async () => {
    const changes = [await enrol(keys), await enrol(keys), await enrol(keys)];
    expect(changes).toEqual([true, false, false]);
    expect(await enrolments()).toBe(1);
  });

  it('enrols it again with other keys, as after a home was made anew, and after a revocation', async () => {
    await enrol(keys);
    const fresh = await freshKeys();
    await enrol(fresh);
    expect(await correlatorIn(store)).toMatchObject({ openpgpCertificate: fresh.certificateArmored });
    await revokeEndpoint(store, correlatorAddress, 'key-compromised', fixture.clock.now);
    await enrol(keys);
    expect(await correlatorIn(store)).toMatchObject({
      status: 'active',
      openpgpCertificate: keys.certificateArmored,
    });
    expect(await enrolments()).toBe(3);
  });

  it('is content when another gateway of the same home was faster, and refuses where it has other keys', async () => {
    const overtaken = (by: CorrelatorKeys): Pick<Store, 'readEntry' | 'permitEnrolment' | 'enrol'> => {
      return {
        readEntry: (endpoint) => store.readEntry(endpoint),
        permitEnrolment: (permit, record) => store.permitEnrolment(permit, record),
        enrol: async (...enrolment) => {
          await enrol(by);
          return await store.enrol(...enrolment);
        },
      };
    };
    await enrol(keys, overtaken(keys));
    expect(await enrolments()).toBe(1);
    const fresh = await freshKeys();
    await expect(enrol(await freshKeys(), overtaken(fresh))).rejects.toMatchObject({
      code: 'token-invalid',
    });
  });
});

describe('the keys of the correlator', () => {
  it('are refused where the private one could decrypt, or is no key of its kind', async () => {
    const broken = await mkdtemp(join(tmpdir(), 'causeway-correlator-'));
    await cp(dir, broken, { recursive: true });
    const { privateKeyArmored } = await generateOpenpgpKey(correlatorAddress);
    await expect(enrol({ ...keys, privateKeyArmored })).rejects.toMatchObject({ code: 'home-invalid' });
    expect(await correlatorIn(store)).toBeUndefined();
    const file = join(broken, 'correlator.key');
    expect(await readFile(file, 'utf8')).toContain('PRIVATE KEY');
    await writeFile(file, keys.certificateArmored);
    await expect(readCorrelatorKeys(broken)).rejects.toMatchObject({ code: 'home-invalid' });
    await rm(broken, { recursive: true });
  });
});
