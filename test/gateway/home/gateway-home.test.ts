import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { initGatewayHome, openGatewayHome } from '../../../gateway/home/gateway-home.ts';
import { readSettings } from '../../../gateway/home/gateway-settings.ts';
import { cosigner } from '../../../protocol/proof/note-signer.ts';
import { formatVerifierKey } from '../../../protocol/proof/verifier-key.ts';

const dayMs = 24 * 3600_000;
let root: string;
let policies: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'causeway-gateway-home-'));
  policies = join(root, 'agreement');
  await mkdir(join(policies, 'sharing'), { recursive: true });
  await writeFile(join(policies, 'sharing', 'one.cedar'), '// rules\n');
});
afterAll(() => rm(root, { recursive: true, force: true }));

const make = (name: string, hosts = ['localhost', '127.0.0.1']) =>
  initGatewayHome(join(root, name), { name: 'Test gateway', hosts, policiesFrom: policies, now: Date.now });

test('a new home is complete, private, and opens to the same thing', async () => {
  const home = await make('new');
  const modeOf = async (name: string): Promise<number> => (await stat(join(home.dir, name))).mode & 0o777;
  expect(await modeOf('.')).toBe(0o700);
  const files = await readdir(home.dir);
  const published = ['ca.crt', 'correlator.asc', 'gateway.yaml', 'policies', 'tls.crt'];
  expect(files.filter((name) => published.includes(name)).sort()).toEqual(published);
  const secret = files.filter((name) => !published.includes(name)).sort();
  expect(await Promise.all(secret.map(async (name) => [name, await modeOf(name)]))).toEqual(
    ['audit.key', 'ca.key', 'correlator.key', 'correlator.pgp', 'log.key', 'receipt.key', 'tls.key'].map(
      (name) => [name, 0o600],
    ),
  );
  expect(home.settings).toEqual({
    host: '0.0.0.0',
    port: 8443,
    hosts: ['localhost', '127.0.0.1'],
    store: 'causeway.db',
    freeDiskMebibytes: 1_024,
    log: { origin: 'localhost/log', witnesses: [] },
    quotas: {
      sessionsPerEndpoint: 8,
      sessionsPerAgency: 1_000,
      agencyMebibytesPerMinute: 2_048,
      agencyFailedVerificationsPerMinute: 1_000,
      endpointRefusalsPerMinute: 5_000,
    },
  });
  expect(readSettings(await readFile(join(home.dir, 'gateway.yaml'), 'utf8'), 'gateway.yaml')).toEqual(
    home.settings,
  );
  expect(home.store).toBe(join(home.dir, 'causeway.db'));
  expect(await readFile(join(home.policiesDir, 'sharing', 'one.cedar'), 'utf8')).toBe('// rules\n');
  expect(home.tls.cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  const again = await openGatewayHome(home.dir, Date.now);
  expect({ ...again, authority: again.authority.fingerprint }).toEqual({
    ...home,
    authority: home.authority.fingerprint,
  });
});

test('an existing home is not touched', async () => {
  const home = await make('twice');
  const before = await readFile(join(home.dir, 'ca.key'), 'utf8');
  await expect(make('twice')).rejects.toMatchObject({ code: 'home-exists' });
  expect(await readFile(join(home.dir, 'ca.key'), 'utf8')).toBe(before);
});

test('a home that cannot be finished leaves nothing behind', async () => {
  await expect(
    initGatewayHome(join(root, 'half'), {
      name: 'x',
      hosts: ['localhost'],
      policiesFrom: join(root, 'nowhere'),
      now: Date.now,
    }),
  ).rejects.toThrow();
  expect((await readdir(root)).filter((name) => name.includes('half'))).toEqual([]);
});

test.each(['loop', 'loop/below'])(
  'policies that cannot be read are named, and not the home: %s',
  async (name) => {
    await symlink('loop', join(root, 'loop')).catch(() => undefined);
    const policiesFrom = join(root, name);
    await expect(
      initGatewayHome(join(root, 'unmade'), { name: 'x', hosts: ['localhost'], policiesFrom, now: Date.now }),
    ).rejects.toMatchObject({
      code: 'file-unavailable',
      detail: `No policies can be copied from ${policiesFrom}: its links lead in a circle.`,
    });
  },
);

test('hosts that are no host names are refused before anything is made', async () => {
  await expect(make('bad-host', ['https://x'])).rejects.toMatchObject({ code: 'configuration-invalid' });
  expect(await readdir(root)).not.toContain('bad-host');
});

test.each(['ca.key', 'tls.key', 'receipt.key'])(
  'a %s that others may read is refused, with the remedy',
  async (name) => {
    const home = await make(`open-${name}`);
    const path = join(home.dir, name);
    await chmod(path, 0o640);
    await expect(openGatewayHome(home.dir, Date.now)).rejects.toMatchObject({
      code: 'home-invalid',
      detail: expect.stringContaining(`chmod 600 ${path}`) as unknown,
    });
  },
);

test.each(['ca.key', 'ca.crt', 'receipt.key', 'gateway.yaml'])('a missing %s is named', async (name) => {
  const home = await make(`missing-${name}`);
  await rm(join(home.dir, name));
  await expect(openGatewayHome(home.dir, Date.now)).rejects.toMatchObject({
    code: 'home-invalid',
    detail: expect.stringContaining(name) as unknown,
  });
});

test('the certificate of the gateway is renewed in its last third, and not before', async () => {
  const home = await make('aging');
  const at = (days: number) => openGatewayHome(home.dir, () => Date.now() + days * dayMs);
  expect(await at(240)).toMatchObject({ tls: { cert: home.tls.cert }, isRenewed: false });
  const renewed = await at(250);
  expect(renewed.tls.cert).not.toBe(home.tls.cert);
  expect([renewed.isRenewed, (await at(250)).isRenewed]).toEqual([true, false]);
  expect(renewed.tls.key).toBe(home.tls.key);
  expect(await readFile(join(home.dir, 'tls.crt'), 'utf8')).toBe(
    renewed.tls.cert.slice(0, -renewed.authority.certificatePem.length),
  );
});

test('a certificate that a clock ahead has made is renewed at the next start with the right one', async () => {
  const home = await make('ahead');
  const at = (days: number, options?: { renews: boolean }) =>
    openGatewayHome(home.dir, () => Date.now() + days * dayMs, options);
  const early = await at(300);
  expect((await at(0, { renews: false })).tls.cert).toBe(early.tls.cert);
  const { tls } = await at(0);
  expect(new X509Certificate(tls.cert).validFromDate.getTime()).toBeLessThan(Date.now());
  expect((await at(0)).tls.cert).toBe(tls.cert);
});

test('the certificate of the gateway follows the list of hosts', async () => {
  const home = await make('moving');
  const path = join(home.dir, 'gateway.yaml');
  await writeFile(path, (await readFile(path, 'utf8')).replace('"localhost"', '"gateway.example"'));
  const moved = await openGatewayHome(home.dir, Date.now);
  expect(new X509Certificate(moved.tls.cert).checkHost('gateway.example')).toBe('gateway.example');
});

const witnessPem = generateKeyPairSync('ed25519').privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string;
const committee = formatVerifierKey(cosigner('w.example', witnessPem).verifierKey);

test.each([
  ['hosts: [a]\nprot: 1', '`prot` is not a key that this file may have', 2],
  ['hosts: [a]\nport: 99999', 'gateway.yaml (line 2) `port` must be at most 65535', 2],
  ['hosts: [a]\nport: "8443"', '`port` must be a number', 2],
  ['port: 1\nhosts: []', '`hosts` must not be empty', 2],
  ['hosts:\n  - ok\n  - "not ok"', '`hosts.1` must be a host name or an IP address', 3],
  ['hosts: [a]\nquotas:\n  sessionsPerAgency: 0', '`quotas.sessionsPerAgency` must be at least 1', 3],
  ['hosts: [a]\nquotas:\n  agencyBytes: 7', '`agencyBytes` is not a key that `quotas` may have', 3],
  [
    `hosts: [a]\nlog:\n  witnesses: [{ url: "https://w.example", key: "${committee}", ca: witness-ca.pem }]`,
    "`log.witnesses.0.ca` must be a certificate in PEM: put the certificate's text here, not a file's name",
    3,
  ],
  [
    'hosts: [a]\nlog:\n  witnesses: [{ url: here }]',
    '`log.witnesses.0.url` must be an address such as',
    undefined,
  ],
  [
    'hosts: [a]\nlog:\n  witnesses: [{ url: "https://w.example", key: "w.example+0a06d035+AVML" }]',
    'verifier key',
    3,
  ],
  ['hosts: [a', 'YAML', 1],
  ['hosts: [a]\nport: 1\nport: 2', '`port` is given twice', 3],
  ['', '`hosts` is missing', 1],
])('settings that are wrong are refused with file and line: %j', (source, words, line) => {
  let error: unknown;
  try {
    readSettings(source, 'gateway.yaml');
  } catch (caught) {
    error = caught;
  }
  expect(error).toMatchObject({
    code: 'configuration-invalid',
    detail: expect.stringContaining(words) as unknown,
  });
  if (line !== undefined) expect(error).toMatchObject({ problems: [{ line }] });
});
