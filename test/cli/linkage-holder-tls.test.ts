import { createPrivateKey } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readTlsFiles } from '../../clients/cli/tls-files.ts';
import { createHolderFolder } from '../../clients/linkage-holder/holder-folder.ts';
import { createAuthority } from '../../gateway/identity/authority.ts';
import { runInProcess } from './run-in-process.ts';
import { startCauseway } from './run-causeway.ts';

let dir: string;
const at = (name: string): string => join(dir, name);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-holder-tls-'));
  await createHolderFolder(at('holder'), { epochs: [1], clients: ['police/hub'], evaluationsPerHour: 9 });
  const [own, other] = await Promise.all(
    ['own', 'other'].map((name) => createAuthority({ name, now: Date.now() })),
  );
  const locked = createPrivateKey(own!.privateKeyPem).export({
    ...{ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'words' },
  });
  const files = {
    'own.key': own!.privateKeyPem,
    'own.pem': own!.certificatePem,
    'chain.pem': own!.certificatePem + other!.certificatePem,
    'other.pem': other!.certificatePem,
    'locked.key': locked,
    'note.txt': 'the key is in the drawer',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(at(name), text);
});
afterAll(() => rm(dir, { recursive: true }));

it.each([
  ['own.pem', 'own.key', "The files are in each other's place: own.pem is the certificate"],
  ['own.key', 'other.pem', 'The certificate in other.pem is not for the key in own.key.'],
  ['locked.key', 'own.pem', 'The key in locked.key is protected by a passphrase'],
  ['note.txt', 'own.pem', 'note.txt holds no private key in PEM.'],
  ['own.key', 'note.txt', 'note.txt holds no certificate in PEM.'],
  ['nowhere.key', 'own.pem', 'nowhere.key cannot be read: there is no such file.'],
])(
  'a linkage holder does not start with the key %s and the certificate %s, and says why',
  async (...given) => {
    const [key, certificate, words] = given;
    const tls = ['--tls-key', at(key), '--tls-certificate', at(certificate)];
    const { code, stdout, stderr } = await runInProcess(['linkage-holder', 'run', at('holder'), ...tls]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.replaceAll(`${dir}/`, '')).toContain(`error  ${words}`);
  },
);

it('a certificate for the key is taken, alone or before those that lead to it', async () => {
  for (const name of ['own.pem', 'chain.pem'])
    expect(await readTlsFiles(at('own.key'), at(name))).toMatchObject({ key: expect.any(String) as unknown });
});

it('a linkage holder speaks HTTPS with them', async () => {
  const holder = startCauseway([
    ...['linkage-holder', 'run', at('holder'), '--port', '0'],
    ...['--tls-key', at('own.key'), '--tls-certificate', at('own.pem')],
  ]);
  expect(await holder.waitForLine((line) => line.includes('listening'))).toContain('https://127.0.0.1:');
  holder.signal('SIGINT');
  expect((await holder.ended).code).toBe(0);
});

it.each([[['linkage-holder', 'run', 'holder', '--host', '']], [['gateway', 'start', '--listen', '']]])(
  '%j does not take no address for every address',
  async (args) => {
    const { code, stderr } = await runInProcess(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining('It must be an address such as 127.0.0.1')]);
  },
);
