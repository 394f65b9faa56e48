import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createWitnessHome, openWitnessHome } from '../../../clients/witness/witness-home.ts';
import { createAuthority } from '../../../gateway/identity/authority.ts';

it('a witness whose TLS key and certificate are in each other’s place is told so, and opens once they are not', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-witness-tls-'));
  try {
    const home = join(dir, 'witness');
    await createWitnessHome(home, { name: 'witness.example', listen: '127.0.0.1', port: 0, logs: [] });
    const { privateKeyPem, certificatePem } = await createAuthority({ name: 'own', now: Date.now() });
    await writeFile(join(home, 'tls.key'), privateKeyPem, { mode: 0o600 });
    await writeFile(join(home, 'tls.crt'), certificatePem, { mode: 0o600 });
    const path = join(home, 'witness.json');
    const settings = JSON.parse(await readFile(path, 'utf8')) as object;
    const name = (key: string, certificate: string): Promise<void> =>
      writeFile(path, JSON.stringify({ ...settings, tls: { key, certificate } }));
    await name('tls.crt', 'tls.key');
    await expect(openWitnessHome(home)).rejects.toMatchObject({
      code: 'configuration-invalid',
      detail: `The files are in each other's place: tls.crt is the certificate, and tls.key the key. They are named as \`tls\` in ${path}.`,
    });
    await name('tls.key', 'tls.crt');
    expect((await openWitnessHome(home)).tls).toEqual({ key: privateKeyPem, cert: certificatePem });
  } finally {
    await rm(dir, { recursive: true });
  }
});
