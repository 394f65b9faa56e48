import { expect, test } from 'vitest';
import type { DirectoryEntry, DirectoryResponse } from '../../../protocol/wire/directory.ts';
import { ChangingDirectory } from './changing-directory.ts';
import { concern, nextEvent } from './exchange.ts';
import { gatewayForEachTest } from './gateway-for-each-test.ts';
import { alice, bob, until, type ScriptedGateway } from './scripted-gateway.ts';

let gateway: ScriptedGateway;
let directory: ChangingDirectory;

gatewayForEachTest((opened) => {
  gateway = opened;
  directory = new ChangingDirectory(gateway);
});

const newcomer = 'north/night' as DirectoryEntry['endpoint'];

test('a client asks for what has changed since the version it holds, and keeps the rest with its proofs', async () => {
  const client = await gateway.client(alice);
  await client.send(concern('x', bob));
  await directory.change(client, { ...directory.entryOf(bob), endpoint: newcomer, agency: 'north' });
  await directory.change(client, {
    ...directory.entryOf(newcomer),
    status: 'revoked',
    revokedAt: new Date().toISOString(),
  });
  expect(directory.asked).toEqual([undefined, 1, 2]);
  expect(client.directory.version).toBe(3);
  const list = new Map(client.directory.list().map((one) => [one.endpoint, one]));
  expect([...list.keys()].sort()).toEqual([alice, newcomer, bob].sort());
  expect(list.get(newcomer)).toMatchObject({ trust: 'revoked' });
  expect(list.get(bob)).toMatchObject({ trust: 'trusted', leaf: expect.any(Number) as number });
  await client.send(concern('still', bob));
  await until(() => client.directory.list().every(({ leaf }) => leaf !== undefined));
  await expect(client.send(concern('x', newcomer))).rejects.toMatchObject({ code: 'recipient-revoked' });
});

test('a client has two connections at most for all its requests, besides its session', async () => {
  const client = await gateway.client(alice);
  await client.datasets.refresh();
  await until(() => client.directory.list().every(({ leaf }) => leaf !== undefined));
  expect(gateway.connections).toBeLessThanOrEqual(3);
});

test('a client that was away asks from the version it knew, and a new one for the whole', async () => {
  const client = await gateway.client(alice);
  await directory.change(client, { ...directory.entryOf(bob), roles: ['duty', 'night'] });
  await client.close();
  directory.put({ ...directory.entryOf(bob), roles: ['duty'] });
  gateway.welcome = { directoryVersion: directory.version };
  const again = await gateway.client(alice);
  expect(directory.asked).toEqual([undefined, 1, 2]);
  expect(again.directory.list().find(({ endpoint }) => endpoint === bob)?.roles).toEqual(['duty']);
});

test.each<[string, (answer: DirectoryResponse) => DirectoryResponse]>([
  ['keeps back', (answer) => ({ ...answer, entries: [], leaves: [] })],
  [
    'changes',
    (answer) => ({ ...answer, entries: answer.entries.map((entry) => ({ ...entry, roles: ['committee'] })) }),
  ],
  [
    'places elsewhere',
    (answer) => ({ ...answer, leaves: answer.leaves.map((leaf) => ({ ...leaf, index: leaf.index + 1 })) }),
  ],
  ['answers to another version', (answer) => ({ ...answer, since: 0 })],
])('where a gateway %s what has changed, the client reads the whole', async (_, spoil) => {
  const client = await gateway.client(alice);
  const honest = gateway.directory;
  gateway.directory = (since) => (since === undefined ? honest() : spoil(honest(since)));
  await directory.change(client, { ...directory.entryOf(bob), roles: ['night'] });
  expect(directory.asked).toEqual([undefined, 1, undefined]);
  expect(client.directory.list().find(({ endpoint }) => endpoint === bob)).toMatchObject({
    roles: ['night'],
  });
});

test('a directory of the same version that is another, as after a restored backup, is read whole', async () => {
  const client = await gateway.client(alice);
  // The client has seen a version 2 that the gateway has lost; there is another one now.
  await directory.change(client, { ...directory.entryOf(bob), roles: ['lost'] });
  gateway.entries[1] = { ...directory.entryOf(bob), roles: ['duty'] };
  directory.changedAt.delete(bob);
  await directory.change(client, { ...directory.entryOf(alice), roles: ['night'] });
  expect(directory.asked).toEqual([undefined, 1, 2, undefined]);
  expect(client.directory.list().map(({ roles }) => roles)).toEqual([['night'], ['duty']]);
});

test('a gateway that knows no such question gives the whole, and is understood', async () => {
  gateway.directory = (since) => {
    directory.asked.push(since);
    return directory.whole();
  };
  const client = await gateway.client(alice);
  await directory.change(client, { ...directory.entryOf(bob), roles: ['night'] });
  expect(directory.asked).toEqual([undefined, 1]);
  expect(client.directory.list().find(({ endpoint }) => endpoint === bob)?.roles).toEqual(['night']);
});

test('a gateway that gives a part where the whole was asked for is not believed', async () => {
  const client = await gateway.client(alice);
  gateway.directory = () => ({
    ...directory.changes(0),
    digest: 'A'.repeat(43) as DirectoryResponse['digest'],
  });
  const problem = nextEvent(client, 'problem');
  (await gateway.session(alice)).control({ type: 'directory-changed', version: 2 });
  expect((await problem).code).toBe('gateway-unreachable');
  expect(client.directory.version).toBe(1);
});
