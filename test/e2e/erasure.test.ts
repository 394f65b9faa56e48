/** Erasing a case on a running gateway: what is gone, what stays, and the certificate of it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyPath } from '../../clients/audit/verify.ts';
import { verifyEvidence } from '../../clients/audit/verify-evidence.ts';
import { certifyErasure, eraseCase } from '../../gateway/audit/erase-case.ts';
import { mirrorLog } from '../../gateway/audit/mirror-log.ts';
import { proveMessage } from '../../gateway/audit/prove-message.ts';
import { PublishedLog } from '../../gateway/cli/published-log.ts';
import { houseCase, type Store } from '../../gateway/store/port.ts';
import { formatErasureCertificate } from '../../protocol/audit/erasure-certificate.ts';
import { formatEvidence, type Evidence } from '../../protocol/audit/evidence.ts';
import { CausewayError } from '../../protocol/errors.ts';
import { jsonLines, runCauseway } from '../cli/run-causeway.ts';
import { newId, type TestEndpoint, type TestMessage } from './kit/endpoint.ts';
import { Exchange } from './kit/exchange.ts';
import { exchangeNotice } from './kit/stored-notice.ts';

let exchange: Exchange;
let people: Record<'police' | 'north', TestEndpoint>;
let store: Store;
let log: PublishedLog;
let keyFile: string;

beforeAll(async () => {
  exchange = await Exchange.open({ isBare: true });
  people = await exchange.enrol('police', 'north');
  store = await exchange.store();
  log = new PublishedLog(exchange.home, store);
  keyFile = join(exchange.dir, 'log.vkey');
  await writeFile(keyFile, log.vkey);
});
afterAll(async () => exchange.close());

const exchangeOne = async (): Promise<TestMessage> => exchangeNotice(exchange, people.police, people.north);

const orderOf = (id: string, authority = 'Records Manager, schedule 4.2') => ({
  ...{ case: id as TestMessage['id'], authority, by: 'operator' },
});
const findingsOf = (evidence: Evidence) =>
  verifyEvidence(Buffer.from(formatEvidence(evidence)), 'evidence.json', { keys: [log.verifierKey] })
    .findings;

/** Verifies a certificate offline, and the proof at its end as other tools would, which know of no certificates. */
async function verifyCertificate(text: string): Promise<void> {
  const file = join(exchange.dir, 'erasure');
  const verify = async (content: string) => {
    await writeFile(file, content);
    return await verifyPath(file, { keyFile });
  };
  const { findings, statements } = await verify(text);
  const [, order = 'none'] = /^By order +(.*)$/m.exec(text) ?? [];
  expect([findings, statements]).toEqual([[], [expect.stringContaining(`by order of ${order};`)]]);
  expect((await verify(text.slice(text.indexOf('c2sp.org/tlog-proof@v1\n')))).findings).toEqual([]);
  const changes: (readonly [string | RegExp, string])[] = [
    [`By order   ${order}`, 'By order   somebody else'],
    [/^Case {7}./m, 'Case       f'],
    [order, 'somebody else'],
    [/"authority":"[^"]*"/, '"authority":"somebody else"'],
    [/^salt ..../m, 'salt AAAA'],
    [/^body .*\n/m, ''],
    [/^index (\d+)/m, 'index 1$1'],
    ['every other proof', 'no other proof'],
  ];
  for (const [what, by] of changes) {
    const changed = text.replace(what, by);
    expect(changed).not.toBe(text);
    expect((await verify(changed)).findings).toMatchObject([{ kind: 'edited', where: 'erasure' }]);
  }
}

describe('the erasure of a case', () => {
  it('is certified by a proof that verifies offline, and leaves every other proof as it was', async () => {
    const [erased, other] = [await exchangeOne(), await exchangeOne()];
    const before = await proveMessage(store, log, other.id);
    const certificate = await eraseCase(store, log, orderOf(erased.id));
    await verifyCertificate(formatErasureCertificate(certificate));
    const [leaf] = await store.readLeaves(certificate.leaf, 1);
    expect(leaf?.entry).toMatchObject({ kind: 'case.erased', ...orderOf(erased.id) });
    expect(findingsOf(before)).toEqual([]);
    expect(findingsOf(await proveMessage(store, log, other.id))).toEqual([]);
    const less = await proveMessage(store, log, erased.id);
    expect(findingsOf(less)).toEqual([]);
    expect(JSON.stringify(less)).not.toContain('child-protection');
    expect((await verifyPath(log.folder.dir, { keyFile })).findings).toEqual([]);
  });

  it('under load leaves the log, a copy of it, and every proof from before as they were', async () => {
    const erased = await exchangeOne();
    const others = [await exchangeOne(), await exchangeOne()];
    const before = await Promise.all(others.map(async ({ id }) => proveMessage(store, log, id)));
    const copy = join(exchange.dir, 'copy');
    const mirror = async (): Promise<void> => {
      await log.checkpointFor(await store.countLeaves());
      await mirrorLog(log.folder, copy, log.read);
    };
    await mirror();
    const sinceFile = join(exchange.dir, 'since');
    await writeFile(sinceFile, (await log.latest())!.text);
    let isOver = false;
    const load = async (): Promise<void> => {
      while (!isOver) await exchangeOne();
    };
    const loading = load();
    const certificate = await eraseCase(store, log, orderOf(erased.id));
    await mirror();
    isOver = true;
    await loading;
    await mirror();
    await verifyCertificate(formatErasureCertificate(certificate));
    for (const folder of [copy, log.folder.dir])
      expect((await verifyPath(folder, { keyFile, sinceFile })).findings).toEqual([]);
    expect(before.map(findingsOf)).toEqual([[], []]);
  });

  it('is certified later where the log was not at hand, and not done twice', async () => {
    const { id } = await exchangeOne();
    const unreadable = () => Promise.reject(new CausewayError('log-unreadable'));
    const away = { read: log.read, provingCheckpoint: unreadable };
    const leaf = await store.countLeaves();
    await expect(eraseCase(store, away, orderOf(id))).rejects.toMatchObject({ code: 'log-unreadable' });
    await expect(eraseCase(store, log, orderOf(id))).rejects.toMatchObject({ code: 'case-unknown' });
    const certificate = await certifyErasure(store, log, id, leaf);
    expect(certificate).toMatchObject({ ...orderOf(id), leaf });
    await verifyCertificate(formatErasureCertificate(certificate));
    await expect(certifyErasure(store, log, newId(), leaf)).rejects.toMatchObject({ code: 'case-unknown' });
  });

  it('is refused for what is no case, and for the gateway’s own', async () => {
    const leaves = await store.countLeaves();
    for (const id of [newId(), houseCase])
      await expect(eraseCase(store, log, orderOf(id))).rejects.toMatchObject({ code: 'case-unknown' });
    expect(await store.countLeaves()).toBe(leaves);
  });

  it('is ordered by a command, which prints the certificate and records by whose authority', async () => {
    const { id } = await exchangeOne();
    const env = { CAUSEWAY_GATEWAY: exchange.home.dir };
    const erase = (...args: string[]) => runCauseway(['audit', 'erase', ...args], { env });
    const { code, stdout, stderr } = await erase(id, '--authority', 'a court');
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(new RegExp(`Case +${id}[^]*By order +a court`));
    await verifyCertificate(stdout);
    const [again] = jsonLines((await erase(id, '--authority', 'a court', '--json')).stdout);
    expect(again).toMatchObject({ type: 'erasure', case: id, authority: 'a court' });
    expect(await erase(houseCase, '--authority', 'nobody')).toMatchObject({ code: 2, stdout: '' });
    expect(await erase(id)).toMatchObject({ code: 2, stdout: '' });
  });
});
