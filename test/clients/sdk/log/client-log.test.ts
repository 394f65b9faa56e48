import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { verdictOf } from '../../../../clients/audit/finding.ts';
import { verifyPath } from '../../../../clients/audit/verify.ts';
import type { Client } from '../../../../clients/sdk/client.ts';
import { homeFiles } from '../../../../clients/sdk/home.ts';
import type { LogFault } from '../../../../clients/sdk/log/log-table.ts';
import { trustWitnesses } from '../../../../clients/sdk/log/witness-trust.ts';
import { stateFileName } from '../../../../clients/sdk/state-database.ts';
import { cosigner, noteSigner } from '../../../../protocol/proof/note-signer.ts';
import { formatVerifierKey } from '../../../../protocol/proof/verifier-key.ts';
import { directoryEntryDigest } from '../../../../protocol/wire/directory-entry-digest.ts';
import { limits } from '../../../../protocol/limits.ts';
import type { DirectoryEntry } from '../../../../protocol/wire/directory.ts';
import type { Unit } from '../../../../protocol/wire/frame.ts';
import type { Digest } from '../../../../protocol/ids.ts';
import { concern, nextEvent, take } from '../exchange.ts';
import { gatewayForEachTest } from '../gateway-for-each-test.ts';
import { alice, answerToPing, bob, until, type ScriptedGateway } from '../scripted-gateway.ts';
import { newKey, ScriptedLog, scriptedOrigin } from '../scripted-log.ts';

let gateway: ScriptedGateway;
const follow = { everyMs: 3_600_000, patienceMs: 0, graceMs: 0 };
/** Without the looks that nobody asks for. */
const onlyAsked = { follow: { ...follow, everyMs: Infinity } };

gatewayForEachTest((opened) => (gateway = opened));

function staleAfter15Minutes(clock: { readonly ms: number }) {
  return { follow: { ...follow, staleMs: 900_000 }, now: () => clock.ms };
}

/** A client that has looked at the log, while the entry of another endpoint has changed since. */
async function clientWithOneToProve(): Promise<Client> {
  const client = await gateway.client(alice, { follow });
  await client.log.check();
  const place = gateway.entries.findIndex(({ endpoint }) => endpoint === bob);
  gateway.entries[place] = { ...gateway.entries[place]!, roles: ['other'] };
  return client;
}

async function readEvidence(file: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
}

/** What `causeway audit verify` says of a file of evidence. */
async function verdictOn(file: string): Promise<string> {
  const keyFile = `${file}.vkey`;
  await writeFile(keyFile, String((await readEvidence(file)).key));
  return verdictOf(await verifyPath(file, { keyFile }));
}

test('the log is followed as it grows, and what is right raises nothing', async () => {
  const client = await gateway.client(alice, { follow: { ...follow, bundlesPerSecond: 8 } });
  await client.send(concern('one', bob));
  gateway.log.fill(600);
  await client.log.check();
  gateway.log.fill(3_000);
  await client.log.check();
  expect(client.log.status()).toMatchObject({ checkpoint: { size: gateway.log.leaves.length } });
  expect(client.log.status().followed).toBe(gateway.log.leaves.length);
  expect(client.log.faults()).toEqual([]);
  expect(client.log.changes()).toMatchObject([{ kind: 'endpoint.enrolled', foreign: false }]);
});

test.each(['larger', 'of the same size'])(
  'a forked log that is %s is proven, and stops sending',
  async (how) => {
    const client = await gateway.client(alice, { follow: { ...follow, staleMs: 0 } });
    gateway.log.fill(300);
    await client.log.check();
    client.log.isBeyond(400);
    const seen = gateway.log.checkpoint();
    const other = gateway.log.branch(280);
    other.fill(how === 'larger' ? 40 : 0);
    while (other.leaves.length < gateway.log.leaves.length) other.append({ kind: 'policy.other' });
    gateway.log = other;
    const fault = nextEvent(client, 'logFault');
    await expect(client.log.check()).rejects.toMatchObject({ code: 'log-halted' });
    const { kind, evidence } = await fault;
    expect(kind).toBe('fork');
    expect(await readEvidence(evidence)).toMatchObject({ seen, shown: other.checkpoint() });
    expect(await verdictOn(evidence)).toMatch(/^This evidence proves that the log was forked: /);
    await expect(client.send(concern('x', bob))).rejects.toMatchObject({ code: 'log-halted' });
    const before = client.log.faults().length;
    await client.log.resume({ adopt: true });
    await client.log.check();
    await client.whenConnected();
    await client.send(concern('x', bob));
    // What the other log had to hold is not missed in this one.
    await client.log.check();
    expect(client.log.faults()).toHaveLength(before);
  },
);

test('a log that is set back stops sending, over a restart too, until a person says to go on', async () => {
  const client = await gateway.client(alice, { follow });
  gateway.log.fill(10);
  await client.log.check();
  const full = gateway.log;
  gateway.log = full.branch(5);
  await expect(client.log.check()).rejects.toMatchObject({ code: 'log-halted' });
  expect(client.log.status().halt).toMatchObject({ kind: 'rollback' });
  expect(await verdictOn(client.log.status().halt!.evidence)).toMatch(
    /^This evidence says that the log was rolled back: /,
  );
  await client.close();
  const again = await gateway.client(alice, { follow });
  await expect(again.send(concern('x', bob))).rejects.toMatchObject({ code: 'log-halted' });
  gateway.log = full;
  await again.log.resume({ adopt: false });
  await again.log.check();
  await again.whenConnected();
  await again.send(concern('x', bob));
});

/** A home that has verified ten leaves more than it began with, and has a notice in its outbox. */
async function homeWithOneToSend(): Promise<void> {
  const client = await gateway.client(alice, { follow });
  gateway.log.fill(10);
  await client.log.check();
  const accept = gateway.onSubmit;
  gateway.onSubmit = () => undefined;
  await client.enqueue(concern('waits', bob));
  await client.close();
  gateway.onSubmit = accept;
}

test.each(['smaller', 'another one of the same size'])(
  'where the first word of a gateway is a checkpoint that is %s, nothing is sent',
  async (how) => {
    await homeWithOneToSend();
    gateway.log = gateway.log.branch(gateway.log.leaves.length - 5);
    if (how !== 'smaller')
      for (let count = 0; count < 5; count++) gateway.log.append({ kind: 'policy.other' });
    gateway.welcome = { checkpoint: gateway.log.checkpoint() };
    const client = await gateway.client(alice, { follow });
    await expect(client.send(concern('x', bob))).rejects.toMatchObject({ code: 'log-halted' });
    const session = await gateway.session(alice);
    await answerToPing(session);
    expect(session.units).toEqual([]);
    expect(client.status().waiting).toBe(1);
  },
);

test.each(['behind another one', 'without its log'])(
  'a gateway that is merely %s is sent what waits, and nothing is raised',
  async (how) => {
    await homeWithOneToSend();
    const older = gateway.log.checkpoint(gateway.log.leaves.length - 5);
    gateway.welcome = { checkpoint: older };
    if (how === 'without its log') gateway.log.serve = () => undefined;
    const client = await gateway.client(alice, { follow });
    await client.send(concern('x', bob));
    expect(client.status().waiting).toBe(0);
    expect(client.log.faults()).toEqual([]);
  },
);

test('a notice that is given a place verified before has the log looked at before the next one', async () => {
  const client = await gateway.client(alice, { follow });
  gateway.log.fill(10);
  await client.log.check();
  gateway.log = gateway.log.branch(gateway.log.leaves.length - 5);
  await client.send(concern('first', bob));
  await expect(client.send(concern('second', bob))).rejects.toMatchObject({ code: 'log-halted' });
  expect(client.log.status().halt).toMatchObject({ kind: 'rollback' });
});

test('after an answer that contradicts the log each session looks before it sends, until a look has verified it', async () => {
  const first = await gateway.client(alice, onlyAsked);
  gateway.log.fill(10);
  await first.log.check();
  const truth = gateway.log;
  gateway.log = truth.branch(truth.leaves.length - 5);
  gateway.log.serve = () => undefined;
  await first.send(concern('first', bob));
  await first.close();
  gateway.log.accept = (unit) => truth.accept(unit);
  const asked: string[] = [];
  gateway.onRequest = (path) => {
    asked.push(path);
    return path === '/checkpoint' && gateway.log !== truth ? 'cut' : true;
  };
  const looks = async (): Promise<number> => {
    const client = await gateway.client(alice, onlyAsked);
    await client.send(concern('x', bob));
    await client.close();
    return asked.splice(0).filter((path) => path === '/checkpoint').length;
  };
  expect(await looks()).toBe(1);
  gateway.log = truth;
  expect([await looks(), await looks()]).toEqual([1, 0]);
});

/** From now on each acceptance names a leaf that was verified before, though the log is in order. */
function acceptAtTheBeginning(): void {
  const accept = gateway.log.accept.bind(gateway.log);
  const detail = JSON.stringify({ record: 0, listening: [], away: [] });
  gateway.log.accept = (unit) => ({ ...accept(unit), detail });
}

/** How often the checkpoint is asked for from now on. */
function countLooks(): () => number {
  let looks = 0;
  gateway.onRequest = (path) => {
    if (path === '/checkpoint') looks++;
    return true;
  };
  return () => looks;
}

test('what waits in the outbox when an answer contradicts the log goes out once the log was looked at', async () => {
  gateway.welcome = { limits: { ...limits, maxUnanswered: 1 } };
  acceptAtTheBeginning();
  const client = await gateway.client(alice, onlyAsked);
  await client.log.check();
  const looks = countLooks();
  const accept = gateway.onSubmit;
  const seen: [number, boolean][] = [];
  gateway.onSubmit = (session, units) => {
    seen.push([looks(), client.log.doubt !== undefined]);
    accept(session, units);
  };
  const ids = [client.enqueue(concern('one', bob)), client.enqueue(concern('two', bob))];
  for (const id of ids) await client.accepted(await id);
  expect(seen).toEqual([
    [0, false],
    [1, false],
  ]);
});

test('where the log is in order, a place that cannot be keeps no notice for longer than a look, however often it is given', async () => {
  const client = await gateway.client(alice, onlyAsked);
  acceptAtTheBeginning();
  const looks = countLooks();
  for (const text of ['one', 'two', 'three']) await client.send(concern(text, bob));
  await client.log.doubt;
  expect(looks()).toBe(3);
  expect(client.log.faults()).toEqual([]);
});

test('a client that halted sends again when a person has decided by another program of the home', async () => {
  const service = await gateway.client(alice, { follow });
  gateway.log.fill(10);
  await service.log.check();
  const full = gateway.log;
  gateway.log = full.branch(5);
  await expect(service.log.check()).rejects.toMatchObject({ code: 'log-halted' });
  gateway.log = full;
  const command = await gateway.client(alice, { follow });
  await command.log.resume({ adopt: false });
  await command.close();
  const { id } = await service.send(concern('x', bob));
  expect(service.message(id)).toMatchObject({ state: 'accepted' });
});

test('a checkpoint of another key is raised and not believed', async () => {
  const client = await gateway.client(alice, { follow });
  await client.log.check();
  const stranger = new ScriptedLog(noteSigner(scriptedOrigin, newKey()));
  stranger.leaves.push(...gateway.log.leaves);
  stranger.fill(3);
  const before = client.log.status().checkpoint?.size;
  gateway.log = stranger;
  const fault = nextEvent(client, 'logFault');
  await client.log.check();
  expect(await fault).toMatchObject({ kind: 'checkpoint' });
  expect(client.log.status().checkpoint?.size).toBe(before);
});

test('a key whose entry differs from its leaf, or has none, is not used', async () => {
  const client = await gateway.client(alice, { follow });
  await client.send(concern('good', bob));
  const truth = gateway.directory;
  gateway.directory = () => {
    const good = truth();
    return { ...good, entries: good.entries.map((entry) => ({ ...entry, roles: ['other'] })) };
  };
  await client.directory.refresh();
  await expect(client.send(concern('x', bob))).rejects.toMatchObject({ code: 'key-unproven' });
  gateway.directory = () => {
    const good = truth();
    const forged = good.entries.map((entry) => ({ ...entry, roles: ['forged'] }));
    const leaves = good.leaves.map(({ index, leaf }, place) => ({
      index,
      leaf: leaf.replace(/"entry":"[^"]+"/, `"entry":"${directoryEntryDigest(forged[place]!)}"`),
    }));
    return { ...good, entries: forged, leaves };
  };
  await client.directory.refresh();
  await expect(client.send(concern('x', bob))).rejects.toMatchObject({ code: 'key-unproven' });
  expect(client.log.faults().map(({ kind }) => kind)).toContain('entry');
  gateway.directory = truth;
  await client.directory.refresh();
  await client.send(concern('good again', bob));
});

test('a key that another client of the home has found in the log is used at once', async () => {
  const first = await gateway.client(alice, { follow });
  const second = await gateway.client(alice, { follow });
  await first.log.check();
  await second.send(concern('x', bob));
});

test('a notice that is sent while a look at the log fails waits for a look of its own', async () => {
  const client = await clientWithOneToProve();
  const sending = Promise.withResolvers<unknown>();
  gateway.onRequest = (path) => {
    if (!path.startsWith('/tile/')) return true;
    gateway.onRequest = () => true;
    sending.resolve(client.send(concern('x', bob)));
    return 'cut';
  };
  await client.directory.refresh();
  await sending.promise;
  expect(client.log.faults()).toEqual([]);
});

test('a notice waits for the log of a gateway that serves nothing of it yet', async () => {
  const client = await clientWithOneToProve();
  const { log } = gateway;
  let looks = 0;
  const serve = log.serve.bind(log);
  log.serve = (path) => (path === '/checkpoint' && ++looks < 3 ? undefined : serve(path));
  gateway.directory = ((truth) => () => ({ ...truth(), checkpoint: null }))(gateway.directory);
  await client.directory.refresh();
  await client.send(concern('x', bob));
  expect(looks).toBeGreaterThan(2);
});

test('an accepted message whose leaf is another one, or missing, is raised with the signed receipt', async () => {
  gateway.onSubmit = (session, units) =>
    session.receipt(
      0,
      units.map((unit, index) => ({
        ...gateway.log.accept(unit),
        detail: JSON.stringify({ record: index === 0 ? 0 : 1_000_000, listening: [], away: [] }),
      })),
    );
  const client = await gateway.client(alice, { follow });
  const { id } = await client.send(concern('lost', bob));
  await client.log.check();
  const [fault] = client.log.faults();
  expect(fault).toMatchObject({ kind: 'acceptance', subject: id });
  const evidence = await readEvidence(fault!.evidence);
  expect(typeof evidence.receipts).toBe('string');
});

test('a change of the own entry that this home did not make is told as foreign', async () => {
  const client = await gateway.client(alice, { follow });
  await client.log.check();
  const told = nextEvent(client, 'ownEntry');
  gateway.log.append({ kind: 'endpoint.renewed', endpoint: alice, entry: 'z'.repeat(43) as Digest });
  await client.log.check();
  expect(await told).toMatchObject({ kind: 'endpoint.renewed', foreign: true });
  await until(() => client.log.changes().length === 2);
});

/** What the own entry becomes, with its leaf. @returns its place in the directory */
function become(change: Partial<DirectoryEntry>, kind: string): number {
  const place = gateway.entries.findIndex(({ endpoint }) => endpoint === alice);
  const entry = { ...gateway.entries[place]!, ...change };
  gateway.entries[place] = entry;
  gateway.log.leafOf(entry, kind);
  return place;
}

test('a home whose state was lost knows by its keys the entry that it has now, and no renewal before', async () => {
  const [{ tlsThumbprint: present }] = gateway.entries as [DirectoryEntry];
  const renewals = [['x', 'w'] as const, [undefined, 'x'] as const];
  for (const [now, before] of renewals) {
    const tlsThumbprint = (now?.repeat(43) as Digest | undefined) ?? present;
    const previousTlsThumbprint = before.repeat(43) as Digest;
    become(
      { tlsThumbprint, previousTlsThumbprint, enrolledAt: '2026-01-01T00:00:00.000Z' },
      'endpoint.renewed',
    );
    become({ previousTlsThumbprint: null }, 'endpoint.renewal-completed');
  }
  const client = await gateway.client(alice, { follow });
  await client.log.check();
  expect(client.log.changes().map(({ kind, foreign }) => [kind, foreign])).toEqual([
    ['endpoint.enrolled', false],
    ['endpoint.renewed', true],
    ['endpoint.renewal-completed', true],
    ['endpoint.renewed', true],
    ['endpoint.renewal-completed', false],
  ]);
});

test.each(['before', 'after'])(
  'the end of the certificate before is no foreign change, where the directory was read %s it',
  async (order) => {
    const place = become(
      { previousTlsThumbprint: 'y'.repeat(43) as Digest, enrolledAt: '2026-01-01T00:00:00.000Z' },
      'endpoint.renewed',
    );
    const complete = () => become({ previousTlsThumbprint: null }, 'endpoint.renewal-completed');
    await asEnrolledAgain(place);
    if (order === 'after') complete();
    const client = await gateway.client(alice, { follow });
    await client.log.check();
    if (order === 'before') complete();
    await client.log.check();
    expect(client.log.changes().at(-1)).toMatchObject({ kind: 'endpoint.renewal-completed', foreign: false });
    expect(client.log.changes().filter((change) => change.foreign)).toEqual([]);
  },
);

/** As the home is where the answer to the first request was lost: it begins with the renewal that the second one made. */
async function asEnrolledAgain(place: number): Promise<void> {
  const entry = gateway.entries[place]!;
  const path = join(gateway.homeOf(alice), homeFiles.identity);
  const identity = JSON.parse(await readFile(path, 'utf8')) as { log: object };
  const log = { ...identity.log, from: gateway.log.leafOf(entry).index, entry: directoryEntryDigest(entry) };
  await writeFile(path, JSON.stringify({ ...identity, log }));
}

/** Makes an endpoint's home ask for the cosignature of this witness on every checkpoint. */
async function needWitness(name: string): Promise<ReturnType<typeof cosigner>> {
  const witness = cosigner(name, newKey());
  await trustWitnesses(gateway.homeOf(alice), [formatVerifierKey(witness.verifierKey)], 1);
  return witness;
}

test('a client that needs a witness takes no checkpoint without one, and uses no key until then', async () => {
  const witness = await needWitness('committee.test/witness');
  gateway.log.cosigners = [cosigner('committee.test/witness', newKey())];
  const client = await gateway.client(alice, { follow });
  await client.log.check();
  expect(client.log.status().checkpoint).toBeUndefined();
  expect(client.log.status().lastError).toMatchObject({ code: 'note-uncosigned' });
  await expect(client.send(concern('x', bob))).rejects.toMatchObject({
    code: 'key-unproven',
    detail: expect.stringMatching(/^It is .*newest checkpoint; 1 are needed\.$/) as unknown,
  });
  gateway.log.cosigners = [witness];
  await client.log.check();
  expect(client.log.status()).toMatchObject({ checkpoint: { witnesses: [witness.verifierKey.name] } });
  expect(client.log.status().lastError).toBeUndefined();
  const { id } = await client.send(concern('x', bob));
  expect(client.message(id)).toMatchObject({ state: 'accepted' });
  expect(client.log.faults()).toEqual([]);
});

test('what lies beyond a checkpoint that waits for its witness is not taken for missing', async () => {
  const witness = await needWitness('committee.test/witness');
  gateway.log.cosigners = [witness];
  const client = await gateway.client(alice, { follow });
  await client.log.check();
  gateway.log.cosigners = [];
  await client.send(concern('x', bob));
  await client.log.check();
  expect(client.log.faults()).toEqual([]);
  gateway.log.cosigners = [witness];
  await client.log.check();
  expect(client.log.status().checkpoint?.size).toBe(gateway.log.leaves.length);
  expect(client.log.faults()).toEqual([]);
});

test('a client that needs a witness follows what it cosigned while newer checkpoints wait', async () => {
  const witness = await needWitness('committee.test/witness');
  gateway.log.cosigners = [witness];
  const clock = { ms: Date.now() };
  const client = await gateway.client(alice, { follow, now: () => clock.ms });
  for (let round = 0; round < 3; round++) {
    gateway.log.witnessedSize = gateway.log.leaves.length;
    gateway.log.fill(300);
    await client.send(concern('x', bob));
    await client.log.check();
    expect(client.log.status()).toMatchObject({
      checkpoint: { size: gateway.log.witnessedSize, witnesses: [witness.verifierKey.name] },
      lastError: undefined,
    });
  }
  // No more comes from the witness: that is told, and the last one stays.
  gateway.log.fill(10);
  clock.ms += 120_000;
  await client.log.check();
  expect(client.log.status()).toMatchObject({
    checkpoint: { size: gateway.log.witnessedSize },
    lastError: { code: 'note-uncosigned' },
  });
  expect(client.log.faults()).toEqual([]);
});

test('a log that cannot be verified for long is raised once, a quiet one never, and each stretch anew', async () => {
  const clock = { ms: Date.now() };
  const client = await gateway.client(alice, staleAfter15Minutes(clock));
  const kinds = (): string[] => client.log.faults().map(({ kind }) => kind);
  const look = async (hours: number): Promise<void> => {
    clock.ms += hours * 3_600_000;
    await client.log.check().catch(() => undefined);
  };
  await look(0);
  for (let day = 0; day < 3; day++) await look(24);
  expect(kinds()).toEqual([]);
  const stretch = async (): Promise<void> => {
    gateway.log.lie = (path) => (path === '/checkpoint' ? 'nothing to see here' : undefined);
    for (let hour = 0; hour < 3; hour++) await look(1);
    gateway.log.lie = () => undefined;
    await look(1);
  };
  await stretch();
  expect(kinds()).toEqual(['checkpoint', 'stale']);
  await stretch();
  expect(kinds()).toEqual(['checkpoint', 'stale', 'stale']);
  const evidence = await readEvidence(client.log.faults()[1]!.evidence);
  expect(evidence).toMatchObject({ kind: 'stale', code: 'note-untrusted', seen: gateway.log.checkpoint() });
});

test('a recipient is told of a log that stands still for long though receipts were taken, and of none that is quiet', async () => {
  const clock = { ms: Date.now() };
  const sender = await gateway.client(alice, onlyAsked);
  for (const text of ['one', 'two']) await sender.send(concern(text, bob));
  const { units } = await gateway.session(alice);
  const connected = (): Promise<Client> => gateway.client(bob, staleAfter15Minutes(clock));
  const look = async (client: Client, minutes: number): Promise<number> => {
    clock.ms += minutes * 60_000;
    await client.log.check();
    return client.log.faults().filter(({ kind }) => kind === 'stale').length;
  };
  const store = async (client: Client, unit: Unit | undefined): Promise<void> => {
    (await gateway.session(bob)).deliver(unit!);
    await take(client, 1);
    await client.drain();
  };
  const first = await connected();
  await look(first, 0);
  await store(first, units[0]);
  expect(await look(first, 1)).toBe(0);
  gateway.log.fill(1);
  expect(await look(first, 20)).toBe(0);
  await store(first, units[1]);
  await first.close();
  // Whoever looks later, and has received nothing.
  const client = await connected();
  for (const minutes of [1, 14]) expect(await look(client, minutes)).toBe(0);
  expect(await look(client, 2)).toBe(1);
  const [{ detail, evidence }] = client.log.faults() as [LogFault];
  expect(detail).toContain('as it had before the gateway took a receipt');
  expect(await readEvidence(evidence)).toMatchObject({ code: 'log-frozen', seen: gateway.log.checkpoint() });
  gateway.log.fill(1);
  expect(await look(client, 1)).toBe(1);
  // A receipt that is told again is no leaf.
  const session = await gateway.session(bob);
  session.deliver(units[1]!);
  await until(() => session.receipts.length > 0);
  await client.drain();
  for (const minutes of [1, 20, 20]) expect(await look(client, minutes)).toBe(1);
});

test.each(['missing', 'silent'])(
  'a log that is %s for long is raised once, by clients that live for one look each',
  async (how) => {
    const clock = { ms: Date.now() };
    const options = staleAfter15Minutes(clock);
    const first = await gateway.client(alice, options);
    await first.log.check();
    await first.close();
    const truth = gateway.log;
    gateway.log = truth.branch();
    gateway.log.serve = () => undefined;
    /** @returns what had been raised before it */
    const look = async (minutes: number): Promise<string[]> => {
      clock.ms += minutes * 60_000;
      const asked = Promise.withResolvers<undefined>();
      gateway.onRequest = (path) => {
        if (path === '/checkpoint') asked.resolve(undefined);
        return path !== '/checkpoint' || how === 'missing';
      };
      const client = await gateway.client(alice, options);
      const kinds = client.log.faults().map(({ kind }) => kind);
      const checked = client.log.check().catch(() => undefined);
      await (how === 'missing' ? checked : asked.promise);
      clock.ms += 3_000;
      await client.close();
      return kinds;
    };
    expect(await look(0)).toEqual([]);
    expect(await look(10)).toEqual([]);
    expect(await look(6)).toEqual([]);
    expect(await look(60)).toEqual(['stale']);
    expect(await look(60)).toEqual(['stale']);
    // What is verified once ends the stretch.
    [gateway.log, gateway.onRequest] = [truth, () => true];
    const last = await gateway.client(alice, options);
    await last.log.check();
    await last.close();
    gateway.log = truth.branch();
    gateway.log.serve = () => undefined;
    await look(60);
    expect(await look(1)).toEqual(['stale']);
  },
);

/** A command that ends while its look has waited for these files of the log for 3 s. */
async function cutShort(clock: { ms: number }, silent: string): Promise<void> {
  gateway.log.fill(1);
  const asked = Promise.withResolvers<undefined>();
  gateway.onRequest = (path) => {
    if (path.startsWith(silent)) asked.resolve(undefined);
    return !path.startsWith(silent);
  };
  const command = await gateway.client(alice, staleAfter15Minutes(clock));
  void command.log.check().catch(() => undefined);
  await asked.promise;
  clock.ms += 3_000;
  await command.close();
}

/** What is noted in the home of failures that last. */
function begunStretches(): unknown[] {
  using database = new DatabaseSync(join(gateway.homeOf(alice), stateFileName), { readOnly: true });
  const begun = database.prepare("SELECT name FROM meta WHERE name GLOB 'log*Since' ORDER BY name");
  return begun.all().map(({ name }) => name);
}

test('a look that is cut short after its checkpoint was verified has found the log, and lasts only where no entry came', async () => {
  const clock = { ms: Date.now() };
  const cutShortAfter = async (minutes: number, silent: string): Promise<void> => {
    clock.ms += minutes * 60_000;
    await cutShort(clock, silent);
  };
  await cutShortAfter(0, '/checkpoint');
  expect(begunStretches()).toEqual(['logStaleSince', 'logUnfollowedSince']);
  await cutShortAfter(10, '/tile/entries');
  expect(begunStretches()).toEqual(['logUnfollowedSince']);
  await cutShortAfter(20, '/tile/entries');
  const client = await gateway.client(alice, staleAfter15Minutes(clock));
  expect(client.log.faults()).toMatchObject([{ kind: 'stale' }]);
  const truth = gateway.log;
  gateway.log = truth.branch();
  gateway.log.serve = () => undefined;
  gateway.onRequest = () => true;
  await expect(client.log.check()).rejects.toMatchObject({ code: 'not-found' });
  expect(begunStretches()).toEqual(['logAbsentSince', 'logStaleSince', 'logUnfollowedSince']);
  gateway.log = truth;
  await cutShortAfter(1, '/tile/entries');
  expect(begunStretches()).toEqual(['logUnfollowedSince']);
});

describe('a gateway that keeps the entries back', () => {
  const cutting = (...cut: string[]) => {
    gateway.onRequest = (path) => (cut.some((each) => path.startsWith(each)) ? 'cut' : true);
  };
  const told = ({ log }: Client) =>
    log.faults().map(({ kind, detail }) => [kind, detail.includes('not all')]);

  test.each([[['/tile/entries']], [['/tile/entries', '/checkpoint']]])(
    'is told of, whatever looks for a few entries see of the log meanwhile: %s',
    async (kept) => {
      const clock = { ms: Date.now() };
      const client = await gateway.client(alice, staleAfter15Minutes(clock));
      await client.log.check();
      const look = async (minutes: number): Promise<unknown> => {
        clock.ms += minutes * 60_000;
        gateway.log.fill(1);
        cutting(...kept);
        await client.log.check().catch(() => undefined);
        return told(client);
      };
      const place = gateway.entries.findIndex(({ endpoint }) => endpoint === bob);
      for (let turn = 0; turn < 2; turn++) {
        expect(await look(10 * turn)).toEqual([]);
        gateway.entries[place] = { ...gateway.entries[place]!, roles: [`other-${turn}`] };
        await client.directory.refresh();
        await client.log.proveEntries();
        expect(client.log.status().lastError).toBeUndefined();
      }
      expect(await look(10)).toEqual([['stale', true]]);
      cutting();
      await client.log.check();
      expect(await look(20)).toHaveLength(1);
    },
  );

  test('is not told of where all was read meanwhile behind an older checkpoint', async () => {
    const clock = { ms: Date.now() };
    const client = await gateway.client(alice, staleAfter15Minutes(clock));
    await client.log.check();
    const look = async (minutes: number): Promise<void> => {
      clock.ms += minutes * 60_000;
      await client.log.check().catch(() => undefined);
    };
    gateway.log.fill(1);
    cutting('/tile/entries');
    await look(0);
    cutting();
    gateway.log.lie = (path) => (path === '/checkpoint' ? 'nothing to see here' : undefined);
    await look(14);
    gateway.log.lie = () => undefined;
    gateway.log.fill(1);
    cutting('/tile/entries');
    await look(2);
    expect(told(client).map(([kind]) => kind)).toEqual(['checkpoint']);
  });
});

test('a look that was under way when an answer contradicted the log ends no doubt', async () => {
  const client = await gateway.client(alice, onlyAsked);
  let asked = 0;
  gateway.onRequest = (path) => {
    if (path !== '/checkpoint') return true;
    if (asked++ === 0) client.log.contradicted();
    return asked === 1 ? true : 'cut';
  };
  await client.log.check();
  await client.log.doubt;
  await client.close();
  const looks = countLooks();
  await (await gateway.client(alice, onlyAsked)).send(concern('x', bob));
  expect(looks()).toBe(1);
});

test('a look that is shown less than another program verified meanwhile raises nothing, and has not verified the log', async () => {
  const client = await gateway.client(alice, onlyAsked);
  await client.log.check();
  const older = gateway.log.checkpoint();
  gateway.log.fill(10);
  gateway.log.lie = (path) => {
    if (path !== '/checkpoint') return undefined;
    using database = new DatabaseSync(join(gateway.homeOf(alice), stateFileName));
    const note = gateway.log.checkpoint();
    database.prepare("UPDATE meta SET value = ? WHERE name = 'logCheckpoint'").run(note);
    gateway.log.lie = () => undefined;
    return older;
  };
  client.log.contradicted();
  await client.log.doubt;
  expect(client.log.faults()).toEqual([]);
  expect(client.log.status().lastError).toMatchObject({ code: 'note-untrusted' });
  const looks = countLooks();
  await client.close();
  await (await gateway.client(alice, onlyAsked)).send(concern('x', bob));
  expect(looks()).toBe(1);
});

test('what the gateway has told of its log with its welcome or its directory ends no doubt', async () => {
  const client = await gateway.client(alice, onlyAsked);
  await client.log.check();
  const looks = countLooks();
  client.log.welcomed(gateway.log.checkpoint());
  expect(client.log.doubt).toBeUndefined();
  client.log.contradicted();
  await client.log.proveEntries(gateway.log.checkpoint());
  await client.log.doubt;
  expect(looks()).toBe(1);
});
