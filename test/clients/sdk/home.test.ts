import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CausewayError } from '../../../protocol/errors.ts';
import { digestOf } from '../../../protocol/proof/merkle.ts';
import { noteSigner } from '../../../protocol/proof/note-signer.ts';
import { formatVerifierKey } from '../../../protocol/proof/verifier-key.ts';
import { createHome as createHomeOf } from '../../../clients/sdk/home-draft.ts';
import { openHome, replaceTlsIdentity, type HomeIdentity } from '../../../clients/sdk/home.ts';
import { createEndpointKeys, createTlsKey } from '../../../clients/sdk/keys.ts';
import { createAuthority, openAuthority, type Authority } from '../../../gateway/identity/authority.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';

const endpoint = 'council/social-work' as EndpointAddress;
const planOf = (dir: string, made: HomeIdentity) => ({
  dir,
  endpoint,
  makeKeys: () => Promise.resolve(made),
});
const createHome = (dir: string, made: HomeIdentity) =>
  createHomeOf(planOf(dir, made), () => Promise.resolve(made));
let root: string;
let authority: Authority;
let identity: HomeIdentity;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'causeway-home-'));
  authority = openAuthority(await createAuthority({ name: 'CA', now: Date.now() }), Date.now);
  const keys = await createEndpointKeys(endpoint);
  identity = {
    endpoint,
    gatewayUrl: 'https://127.0.0.1:8443',
    tlsKeyPem: keys.tlsKeyPem,
    tlsCertificatePem: (await authority.issueEndpointCertificate(keys.certificateRequestPem, endpoint)).pem,
    authorityPem: authority.certificatePem,
    openpgpPrivateKey: keys.openpgp.privateKeyArmored,
    signingKeyPem: keys.signingKeyPem,
    receiptKey: keys.signingKey,
    log: {
      key: formatVerifierKey(noteSigner('home/log', keys.signingKeyPem).verifierKey),
      from: 7,
      entry: digestOf(Buffer.from('entry')),
      witnesses: [],
      witnessesNeeded: 0,
    },
  };
});
afterAll(() => rm(root, { recursive: true, force: true }));

test('a home is private and reads back as it was written', async () => {
  const home = await createHome(join(root, 'a', 'b'), identity);
  expect((await stat(home.dir)).mode & 0o777).toBe(0o700);
  const names = await readdir(home.dir);
  expect(names.sort()).toEqual(['ca.crt', 'identity.json', 'openpgp.key', 'signing.key', 'tls.pem']);
  for (const name of names) expect((await stat(join(home.dir, name))).mode & 0o777).toBe(0o600);
  expect(await openHome(home.dir)).toEqual(home);
});

test('an existing identity, file or folder is not overwritten', async () => {
  const home = await createHome(join(root, 'once'), identity);
  await expect(createHome(home.dir, identity)).rejects.toMatchObject({
    code: 'home-exists',
    detail: `The folder ${home.dir} is not empty.`,
  });
  await writeFile(join(root, 'file'), 'x');
  await expect(createHome(join(root, 'file'), identity)).rejects.toMatchObject({
    code: 'home-exists',
    detail: `${join(root, 'file')} is no folder.`,
  });
  expect(await readFile(join(root, 'file'), 'utf8')).toBe('x');
});

test('of two homes made at the same time in one place one wins, whole', async () => {
  const dir = join(root, 'race');
  const results = await Promise.allSettled([createHome(dir, identity), createHome(dir, identity)]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect((await openHome(dir)).endpoint).toBe(endpoint);
  expect((await readdir(root)).filter((name) => name.includes('partial'))).toEqual([]);
});

test('an empty folder may become a home', async () => {
  await mkdir(join(root, 'empty'));
  expect((await createHome(join(root, 'empty'), identity)).endpoint).toBe(endpoint);
});

test('the private keys are on disk before anybody is told of the public ones, and go where nobody takes them', async () => {
  const dir = join(root, 'refused');
  let found: readonly string[] = [];
  const refuse = async (): Promise<never> => {
    const draft = (await readdir(root)).find((name) => name.startsWith('.refused.'))!;
    found = await readdir(join(root, draft));
    expect(await readFile(join(root, draft, 'openpgp.key'), 'utf8')).toBe(identity.openpgpPrivateKey);
    throw new CausewayError('token-used');
  };
  await expect(createHomeOf(planOf(dir, identity), refuse)).rejects.toMatchObject({ code: 'token-used' });
  expect(found).toEqual(expect.arrayContaining(['openpgp.key', 'signing.key', 'tls.pem']));
  expect((await readdir(root)).filter((name) => name.includes('refused'))).toEqual([]);
});

test('while one enrolment makes a home, another into it registers nothing, and touches none of its keys', async () => {
  const dir = join(root, 'shared');
  const registered: string[] = [];
  const register = async (): Promise<HomeIdentity> => {
    registered.push('first');
    const second = createHomeOf(planOf(dir, identity), () => {
      registered.push('second');
      return Promise.resolve(identity);
    });
    await expect(second).rejects.toMatchObject({ code: 'home-in-use', detail: `It is ${dir}.` });
    return identity;
  };
  await createHomeOf(planOf(dir, identity), register);
  expect(registered).toEqual(['first']);
  expect(await openHome(dir)).toMatchObject({ dir, signingKeyPem: identity.signingKeyPem });
  expect((await readdir(root)).filter((name) => name.startsWith('.shared'))).toEqual([]);
});

test('a new TLS key and certificate replace the old ones together', async () => {
  const home = await createHome(join(root, 'renewed'), identity);
  const { tlsKeyPem, certificateRequestPem } = createTlsKey();
  const { pem } = await authority.issueEndpointCertificate(certificateRequestPem, endpoint);
  const renewed = await replaceTlsIdentity(home, { tlsKeyPem, tlsCertificatePem: pem });
  expect(await openHome(home.dir)).toEqual(renewed);
  expect((await stat(join(home.dir, 'tls.pem'))).mode & 0o777).toBe(0o600);
});

test('a private file that others may read is refused with the command that mends it', async () => {
  const home = await createHome(join(root, 'open'), identity);
  await chmod(join(home.dir, 'signing.key'), 0o644);
  await expect(openHome(home.dir)).rejects.toMatchObject({
    code: 'home-invalid',
    detail: expect.stringContaining('chmod 600') as unknown,
  });
});

test.each(['identity.json', 'tls.pem', 'ca.crt', 'signing.key', 'openpgp.key'])(
  'a home without %s, or with nonsense in it, is refused by name',
  async (name) => {
    const home = await createHome(join(root, `broken-${name}`), identity);
    if (name !== 'openpgp.key') {
      await writeFile(join(home.dir, name), 'nonsense');
      await expect(openHome(home.dir)).rejects.toMatchObject({
        code: 'home-invalid',
        detail: expect.stringContaining(name) as unknown,
      });
    }
    await rm(join(home.dir, name));
    await expect(openHome(home.dir)).rejects.toMatchObject({
      code: 'home-invalid',
      detail: expect.stringContaining(name) as unknown,
    });
  },
);

test('a key and a certificate that do not belong together are refused', async () => {
  const home = await createHome(join(root, 'mixed'), { ...identity, tlsKeyPem: createTlsKey().tlsKeyPem });
  await expect(openHome(home.dir)).rejects.toMatchObject({ code: 'home-invalid' });
});
