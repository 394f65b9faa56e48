import { request } from 'node:http';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startHolder, type HolderServer } from '../../../clients/linkage-holder/server.ts';
import { writeLinkageSettings, type Holder } from '../../../clients/sdk/linkage/linkage-file.ts';
import { SubjectLinkage } from '../../../clients/sdk/linkage/subject-linkage.ts';
import { decideLink } from '../../../protocol/linkage/tier.ts';
import { jsonLines } from '../../cli/run-causeway.ts';
import { runInProcess } from '../../cli/run-in-process.ts';
import { recordEntries } from './record-entries.ts';

const hub = 'police-scotland/hub';
const ward = 'nhs-lanarkshire/emergency';
const child = { given: 'Isla', family: 'Reid', birthDate: '2015-03-04', postcode: 'ML3 0AB' };
const names = ['a', 'b'] as const;
let dir: string;
const servers: HolderServer[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-rotation-'));
});

afterEach(async () => {
  await stopAll();
  await rm(dir, { recursive: true, force: true });
});

async function stopAll(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.close()));
}

/** A command of a holder's operator, with its lines of JSON. */
async function operate(...args: string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await runInProcess(['linkage-holder', ...args, '--json']);
  expect(code, stderr).toBe(0);
  return jsonLines(stdout);
}

/** Starts both holders. @returns what a client that has these tokens knows of them */
async function startBoth(tokens: readonly string[], keys: Holder['publicKeys'][]): Promise<[Holder, Holder]> {
  const holders: Holder[] = [];
  for (const [nth, name] of names.entries()) {
    const server = await startHolder({ dir: join(dir, name) });
    servers.push(server);
    holders.push({ url: server.url, token: tokens[nth]!, publicKeys: keys[nth]! });
  }
  return holders as [Holder, Holder];
}

async function linkageOf(epochs: number[], holders: [Holder, Holder]): Promise<SubjectLinkage> {
  const home = await mkdtemp(join(dir, 'home-'));
  const settings = { version: 1, mode: 'oblivious', purpose: 'child-protection' } as const;
  await writeLinkageSettings(home, { ...settings, epochs, holders });
  return new SubjectLinkage(home);
}

test('over a rotation tokens of both epochs are sent, so that old notices meet new ones until the old is retired', async () => {
  const tokens: string[] = [];
  const before: Holder['publicKeys'][] = [];
  for (const name of names) {
    const [told] = await operate('init', join(dir, name), '--client', ward);
    tokens.push(String(told!.token));
    before.push(told!.publicKeys as Holder['publicKeys']);
  }
  const [early] = await (await linkageOf([1], await startBoth(tokens, before))).tokensOf([child]);
  await stopAll();

  const both: Holder['publicKeys'][] = [];
  for (const name of names) {
    const opened = await operate('epoch', 'open', join(dir, name), '--epoch', '2');
    expect(opened.map(({ epoch }) => epoch)).toEqual([2, 1]);
    both.push(Object.fromEntries(opened.map(({ epoch, publicKey }) => [String(epoch), String(publicKey)])));
  }
  const running = await startBoth(tokens, both);
  const [during] = await (await linkageOf([2, 1], running)).tokensOf([child]);
  const [late] = await (await linkageOf([2], running)).tokensOf([child]);
  expect(during!.previous?.epoch).toBe(1);
  expect(decideLink(early!, during!).tier).toBe('same');
  expect(decideLink(during!, late!).tier).toBe('same');
  expect(decideLink(early!, late!).tier).toBe('none');
  await stopAll();

  for (const name of names) await operate('epoch', 'retire', join(dir, name), '--epoch', '1');
  const retired = await linkageOf([1], await startBoth(tokens, both));
  await expect(retired.tokensOf([child])).rejects.toMatchObject({
    code: 'linkage-holder-unavailable',
    detail: expect.stringContaining('no key for this epoch') as string,
  });
});

test('a client is added with a token of its own and removed again, each on record with who did it', async () => {
  const folder = join(dir, 'a');
  const [first] = await operate('init', folder, '--client', ward);
  const [added] = await operate('client', 'add', folder, hub);
  expect(added).toMatchObject({ type: 'linkage-client', name: hub, publicKeys: first!.publicKeys });
  expect(added!.token).not.toBe(first!.token);
  expect(await operate('client', 'list', folder)).toMatchObject([{ name: ward }, { name: hub }]);
  expect(await statusOf(folder, String(added!.token))).toBe(400);
  await operate('client', 'remove', folder, hub);
  expect(await statusOf(folder, String(added!.token))).toBe(403);
  const text = await readFile(join(folder, 'audit.ndjson'), 'utf8');
  expect(await recordEntries(folder)).toMatchObject([
    { change: 'client-added', client: hub, by: expect.any(String) as string },
    { client: hub, outcome: 'request-malformed' },
    { change: 'client-removed', client: hub },
    { outcome: 'token-invalid' },
  ]);
  expect(text).not.toContain(added!.token);
  expect((await stat(join(folder, 'holder.json'))).mode & 0o777).toBe(0o600);
});

test('a record that was taken away is missed by a change and by the next start, and by no later one', async () => {
  const folder = join(dir, 'a');
  await operate('init', folder, '--client', ward);
  const hasLost = async (): Promise<boolean> => {
    const server = await startHolder({ dir: folder });
    await server.close();
    return server.hasLostRecord;
  };
  expect([await hasLost(), await hasLost()]).toEqual([false, false]);
  await rm(join(folder, 'audit.ndjson'));
  const refused = await runInProcess(['linkage-holder', 'client', 'add', folder, hub]);
  expect(refused.stderr).toMatch(/audit\.ndjson, is gone/);
  expect([await hasLost(), await hasLost()]).toEqual([true, false]);
  await operate('client', 'add', folder, hub);
});

test('a folder of which a change was refused before it was ever in use has lost no record', async () => {
  const folder = join(dir, 'a');
  await operate('init', folder, '--client', ward);
  await runInProcess(['linkage-holder', 'client', 'add', folder, ward]);
  const server = await startHolder({ dir: folder });
  await server.close();
  expect(server.hasLostRecord).toBe(false);
});

test.each([
  ['a client that is known', ['client', 'add'], [ward], /is a client already/],
  ['a client without a fit name', ['client', 'add'], ['No Name'], /needs a name such as/],
  ['the only client', ['client', 'remove'], [ward], /is the only client/],
  ['a client that is not there', ['client', 'remove'], [hub], /There is no client/],
  ['an epoch that is no newer', ['epoch', 'open'], ['--epoch', '1'], /has a higher number/],
  ['the only epoch', ['epoch', 'retire'], ['--epoch', '1'], /Epoch 1 is the only one\. Open the next/],
  ['an epoch that is not there', ['epoch', 'retire'], ['--epoch', '7'], /There is no epoch 7; in use: 1\./],
])('%s is refused, and nothing is changed or recorded', async (_what, command, args, words) => {
  const folder = join(dir, 'a');
  await operate('init', folder, '--client', ward);
  const before = await readFile(join(folder, 'holder.json'), 'utf8');
  const refused = await runInProcess(['linkage-holder', ...command, folder, ...args]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(words);
  expect(await readFile(join(folder, 'holder.json'), 'utf8')).toBe(before);
  expect(await readFile(join(folder, 'audit.ndjson'), 'utf8').catch(() => '')).toBe('');
});

test('a third epoch is refused until one is retired', async () => {
  const folder = join(dir, 'a');
  await operate('init', folder, '--client', ward);
  await operate('epoch', 'open', folder, '--epoch', '2');
  const third = ['linkage-holder', 'epoch', 'open', folder, '--epoch', '3'];
  expect((await runInProcess(third)).stderr).toContain('Two epochs are in use');
  await operate('epoch', 'retire', folder, '--epoch', '1');
  expect((await runInProcess(third)).code).toBe(0);
});

test('a holder that runs keeps its folder to itself', async () => {
  const folder = join(dir, 'a');
  await operate('init', folder, '--client', ward);
  servers.push(await startHolder({ dir: folder }));
  const change = ['linkage-holder', 'client', 'add', folder, hub];
  const refused = await runInProcess(change);
  expect(refused.stderr).toContain('code   holder-in-use');
  await expect(startHolder({ dir: folder })).rejects.toMatchObject({ code: 'holder-in-use' });
  await stopAll();
  expect((await runInProcess(change)).code).toBe(0);
});

test('an address that is none is refused in words of ours', async () => {
  const folder = join(dir, 'a');
  await operate('init', folder, '--client', ward);
  const server = await startHolder({ dir: folder });
  servers.push(server);
  const { port } = new URL(server.url);
  const answer = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const asked = request({ port, path: '/%zz', host: '127.0.0.1' }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    asked.on('error', reject);
    asked.end();
  });
  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.text)).toMatchObject({ code: 'request-malformed', status: 400 });
  expect(answer.text).not.toContain('zz');
});

/** How the holder answers a request of a client that makes no sense: 400 to those it knows. */
async function statusOf(folder: string, token: string): Promise<number> {
  const server = await startHolder({ dir: folder });
  try {
    const response = await fetch(`${server.url}/v1/evaluate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: '{}',
    });
    return response.status;
  } finally {
    await server.close();
  }
}
