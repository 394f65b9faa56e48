import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHolderFolder } from '../../clients/linkage-holder/holder-folder.ts';
import { startHolder, type HolderServer } from '../../clients/linkage-holder/server.ts';
import { readLinkageSettings, type Holder } from '../../clients/sdk/linkage/linkage-file.ts';
import type { RunResult } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

let dir: string;
let home: string;
/** A public key that is nobody's of the two. */
let strange: Holder['publicKeys'];
const servers: HolderServer[] = [];
const holders: Holder[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-holders-'));
  home = join(dir, 'home');
  await mkdir(home);
  const options = { epochs: [1], clients: ['police/hub'], evaluationsPerHour: 100 };
  strange = (await createHolderFolder(join(dir, 'three'), options))[0]!.publicKeys;
  for (const name of ['one', 'two']) {
    const [invitation] = await createHolderFolder(join(dir, name), options);
    const server = await startHolder({ dir: join(dir, name) });
    servers.push(server);
    holders.push({ url: server.url, token: invitation!.token, publicKeys: invitation!.publicKeys });
  }
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await rm(dir, { recursive: true, force: true });
});

async function takeOver(list: readonly Holder[]): Promise<RunResult> {
  const file = join(dir, 'holders.json');
  const settings = { version: 1, mode: 'oblivious', purpose: 'child-protection', epochs: [1], holders: list };
  await writeFile(file, JSON.stringify(settings));
  return runInProcess(['linkage', 'holders', file, '--home', home]);
}

describe('causeway linkage holders', () => {
  it('takes over the file, and has asked both holders', async () => {
    expect(await takeOver(holders)).toMatchObject({ code: 0 });
    expect(await readLinkageSettings(home)).toMatchObject({ mode: 'oblivious' });
  });

  it('says of each field what it must be, also where two have changed places', async () => {
    const [one, two] = holders as [Holder, Holder];
    const { code, stderr } = await takeOver([one, { ...two, url: two.token, token: 'short' }]);
    expect(code).toBe(2);
    expect(stderr).toContain('/holders/1/url: must be the address of the holder, such as https://');
    expect(stderr).toContain('/holders/1/token: must be the token that the operator of the holder has given');
    const other = await runInProcess(['linkage', 'holders', join(dir, 'one', 'holder.json'), '--home', home]);
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringContaining('docs/linkage.md shows such a file'),
    ]);
    expect(other.stderr).toContain('/holders: must be a list of two holders');
  });

  it('takes over no file with the name of a certificate in place of the certificate', async () => {
    const [one, two] = holders as [Holder, Holder];
    const { code, stderr } = await takeOver([one, { ...two, authority: '/etc/ssl/ca.pem' }]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/\/authority: must be the certificate itself/)]);
  });

  it('says which holder does not give tokens, and why, before a notice depends on it', async () => {
    const [one, two] = holders as [Holder, Holder];
    const wrong: [Holder, RegExp][] = [
      [{ ...two, token: one.token }, /does not know the token of this endpoint/],
      [{ ...two, publicKeys: strange }, /its proof does not fit the public key/],
      [{ ...two, url: 'http://127.0.0.1:9' }, /it cannot be reached/],
    ];
    for (const [holder, why] of wrong) {
      const { code, stderr } = await takeOver([one, holder]);
      expect([code, stderr]).toEqual([3, expect.stringMatching(why)]);
      expect(stderr).toContain(`The holder at ${holder.url}`);
      expect(stderr).toContain('The file was taken over.');
    }
  });
});
