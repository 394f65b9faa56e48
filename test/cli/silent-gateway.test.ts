import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256 } from '../../protocol/proof/merkle.ts';
import { parseEnvelope } from '../../protocol/wire/envelope.ts';
import { Connection } from '../../clients/cli/open-client.ts';
import type { Client } from '../../clients/sdk/client.ts';
import { concern } from '../clients/sdk/exchange.ts';
import { gatewayForEachTest } from '../clients/sdk/gateway-for-each-test.ts';
import {
  acceptance,
  alice,
  bob,
  type ScriptedGateway,
  type ScriptedSession,
} from '../clients/sdk/scripted-gateway.ts';
import { jsonLines } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

let gateway: ScriptedGateway;

gatewayForEachTest((opened) => (gateway = opened));

const notice = ['--category', 'concern', '--severity', 'urgent', '--purpose', 'child-protection'];

function send(...args: string[]) {
  const words = ['send', '--to', bob, ...notice, '--basis', 'public-task', '--text', 'x', ...args, '--json'];
  return runInProcess(words, { CAUSEWAY_HOME: gateway.homeOf(alice) });
}

test('of a gateway that is connected and does not answer, send says so, and that the notice goes out by itself', async () => {
  await (await gateway.client(alice)).close();
  gateway.onSubmit = () => undefined;
  const before = performance.now();
  const { code, stderr } = await send('--timeout', '1s');
  // At its end it does not wait for long for what will not come.
  expect(performance.now() - before).toBeLessThan(5_000);
  expect(code).toBe(3);
  expect(jsonLines(stderr).at(-1)).toMatchObject({
    type: 'error',
    code: 'peer-silent',
    queued: true,
    retryable: false,
    text: expect.stringMatching(
      /is connected, but said nothing about the notice within 1 s\. .*outbox/,
    ) as string,
  });
});

test('of what takes the connection and says nothing, send says so once the span is over, and no later', async () => {
  const client = await gateway.client(alice);
  await client.log.proveEntries();
  await client.close();
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const path = join(gateway.homeOf(alice), 'identity.json');
  const other = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const identity = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...identity, gateway: other }));
  const before = performance.now();
  const { code, stderr } = await send('--timeout', '1s');
  silent.close();
  // Of the ten seconds that a connection may take otherwise.
  expect(performance.now() - before).toBeLessThan(6_000);
  expect(code).toBe(3);
  expect(jsonLines(stderr)[0]).toMatchObject({
    ...{ code: 'gateway-unreachable', queued: true },
    text: expect.stringMatching(/There was no connection within 1 s\. .*outbox/) as string,
  });
});

test('of a gateway that does not give what sending needs, send says so once the span is over, and that nothing is kept', async () => {
  const client = await gateway.client(alice);
  await client.log.proveEntries();
  await client.close();
  const document = join(gateway.homeOf(alice), 'report.json');
  await writeFile(document, '{}');
  gateway.onRequest = () => false;
  const words = ['send', '--to', bob, ...notice, '--basis', 'public-task', '--timeout', '1s', '--json'];
  const home = { CAUSEWAY_HOME: gateway.homeOf(alice) };
  const before = performance.now();
  const { code, stderr } = await runInProcess(
    [...words, '--dataset', 'concern-report', '--content', document],
    home,
  );
  // Of the twenty seconds that an answer may take otherwise.
  expect(performance.now() - before).toBeLessThan(10_000);
  expect(code).toBe(3);
  expect(jsonLines(stderr).at(-1)).toMatchObject({
    ...{ code: 'peer-silent', queued: false },
    text: expect.stringMatching(/has not given what sending needs within 1 s\./) as string,
    next: expect.stringMatching(/not in the outbox\. Send it again\.$/) as string,
  });
});

test('a document goes by the data set that is known where the gateway does not give it again', async () => {
  const dataschema = 'urn:causeway:dataset:concern-report:1.0';
  gateway.datasets.set('concern-report/1.0', { $id: dataschema, type: 'object' });
  const client = await gateway.client(alice);
  await client.log.proveEntries();
  await client.datasets.ensure(dataschema);
  await client.close();
  const document = join(gateway.homeOf(alice), 'report.json');
  await writeFile(document, '{}');
  gateway.onRequest = (path) => !path.includes('datasets');
  const words = ['send', '--to', bob, ...notice, '--basis', 'public-task', '--timeout', '3s', '--json'];
  const sent = await runInProcess([...words, '--dataset', 'concern-report', '--content', document], {
    CAUSEWAY_HOME: gateway.homeOf(alice),
  });
  expect([sent.code, sent.stderr]).toEqual([0, '']);
});

test('of a gateway that has reported why it does not answer, send gives that', async () => {
  await (await gateway.client(alice)).close();
  gateway.onSubmit = (session) =>
    session.control({ type: 'error', code: 'store-unavailable', text: 'It cannot.', closing: false });
  const { code, stderr } = await send('--timeout', '1s');
  expect(code).toBe(3);
  const [error] = jsonLines(stderr);
  expect(error).toMatchObject({ code: 'store-unavailable', queued: true });
  expect(error!.text).toMatch(/cannot write durably at present\. .* within 1 s\. .*outbox/);
});

test('of a gateway whose receipts are forged, send says so, and status does later', async () => {
  await (await gateway.client(alice)).close();
  const stranger = gateway.signerOf(bob);
  gateway.onSubmit = (session, units) => {
    session.receipt(0, units.map(acceptance), stranger);
    setTimeout(() => session.receipt(0, units.map(acceptance)), 1_500);
  };
  const sending = send('--timeout', '1s');
  const { units } = await gateway.session(alice);
  const { code, stdout, stderr } = await sending;
  expect(code).toBe(1);
  const { id } = parseEnvelope(units[0]!.envelope);
  expect(jsonLines(stdout)).toMatchObject([{ type: 'log-fault', kind: 'receipt' }]);
  const [error] = jsonLines(stderr);
  expect(error).toMatchObject({ code: 'receipt-invalid', id, queued: true });
  expect(error!.text).toMatch(/no receipt that can be believed within 1 s .*stays in the outbox/);
  const status = await runInProcess(['status', '--check'], { CAUSEWAY_HOME: gateway.homeOf(alice) });
  expect(status.code).toBe(1);
  expect(status.stdout).toMatch(
    new RegExp(
      `^receipts +receipt: The gateway gave a receipt of gateway/relay for ${id} .*Evidence: /`,
      'm',
    ),
  );
});

test('a false receipt that comes while the session is opened is told by send, once', async () => {
  const client = await gateway.client(alice);
  const { id } = await client.send(concern('one', bob));
  const [unit] = (await gateway.session(alice)).units;
  await client.close();
  const about = { message: id, envelopeDigest: sha256(unit!.envelope) };
  gateway.onSession = (session) => {
    if (session.endpoint !== alice) return;
    session.receipt(5, [{ ...about, kind: 'stored', issuer: bob, recipient: bob }], gateway.signerOf(alice));
  };
  const { code, stdout } = await send();
  expect(code).toBe(0);
  expect(jsonLines(stdout).filter(({ type }) => type === 'log-fault')).toMatchObject([
    { kind: 'receipt', detail: expect.stringContaining(`a receipt of ${bob} for ${id}`) as string },
  ]);
});

test('a notice that a revoked endpoint wrote is not said to go out by itself: its home connects no more', async () => {
  await (await gateway.client(alice)).close();
  gateway.onSubmit = (session) => {
    session.control({ type: 'error', code: 'endpoint-revoked', text: 'Revoked.', closing: true });
    session.socket.close(4000);
  };
  const { code, stderr } = await send();
  expect(code).toBe(1);
  const [error] = jsonLines(stderr);
  expect(error).toMatchObject({ code: 'endpoint-revoked', queued: false });
  expect(error!.text).toMatch(/cannot go out from this home any more\./);
  expect(error!.next).toMatch(/new enrolment/);
  // Known from the beginning, it is told before what keeps the notice from the outbox.
  gateway.onSession = (session) => gateway.onSubmit(session, []);
  gateway.welcome = { directoryVersion: 2 };
  gateway.onRequest = () => false;
  const unknown = await send('--to', 'south/nobody');
  expect(jsonLines(unknown.stderr)[0]).toMatchObject({ code: 'endpoint-revoked', queued: false });
});

test('without a connection, the directory and the log are shown with the reason, and pass for no success', async () => {
  await (await gateway.client(alice)).close();
  // No session is ready before it ends.
  gateway.welcome = { directoryVersion: 2 };
  gateway.onRequest = () => false;
  const close = (session: ScriptedSession, code: 'endpoint-revoked'): void => {
    session.control({ type: 'error', code, text: 'So it is.', closing: true });
    session.socket.close(4000);
  };
  const endings: [string, number, RegExp, (session: ScriptedSession) => void][] = [
    [
      'endpoint-revoked',
      1,
      /^Ask the operator .* new enrolment/m,
      (session) => close(session, 'endpoint-revoked'),
    ],
    ['frame-malformed', 1, /^The gateway and this program do not/m, ({ socket }) => socket.send('{')],
    [
      'error-unknown',
      3,
      /not know\. Its code is of-a-later-version\. The gateway says: Not today\./,
      ({ socket }) =>
        socket.send(
          JSON.stringify({ type: 'error', code: 'of-a-later-version', text: 'Not today.', closing: true }),
          () => socket.close(4400),
        ),
    ],
    ['gateway-unreachable', 3, /^Check the address and the network/m, ({ socket }) => socket.terminate()],
  ];
  for (const [reason, code, advice, end] of endings) {
    gateway.onSession = end;
    for (const [group, shown] of [
      ['directory', bob],
      ['log', 'verified'],
    ] as const) {
      const run = (...args: string[]) =>
        runInProcess([group, ...args], { CAUSEWAY_HOME: gateway.homeOf(alice) });
      const told = await run();
      expect(told).toMatchObject({ code, stdout: expect.stringContaining(shown) as string });
      expect(told.stderr).toMatch(advice);
      expect(told.stderr).toContain(`No connection (${reason}): `);
      expect(told.stderr.includes('cannot be reached')).toBe(reason === 'gateway-unreachable');
      const { code: again, stdout } = await run('--json');
      expect(again).toBe(code);
      expect(jsonLines(stdout)[0]).toMatchObject({ type: 'disconnected', code: reason });
    }
  }
});

test('listen says that a notice has come whose data set the gateway does not give, and why, until it does', async () => {
  const dataschema = 'urn:causeway:dataset:concern-report:1.0';
  gateway.datasets.set('concern-report/1.0', { $id: dataschema, type: 'object' });
  const sender = await gateway.client(alice);
  const { id } = await sender.send({ ...concern('', bob), dataschema, content: {} });
  const { units } = await gateway.session(alice);
  await (await gateway.client(bob)).close();
  const [schema] = gateway.datasets.values();
  gateway.datasets.clear();
  gateway.datasetRefusal = 'store-unavailable';
  gateway.onSession = (session) => session.deliver(...units);
  gateway.onRequest = (path) => {
    // The first question is refused, and answered once it is asked again.
    if (path.startsWith('/v1/datasets/'))
      setImmediate(() => gateway.datasets.set('concern-report/1.0', schema!));
    return true;
  };
  const listening = ['listen', '--count', '1', '--json'];
  const { code, stdout } = await runInProcess(listening, { CAUSEWAY_HOME: gateway.homeOf(bob) });
  expect(code).toBe(0);
  expect(jsonLines(stdout).filter(({ type }) => type !== 'own-entry')).toMatchObject([
    { type: 'connected' },
    { type: 'problem', code: 'dataset-unavailable', message: expect.stringContaining('durably') as string },
    { type: 'held', id, from: alice, severity: 'urgent', code: 'dataset-unavailable' },
    { type: 'notice', id },
  ]);
});

test('of a directory that the gateway has and that cannot be read, each command says so, with the version in use', async () => {
  const sender = await gateway.client(alice);
  await sender.send(concern('to myself', alice));
  const { units } = await gateway.session(alice);
  await sender.close();
  gateway.onSession = (session) => session.control({ type: 'directory-changed', version: 2 });
  const before = gateway.directory();
  const entries = before.entries.map((entry) => ({ ...entry, roles: ['duty\u001b[31m'] }));
  gateway.directory = () => ({ ...before, version: 2, entries });
  const run = (...args: string[]) => runInProcess(args, { CAUSEWAY_HOME: gateway.homeOf(alice) });
  const words = /directory of version 2 could not be read: .* another form\..* in use is of version 1\./;
  const list = await run('directory', 'list');
  expect(list).toMatchObject({ code: 3, stderr: expect.stringMatching(words) as string });
  expect(list.stdout).toContain(bob);
  const trust = await run('directory', 'trust', 'north/new');
  expect(trust).toMatchObject({ code: 1, stderr: expect.stringMatching(words) as string });
  expect((await run('directory', 'trust', bob)).code).toBe(3);
  const status = await run('status', '--check');
  expect(status).toMatchObject({ code: 3, stdout: expect.stringMatching(words) as string });
  const sent = await send();
  expect(jsonLines(sent.stdout)).toMatchObject([
    { type: 'directory-unread', version: 2, held: 1, code: 'gateway-unreachable' },
    { type: 'accepted' },
  ]);
  gateway.onRequest = (path) => {
    const deliver = async () => (await gateway.session(alice)).deliver(...units);
    if (path.startsWith('/v1/directory')) setTimeout(() => void deliver(), 100);
    return true;
  };
  expect((await run('listen', '--count', '1')).stderr).toMatch(words);
});

test('a gateway that is connected and has given no directory is not said to be unreachable', () => {
  const connection = new Connection();
  expect(() => connection.assertDirectory()).toThrow('cannot be reached');
  const client = {
    status: () => ({ connection: 'connected' }),
    directory: { version: undefined },
    on: () => () => undefined,
  };
  connection.follow(client as unknown as Client);
  expect(() => connection.assertDirectory()).toThrow('connected, but has not given its directory');
});
