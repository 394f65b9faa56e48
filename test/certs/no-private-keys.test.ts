import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generateOpenpgpKey } from '../../clients/sdk/openpgp.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';

const root = join(import.meta.dirname, '../..');

/** The label of a private key, PEM or OpenPGP, with a line of key after it; a label alone is only talk. */
const privateKeyBlock =
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\s+(?:[\w-]+: .*\s+)*[A-Za-z0-9+/=]{40}/;
/** Files that hold private keys by their nature. */
const privateKeyFile = /\.(?:key|p12|pfx|jks|keystore)$|(?:^|\/)(?:id_(?:rsa|ecdsa|ed25519)|tls\.pem)$/;

/** Every file that is in the tree or about to be. */
function filesOfTree(): string[] {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return list.split('\0').filter((path) => path !== '');
}

test('no file of the tree holds a private key', () => {
  const files = filesOfTree();
  expect(files).toContain('package.json');
  const found = files.filter((path) => {
    if (privateKeyFile.test(path)) return true;
    try {
      return privateKeyBlock.test(readFileSync(join(root, path), 'latin1'));
    } catch {
      return false; // Deleted, and not committed yet.
    }
  });
  expect(found).toEqual([]);
});

test('the search finds every kind of private key', async () => {
  const { privateKeyArmored } = await generateOpenpgpKey('agency/desk' as EndpointAddress);
  const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
  const samples = [
    privateKeyArmored,
    privateKeyArmored.replace('-----\n\n', '-----\nVersion: 1\n\n'),
    ec.export({ type: 'pkcs8', format: 'pem' }) as string,
    ec.export({ type: 'sec1', format: 'pem' }) as string,
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  ];
  for (const sample of samples) expect(`text\n${sample}`).toMatch(privateKeyBlock);
});
