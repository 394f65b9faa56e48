import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AuditFile } from '../../../clients/linkage-holder/audit-file.ts';
import { createHolderFolder } from '../../../clients/linkage-holder/holder-folder.ts';
import { startHolder, type HolderServer } from '../../../clients/linkage-holder/server.ts';
import type { Holder } from '../../../clients/sdk/linkage/linkage-file.ts';
import { ObliviousTokens } from '../../../clients/sdk/linkage/oblivious-tokens.ts';
import { tokenInputs } from '../../../clients/sdk/linkage/readings.ts';
import { createAuthority, createP256Key, openAuthority } from '../../../gateway/identity/authority.ts';
import { isCausewayError } from '../../../protocol/errors.ts';
import { decideTier } from '../../../protocol/linkage/tier.ts';
import { refusalOfOldTls, versionRefused } from '../../gateway/http/old-tls.ts';
import { recordEntries } from './record-entries.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const child = { given: 'Isla', family: 'Reid', birthDate: '2015-03-04', postcode: 'ML3 0AB' };
const perHour = 200;
let dir: string;
const servers: HolderServer[] = [];
const holders: Holder[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-holder-'));
  for (const name of ['one', 'two']) {
    const folder = join(dir, name);
    const clients = ['police/hub', 'health/emergency'];
    const [invitation] = await createHolderFolder(folder, {
      epochs: [5],
      clients,
      evaluationsPerHour: perHour,
    });
    const server = await startHolder({ dir: folder });
    servers.push(server);
    holders.push({ url: server.url, token: invitation!.token, publicKeys: invitation!.publicKeys });
  }
});

afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await rm(dir, { recursive: true, force: true });
});

const tokensWith = (list: readonly Holder[]): ObliviousTokens =>
  new ObliviousTokens({ epoch: 5, purpose: 'child-protection', holders: [list[0]!, list[1]!] });

test('the library gives test vector A.1.2.1 of RFC 9497', () => {
  const { voprf } = ristretto255_oprf;
  const keys = voprf.deriveKeyPair(new Uint8Array(32).fill(0xa3), hex('74657374206b6579'));
  expect(Buffer.from(keys.secretKey).toString('hex')).toBe(
    'e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909',
  );
  const blinded = hex('863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945');
  const { evaluated } = voprf.blindEvaluate(keys.secretKey, keys.publicKey, blinded);
  expect(Buffer.from(evaluated).toString('hex')).toBe(
    'aa8fa048764d5623868679402ff6108d2521884fa138cd7f9c7669a9a014267e',
  );
  const output = voprf.finalize(
    hex('00'),
    hex('64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706'),
    evaluated,
    blinded,
    keys.publicKey,
    hex(
      'ddef93772692e535d1a53903db24367355cc2cc78de93b3be5a8ffcc6985dd066d4346421d17bf5117a2a1ff0fcb2a759f58a539dfbe857a40bce4cf49ec600d',
    ),
  );
  expect(Buffer.from(output).toString('hex')).toBe(
    'b58cfbe118e0cb94d79b5fd6a6dafb98764dff49c14e1770b566e42402da1a7da4d8527693914139caee5bd03903af43a491351d23b430948dd50cde10d32b3c',
  );
});

test('two clients get the same tokens from the two holders, ask once for each, and neither holder alone suffices', async () => {
  const inputs = tokenInputs(child);
  const maker = tokensWith(holders);
  const first = await maker.tokensOf(inputs);
  const before = await auditOf('one');
  expect(await maker.tokensOf(inputs)).toEqual(first);
  expect(await auditOf('one')).toEqual(before);
  const again = await tokensWith(holders).tokensOf(inputs);
  expect(again).toEqual(first);
  expect(decideTier(first, again).tier).toBe('same');
  const alone = await tokensWith([holders[0]!, holders[0]!]).tokensOf(inputs.slice(0, 1));
  expect(Object.values(alone.tokens)[0]).not.toEqual(Object.values(first.tokens)[0]?.slice(0, 1));
});

test('agencies that list the two holders in another order make the same tokens', async () => {
  const inputs = tokenInputs(child).slice(0, 2);
  const turned = await tokensWith([holders[1]!, holders[0]!]).tokensOf(inputs);
  expect(turned).toEqual(await tokensWith(holders).tokensOf(inputs));
});

test('the people of a notice are asked for together, and what they share once', async () => {
  const before = (await auditOf('one')).length;
  const [one, other] = [child, { ...child, given: 'Callum' }].map((person) =>
    tokenInputs(person).slice(0, 4),
  );
  const sets = await tokensWith(holders).tokensOfAll([one!, other!, one!]);
  expect((await auditOf('one')).length).toBe(before + 1);
  expect(sets[0]).toEqual(sets[2]);
  expect(sets[1]).toEqual(await tokensWith(holders).tokensOf(other!));
});

test('every evaluation is on record, in a chain that shows a changed line, and no record holds a name', async () => {
  const text = await readFile(join(dir, 'one', 'audit.ndjson'), 'utf8');
  const entries = await auditOf('one');
  expect(entries.length).toBeGreaterThan(0);
  expect(entries[0]).toMatchObject({ client: 'police/hub', epoch: 5, outcome: 'evaluated' });
  expect(text.toLowerCase()).not.toContain('isla');
  const changed = await mkdtemp(join(dir, 'changed-'));
  await writeFile(join(changed, 'audit.ndjson'), text.replace('police/hub', 'police/hux'));
  await expect(recordEntries(changed)).rejects.toThrow(/broken at line/);
  expect((await stat(join(dir, 'one', 'holder.json'))).mode & 0o777).toBe(0o600);
});

test('a holder that uses another key is found out by its proof', async () => {
  const foreign = { ...holders[0]!, publicKeys: holders[1]!.publicKeys };
  const failed = await tokensWith([foreign, holders[1]!])
    .tokensOf(tokenInputs(child).slice(0, 1))
    .catch((error: unknown) => error);
  expect(isCausewayError(failed, 'linkage-holder-unavailable')).toBe(true);
  expect(failed).toMatchObject({ detail: expect.stringContaining(`${foreign.url}: its proof`) as string });
});

test.each([
  ['does not know the endpoint', { token: 'x'.repeat(43) }, 'does not know the token'],
  ['cannot be reached', { url: 'http://127.0.0.1:1' }, 'cannot be reached'],
  ['has no key for the epoch', { publicKeys: {} }, 'no public key of it is known for epoch 5'],
])('an error names the holder that %s', async (_what, changes, words) => {
  const odd = { ...holders[1]!, ...changes };
  const failed = await tokensWith([holders[0]!, odd])
    .tokensOf(tokenInputs(child).slice(0, 1))
    .catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 'linkage-holder-unavailable' });
  expect(failed).toMatchObject({ detail: expect.stringMatching(`${odd.url}: .*${words}`) as string });
});

test('a holder that does not answer is waited for as long as whoever asks has time', async () => {
  const silent = createServer((socket) => socket.resume());
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  const { port } = silent.address() as AddressInfo;
  try {
    const url = `http://127.0.0.1:${port}`;
    const asking = tokensWith(holders.map((holder) => ({ ...holder, url })));
    await expect(
      asking.tokensOfAll([tokenInputs(child).slice(0, 1)], AbortSignal.timeout(50)),
    ).rejects.toMatchObject({
      code: 'linkage-holder-unavailable',
      detail: `The holder at ${url}: it has not answered in time.`,
    });
  } finally {
    silent.close();
  }
});

test('a holder speaks TLS 1.3 alone, and an error names the one whose certificate is not trusted, and why', async () => {
  const authority = openAuthority(await createAuthority({ name: 'Holders', now: Date.now() }), Date.now);
  const key = createP256Key();
  const publicKeyPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
  const { pem } = await authority.issueServerCertificate(publicKeyPem, ['localhost']);
  const folder = join(dir, 'over-tls');
  const [invitation] = await createHolderFolder(folder, {
    epochs: [5],
    clients: ['police/hub'],
    evaluationsPerHour: perHour,
  });
  const server = await startHolder({ dir: folder, tls: { key, cert: pem } });
  servers.push(server);
  const { port } = new URL(server.url);
  const askAt = async (host: string, ca?: string): Promise<unknown> => {
    const { token, publicKeys } = invitation!;
    const holder = { url: `https://${host}:${port}`, token, publicKeys, ...(ca && { authority: ca }) };
    return tokensWith([holders[0]!, holder])
      .tokensOf(tokenInputs(child).slice(0, 1))
      .catch((error: unknown) => (isCausewayError(error) ? error.detail : error));
  };
  expect(await askAt('localhost')).toMatch(/its certificate comes from no CA that is trusted here/);
  expect(await askAt('127.0.0.1', authority.certificatePem)).toMatch(/certificate is for another host name/);
  expect(await askAt('localhost', authority.certificatePem)).toHaveProperty('epoch', 5);
  expect(await refusalOfOldTls(server.url)).toBe(versionRefused);
});

test.each([
  ['an unknown token', { authorization: 'Bearer nonsense' }, { epoch: 5, blinded: ['A'.repeat(43)] }, 403],
  ['an unknown epoch', {}, { epoch: 6, blinded: ['A'.repeat(43)] }, 400],
  ['no group element', {}, { epoch: 5, blinded: ['_'.repeat(42) + '8'] }, 400],
  ['another media type', { 'content-type': 'application/xml' }, {}, 400],
  ['a field too many', {}, { epoch: 5, blinded: [], name: 'x' }, 400],
])('%s is refused', async (_what, headers, body, status) => {
  const response = await fetch(`${holders[0]!.url}/v1/evaluate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${holders[0]!.token}`, ...headers },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(status);
  expect(JSON.stringify(await response.json())).not.toContain('AAAA');
});

test('whoever tries names out is stopped, on record, and stays stopped over a restart', async () => {
  const ask = async (): Promise<unknown> => {
    for (let day = 1; day <= 28; day++) {
      const birthDate = `2014-05-${String(day).padStart(2, '0')}`;
      await tokensWith(holders).tokensOf(tokenInputs({ ...child, birthDate }));
    }
    return undefined;
  };
  const stopped = await ask().catch((error: unknown) => error);
  expect(stopped).toMatchObject({ code: 'linkage-holder-unavailable' });
  expect(stopped).toMatchObject({ detail: expect.stringContaining('used up') as string });
  await Promise.all(servers.splice(0).map((server) => server.close()));
  const reopened = await startHolder({ dir: join(dir, 'one') });
  servers.push(reopened);
  holders[0] = { ...holders[0]!, url: reopened.url };
  expect(isCausewayError(await ask().catch((error: unknown) => error), 'linkage-holder-unavailable')).toBe(
    true,
  );
  expect((await auditOf('one')).at(-1)).toMatchObject({ outcome: 'rate-limited' });
});

test('asking on and on over the limit is refused each time and fills no disk', async () => {
  const folder = join(dir, 'flooded');
  const [invitation] = await createHolderFolder(folder, {
    epochs: [5],
    clients: ['police/hub'],
    evaluationsPerHour: 1,
  });
  let now = Date.parse('2026-11-29T10:00:00Z');
  const server = await startHolder({ dir: folder, now: () => now });
  servers.push(server);
  const ask = async (): Promise<number> => {
    const response = await fetch(`${server.url}/v1/evaluate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${invitation!.token}` },
      body: JSON.stringify({ epoch: 5, blinded: ['A'.repeat(43), 'A'.repeat(43)] }),
    });
    return response.status;
  };
  expect([await ask(), await ask(), await ask()]).toEqual([429, 429, 429]);
  expect(await auditOf('flooded')).toHaveLength(1);
  now += 60_000;
  expect(await ask()).toBe(429);
  expect(await auditOf('flooded')).toHaveLength(2);
});

test('a holder is not made with two clients of one name', async () => {
  const folder = join(dir, 'doubled');
  const clients = ['police/hub', 'health/ward', 'police/hub'];
  await expect(
    createHolderFolder(folder, { epochs: [5], clients, evaluationsPerHour: 10 }),
  ).rejects.toMatchObject({ detail: 'The client police/hub is named twice.' });
  await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('who is unknown and what is malformed goes on record, once a minute of each kind', async () => {
  const folder = join(dir, 'tried');
  const [invitation] = await createHolderFolder(folder, {
    epochs: [5],
    clients: ['police/hub'],
    evaluationsPerHour: 10,
  });
  const at = '2026-11-29T10:00:00.000Z';
  let now = Date.parse(at);
  const server = await startHolder({ dir: folder, now: () => now });
  const ask = async (token: string, body: string): Promise<number> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    return (await fetch(`${server.url}/v1/evaluate`, { method: 'POST', headers, body })).status;
  };
  for (let times = 0; times < 3; times++) {
    expect(await ask(`nobody ${String(times)}`, '{}')).toBe(403);
    expect(await ask(invitation!.token, '{}')).toBe(400);
    expect(await ask(invitation!.token, 'no JSON')).toBe(400);
    expect(await ask('nobody', `"${'x'.repeat(20_000)}"`)).toBe(413);
  }
  expect(await auditOf('tried')).toMatchObject([
    { at, outcome: 'token-invalid' },
    { at, client: 'police/hub', outcome: 'request-malformed' },
    { at, outcome: 'request-too-large' },
  ]);
  now += 60_000;
  expect(await ask('nobody', '{}')).toBe(403);
  expect(await auditOf('tried')).toHaveLength(4);
  await server.close();
  servers.push(await startHolder({ dir: folder }));
});

test('a last line cut short by a crash is dropped, and the chain goes on', async () => {
  const folder = await mkdtemp(join(dir, 'torn-'));
  const entry = {
    at: '2026-11-29T10:00:00.000Z',
    client: 'police/hub',
    epoch: 5,
    evaluations: 1,
    outcome: 'evaluated',
    asked: 'A'.repeat(43),
  } as const;
  const audit = await AuditFile.open(folder);
  await audit.append(entry);
  await audit.append(entry);
  await audit.close();
  const path = join(folder, 'audit.ndjson');
  await writeFile(path, (await readFile(path, 'utf8')).slice(0, -20));
  let entries = 0;
  const reopened = await AuditFile.open(folder, () => (entries += 1));
  expect(entries).toBe(1);
  await reopened.append(entry);
  await reopened.close();
  expect(await recordEntries(folder)).toHaveLength(2);
});

test('a broken record stops the start, naming the line', async () => {
  const folder = await mkdtemp(join(dir, 'broken-'));
  await writeFile(join(folder, 'audit.ndjson'), '{}\n');
  await expect(AuditFile.open(folder)).rejects.toThrow(/line 1/);
});

test('a line that a crash cut off stops nothing: it was never answered, and the next takes its place', async () => {
  const folder = await mkdtemp(join(dir, 'torn-'));
  const path = join(folder, 'audit.ndjson');
  const entry = { at: new Date(0).toISOString(), client: 'police/hub', epoch: 5, evaluations: 1 };
  const append = async (asked: string): Promise<number> => {
    let entries = 0;
    const audit = await AuditFile.open(folder, () => (entries += 1));
    await audit.append({ ...entry, outcome: 'evaluated', asked: asked.repeat(43) });
    await audit.close();
    return entries;
  };
  expect(await append('a')).toBe(0);
  await appendFile(path, '{"at":"1970-01-01T00:00');
  expect(await append('b')).toBe(1);
  expect(await append('c')).toBe(2);
  expect(await recordEntries(folder)).toMatchObject(
    ['a', 'b', 'c'].map((asked) => ({ asked: asked.repeat(43) })),
  );
});

test('a record is read in pieces, however long it is, and goes on where it ended', async () => {
  const folder = await mkdtemp(join(dir, 'long-'));
  const path = join(folder, 'audit.ndjson');
  const entry = { at: new Date(0).toISOString(), client: 'police/hub', epoch: 5, evaluations: 1 };
  const audit = await AuditFile.open(folder);
  // More than one piece of a file; lines lie across the ends of the pieces.
  for (let nth = 0; nth < 700; nth += 1)
    await audit.append({ ...entry, outcome: 'evaluated', asked: String(nth % 10).repeat(43) });
  await audit.close();
  expect((await stat(path)).size).toBeGreaterThan(2 * 65_536);
  let entries = 0;
  const reopened = await AuditFile.open(folder, () => (entries += 1));
  expect(entries).toBe(700);
  await reopened.append({ ...entry, outcome: 'evaluated', asked: 'z'.repeat(43) });
  await reopened.close();
  expect(await recordEntries(folder)).toHaveLength(701);
});

test('a record that is longer than any text may be is read as far as its lines are ours', async () => {
  const folder = await mkdtemp(join(dir, 'huge-'));
  const path = join(folder, 'audit.ndjson');
  const audit = await AuditFile.open(folder);
  const entry = { at: new Date(0).toISOString(), client: 'police/hub', epoch: 5, evaluations: 1 };
  await audit.append({ ...entry, outcome: 'evaluated', asked: 'a'.repeat(43) });
  await audit.close();
  // A hole in the file, which takes no room on the disk.
  await truncate(path, 600 * 2 ** 20);
  await expect(AuditFile.open(folder)).rejects.toThrow(/broken at line 2/);
});

test('a record that is there and cannot be read is no empty one', async () => {
  const folder = await mkdtemp(join(dir, 'unreadable-'));
  await mkdir(join(folder, 'audit.ndjson'));
  await expect(AuditFile.open(folder)).rejects.toMatchObject({ code: 'home-invalid' });
});

async function auditOf(name: string) {
  return recordEntries(join(dir, name));
}

test.each([
  ['says nothing', ''],
  ['never ends its head', 'POST /v1/evaluate HTTP/1.1\r\nHost: x\r\n'],
  [
    'never ends its request',
    'POST /v1/evaluate HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
  ],
])('gives a stranger up who %s', async (_what, sent) => {
  const folder = join(dir, `slow-${sent.length}`);
  await createHolderFolder(folder, { epochs: [1], clients: ['police/hub'], evaluationsPerHour: perHour });
  const server = await startHolder({ dir: folder, requestTimeoutMs: 50 });
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
  socket.on('error', () => undefined).resume();
  socket.write(sent);
  await once(socket, 'close');
  await server.close();
});
