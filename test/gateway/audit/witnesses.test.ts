import { createPublicKey } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWitnessHome } from '../../../clients/witness/witness-home.ts';
import { startWitnessServer, type WitnessServer } from '../../../clients/witness/witness-server.ts';
import { WitnessStore } from '../../../clients/witness/witness-store.ts';
import { Witness } from '../../../clients/witness/witness.ts';
import type { PublishedCheckpoint } from '../../../gateway/audit/published-checkpoint.ts';
import { Witness as AskedWitness } from '../../../gateway/audit/witness.ts';
import { Witnesses } from '../../../gateway/audit/witnesses.ts';
import {
  createAuthority,
  createP256Key,
  openAuthority,
  type Authority,
} from '../../../gateway/identity/authority.ts';
import type { CausewayError } from '../../../protocol/errors.ts';
import { openCheckpoint } from '../../../protocol/proof/checkpoint.ts';
import { formatVerifierKey, type VerifierKey } from '../../../protocol/proof/verifier-key.ts';
import { GrowingLog, newKeyPem } from '../../clients/witness/witness-fixture.ts';
import { leavesOf } from '../../protocol/proof/slow-tree.ts';

const pem = newKeyPem();
const log = new GrowingLog('log.test/causeway', pem);
const fork = new GrowingLog('log.test/causeway', pem, 1);
const tile = Buffer.concat(leavesOf(200));
const read = (): Buffer => tile;
const checkpointAt = (size: number): PublishedCheckpoint => ({
  size,
  root: log.rootAt(size),
  text: log.checkpointAt(size),
});

async function newAuthority(): Promise<Authority> {
  return openAuthority(await createAuthority({ name: 'A CA of a test', now: Date.now() }), Date.now);
}

describe('a witness over HTTPS', () => {
  let dir: string;
  let memory: WitnessStore;
  let witness: Witness;
  let witnessKey: VerifierKey;
  let authority: Authority;
  const servers: WitnessServer[] = [];

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'causeway-witnesses-'));
    authority = await newAuthority();
    const home = await createWitnessHome(join(dir, 'witness'), {
      name: 'committee.test/witness',
      listen: '127.0.0.1',
      port: 0,
      logs: [{ origin: log.origin, keys: [formatVerifierKey(log.signer.verifierKey)] }],
    });
    witnessKey = home.cosigner.verifierKey;
    memory = new WitnessStore(home.storePath);
    witness = new Witness({ cosigner: home.cosigner, logs: home.logs, store: memory, now: Date.now });
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close()));
    memory.close();
    await rm(dir, { recursive: true, force: true });
  });

  /** @param host the name that the server's certificate is for */
  async function listen(host: string): Promise<string> {
    const key = createP256Key();
    const spki = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
    const { pem } = await authority.issueServerCertificate(spki, [host]);
    const cert = `${pem}${authority.certificatePem}`;
    const server = await startWitnessServer({ witness, listen: '127.0.0.1', port: 0, tls: { key, cert } });
    servers.push(server);
    return server.url;
  }

  function ask(url: string, ca: string | undefined): { witnesses: Witnesses; errors: unknown[] } {
    const errors: unknown[] = [];
    const settings = { url, key: formatVerifierKey(witnessKey), ca };
    const asked = new AskedWitness(settings, log.signer.verifierKey);
    const witnesses = new Witnesses([asked], (error) => errors.push(error));
    return { witnesses, errors };
  }

  const cosignaturesOf = ({ text }: PublishedCheckpoint): number =>
    openCheckpoint(Buffer.from(text), { keys: [log.signer.verifierKey], witnesses: [witnessKey] })
      .cosignatures.length;

  it('cosigns when the settings name the CA of its certificate, from any size that it knows', async () => {
    const url = await listen('127.0.0.1');
    expect(url).toMatch(/^https:/);
    const { witnesses, errors } = ask(url, authority.certificatePem);
    for (const size of [3, 7, 7, 120]) {
      expect(cosignaturesOf(await witnesses.cosign(checkpointAt(size), read))).toBe(1);
    }
    // One that has just started knows nothing of what the witness has seen, and is told.
    const later = ask(url, authority.certificatePem);
    expect(cosignaturesOf(await later.witnesses.cosign(checkpointAt(200), read))).toBe(1);
    expect([...errors, ...later.errors]).toEqual([]);
  });

  it('does not cosign another history of a size that it has cosigned, and the gateway says so', async () => {
    const { witnesses, errors } = ask(await listen('127.0.0.1'), authority.certificatePem);
    const forked = { size: 200, root: fork.rootAt(200), text: fork.checkpointAt(200) };
    expect(await witnesses.cosign(forked, read)).toBe(forked);
    const detail =
      'committee.test/witness: it has cosigned another history: the key of this log has signed two, which differ within ' +
      'the first 200 entries.';
    expect(errors).toMatchObject([{ code: 'witness-refused', detail }]);
  });

  it('is not believed under another CA, under none, nor under another name; the checkpoint stands without it', async () => {
    const [right, elsewhere] = [await listen('127.0.0.1'), await listen('elsewhere.test')];
    const { certificatePem } = authority;
    const before = memory.lastOf(log.origin);
    const [untrusted, away] = ['its certificate is not trusted', 'http://127.0.0.1:9'];
    for (const [url, ca, code, words] of [
      [right, (await newAuthority()).certificatePem, 'SELF_SIGNED_CERT_IN_CHAIN', untrusted],
      [right, undefined, 'SELF_SIGNED_CERT_IN_CHAIN', untrusted],
      [elsewhere, certificatePem, 'ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name.'],
      [away, undefined, 'ECONNREFUSED', 'the connection was refused.'],
    ] as const) {
      const { witnesses, errors } = ask(url, ca);
      const checkpoint = checkpointAt(200);
      expect(await witnesses.cosign(checkpoint, read)).toBe(checkpoint);
      expect(await witnesses.cosign(checkpoint, read)).toBe(checkpoint);
      const detail = expect.stringContaining(`committee.test/witness: ${url}: ${words}`) as string;
      expect(errors).toMatchObject([{ code: 'witness-unreachable', detail }]);
      expect((errors[0] as CausewayError).cause).toMatchObject({ code });
    }
    expect(memory.lastOf(log.origin)).toEqual(before);
  });
});
