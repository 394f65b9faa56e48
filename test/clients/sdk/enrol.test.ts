import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import {
  access,
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enrol, renew, renewalDueAt } from '../../../clients/sdk/enrol.ts';
import { openHome } from '../../../clients/sdk/home.ts';
import { readOpenpgpIdentity } from '../../../clients/sdk/openpgp.ts';
import { createAuthority, createP256Key, openAuthority } from '../../../gateway/identity/authority.ts';
import { identifyPeer } from '../../../gateway/identity/client-certificate.ts';
import { EndpointDirectory } from '../../../gateway/identity/directory.ts';
import { enrolEndpoint, renewCertificate } from '../../../gateway/identity/enrolment.ts';
import { problemDetails } from '../../../protocol/wire/problem-details.ts';
import { CausewayError, isCausewayError } from '../../../protocol/errors.ts';
import { digestOf } from '../../../protocol/proof/merkle.ts';
import { enrolmentRequestSchema, renewalRequestSchema } from '../../../protocol/wire/enrolment.ts';
import { council, openRegistry, police, type Registry } from '../../gateway/identity/registry.ts';

type TestGateway = { readonly url: string; readonly requests: string[]; close(): Promise<void> };
type Answer = (url: string, body: string, socket: TLSSocket) => Promise<unknown>;

let registry: Registry;
let directory: EndpointDirectory;
let gateway: TestGateway;
let root: string;
let count = 0;

/** A server with a certificate of the registry's CA, unless told otherwise. Its answers are JSON. */
async function serve(
  answer: Answer,
  options: { hosts?: string[]; authority?: Registry['authority']; chain?: string } = {},
): Promise<TestGateway> {
  const { hosts = ['127.0.0.1'], authority = registry.authority } = options;
  const key = createP256Key();
  const publicKeyPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
  const { pem } = await authority.issueServerCertificate(publicKeyPem, hosts);
  const requests: string[] = [];
  const server: Server = createServer(
    {
      key,
      cert: pem + (options.chain ?? authority.certificatePem),
      ca: authority.certificatePem,
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
      void text(request)
        .then((body) => answer(request.url ?? '', body, request.socket as unknown as TLSSocket))
        .then((value) => response.end(typeof value === 'string' ? value : JSON.stringify(value)))
        .catch((error: unknown) => {
          const typed = isCausewayError(error) ? error : new CausewayError('internal-error');
          response.writeHead(typed.meaning.httpStatus).end(JSON.stringify(problemDetails(typed)));
        });
    },
  );
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The routes of a gateway, cut down to what these tests need. */
const routes: Answer = async (url, body, socket) => {
  if (url === '/v1/enrol') {
    return enrolEndpoint(enrolmentRequestSchema.parse(JSON.parse(body)), registry);
  }
  await directory.reload();
  const certificate = socket.getPeerX509Certificate();
  const entry = identifyPeer(certificate?.raw, socket.authorized, directory, Date.now());
  const renewal = renewalRequestSchema.parse(JSON.parse(body));
  const peer = { endpoint: entry.endpoint, thumbprint: digestOf(certificate!.raw) };
  return renewCertificate(peer, renewal, registry);
};

const newHome = (): string => join(root, `home-${++count}`);

async function expectNothingMade(home: string): Promise<void> {
  await expect(access(home)).rejects.toThrow();
  expect((await readdir(root)).filter((name) => name.startsWith(`.${basename(home)}.`))).toEqual([]);
}

beforeAll(async () => {
  registry = await openRegistry();
  directory = await EndpointDirectory.open(registry.store);
  root = await mkdtemp(join(tmpdir(), 'causeway-enrol-'));
  gateway = await serve(routes);
});

afterAll(async () => {
  await gateway.close();
  await registry.close();
  await rm(root, { recursive: true, force: true });
});

test('an endpoint enrols with a token, and its home holds what the directory says', async () => {
  const home = newHome();
  const { entry } = await enrol({ gatewayUrl: gateway.url, token: await registry.issueToken(council), home });
  const opened = await openHome(home);
  expect(opened).toMatchObject({
    endpoint: council,
    gatewayUrl: gateway.url,
    authorityPem: registry.authority.certificatePem,
    receiptKey: registry.receiptKey,
  });
  const openpgp = await readOpenpgpIdentity(opened.openpgpPrivateKey);
  expect(entry).toMatchObject({
    openpgpFingerprint: openpgp.fingerprint,
    encryptionKey: openpgp.encryptionKey,
  });
  await directory.reload();
  expect(directory.get(council)).toEqual(entry);
});

test('nothing private is in what the endpoint sends', async () => {
  let sent = '';
  const listener = await serve((_url, body) => {
    sent = body;
    return Promise.reject(new CausewayError('token-expired'));
  });
  const home = newHome();
  await expect(
    enrol({ gatewayUrl: listener.url, token: await registry.issueToken(council), home }),
  ).rejects.toMatchObject({ code: 'token-expired' });
  await listener.close();
  expect(sent).not.toContain('PRIVATE');
  expect(Object.keys(JSON.parse(sent) as object).sort()).toEqual([
    'certificateRequest',
    'endpoint',
    'openpgpCertificate',
    'secret',
    'signingKey',
    'signingKeyProof',
  ]);
  await expectNothingMade(home);
});

test('an impostor with another CA gets no request, and so no secret', async () => {
  const authority = openAuthority(await createAuthority({ name: 'Test CA', now: Date.now() }), Date.now);
  // The second one shows the real CA behind its own certificate.
  for (const chain of [authority.certificatePem, registry.authority.certificatePem]) {
    const impostor = await serve(routes, { authority, chain });
    const home = newHome();
    await expect(
      enrol({ gatewayUrl: impostor.url, token: await registry.issueToken(council), home }),
    ).rejects.toMatchObject({ code: 'gateway-untrusted' });
    await impostor.close();
    expect(impostor.requests).toEqual([]);
    await expectNothingMade(home);
  }
});

test('a certificate for another host gets no request, and no keys are kept for it', async () => {
  const elsewhere = await serve(routes, { hosts: ['gateway.example'] });
  const home = newHome();
  await expect(
    enrol({ gatewayUrl: elsewhere.url, token: await registry.issueToken(council), home }),
  ).rejects.toMatchObject({
    code: 'gateway-untrusted',
    detail: 'Its certificate is for another host name.',
  });
  await elsewhere.close();
  expect(elsewhere.requests).toEqual([]);
  await expectNothingMade(home);
});

test('keys that an earlier enrolment may have registered outlive a certificate for another host', async () => {
  const [lossy, home] = [await forgetful(), newHome()];
  const token = await registry.issueToken(council);
  await expect(enrol({ gatewayUrl: lossy.url, token, home })).rejects.toMatchObject({
    code: 'gateway-unreachable',
  });
  const elsewhere = await serve(routes, { hosts: ['gateway.example'] });
  await expect(enrol({ gatewayUrl: elsewhere.url, token, home })).rejects.toMatchObject({
    code: 'gateway-untrusted',
    detail: expect.stringContaining('may be registered all the same') as unknown,
  });
  await elsewhere.close();
  expect((await enrol({ gatewayUrl: lossy.url, token, home })).entry.endpoint).toBe(council);
  await lossy.close();
});

test('an existing home is found before the token is spent', async () => {
  const home = newHome();
  const token = await registry.issueToken(police);
  await enrol({ gatewayUrl: gateway.url, token, home });
  const next = await registry.issueToken(police);
  const before = gateway.requests.length;
  await expect(enrol({ gatewayUrl: gateway.url, token: next, home })).rejects.toMatchObject({
    code: 'home-exists',
  });
  expect(gateway.requests).toHaveLength(before);
});

test('what the gateway refuses arrives with its code', async () => {
  const token = await registry.issueToken(council);
  await enrol({ gatewayUrl: gateway.url, token, home: newHome() });
  const home = newHome();
  await expect(enrol({ gatewayUrl: gateway.url, token, home })).rejects.toMatchObject({ code: 'token-used' });
  await expectNothingMade(home);
});

test('a token that was cut is refused without a contact', async () => {
  const token = (await registry.issueToken(council)).slice(0, -5);
  await expect(enrol({ gatewayUrl: gateway.url, token, home: newHome() })).rejects.toMatchObject({
    code: 'token-invalid',
  });
});

test('a home that cannot be written costs no token', async () => {
  const token = await registry.issueToken(council);
  const before = gateway.requests.length;
  for (const home of ['/dev/null/home', '/dev/null/deep/home', '/proc/home']) {
    await expect(enrol({ gatewayUrl: gateway.url, token, home })).rejects.toMatchObject({
      code: 'file-unavailable',
      detail: expect.stringContaining(`No home can be made in ${home}: `) as unknown,
    });
  }
  expect(gateway.requests).toHaveLength(before);
  expect((await enrol({ gatewayUrl: gateway.url, token, home: newHome() })).entry.endpoint).toBe(council);
});

test('a gateway that registers other keys than those sent is not believed', async () => {
  const liar = await serve(async (_url, body) => {
    const response = await enrolEndpoint(enrolmentRequestSchema.parse(JSON.parse(body)), registry);
    const other = await registry.prepare(police);
    return { ...response, entry: { ...response.entry, encryptionKey: other.keys.openpgp.encryptionKey } };
  });
  const home = newHome();
  await expect(
    enrol({ gatewayUrl: liar.url, token: await registry.issueToken(council), home }),
  ).rejects.toMatchObject({ code: 'gateway-untrusted' });
  await liar.close();
  await expect(access(home)).rejects.toThrow();
});

/** A gateway that enrols, and whose first answer does not arrive. */
function forgetful(): Promise<TestGateway> {
  let isFirst = true;
  return serve(async (url, body, socket) => {
    const answer = await routes(url, body, socket);
    if (isFirst) socket.destroy();
    isFirst = false;
    return answer;
  });
}

test('an enrolment whose answer is lost says where the keys are, and the next one with the token takes them up', async () => {
  const [lossy, home] = [await forgetful(), newHome()];
  const asked = { gatewayUrl: lossy.url, token: await registry.issueToken(council), home };
  const kept = join(root, `.${basename(home)}.council.social-work.enrolment-keys`);
  await expect(enrol(asked)).rejects.toMatchObject({
    code: 'gateway-unreachable',
    detail: expect.stringContaining(kept) as unknown,
  });
  expect((await stat(kept)).mode & 0o777).toBe(0o700);
  for (const name of await readdir(kept)) expect((await stat(join(kept, name))).mode & 0o777).toBe(0o600);
  await directory.reload();
  const registered = directory.get(council)!;
  const { entry } = await enrol(asked);
  await lossy.close();
  expect(entry).toMatchObject({
    openpgpFingerprint: registered.openpgpFingerprint,
    signingKey: registered.signingKey,
  });
  await renew({ ...(await openHome(home)), gatewayUrl: gateway.url });
  await expect(access(kept)).rejects.toThrow();
});

test('kept keys outlive a token that has ended, and are enrolled with another one', async () => {
  const [lossy, home] = [await forgetful(), newHome()];
  const token = await registry.issueToken(council, [], 60_000);
  const asked = { gatewayUrl: lossy.url, token, home };
  await expect(enrol(asked)).rejects.toMatchObject({ code: 'gateway-unreachable' });
  await directory.reload();
  const { signingKey } = directory.get(council)!;
  registry.clock.offsetMs = 61_000;
  await expect(enrol(asked)).rejects.toMatchObject({ code: 'token-expired' });
  registry.clock.offsetMs = 0;
  const { entry } = await enrol({ ...asked, token: await registry.issueToken(council) });
  await lossy.close();
  expect(entry.signingKey).toBe(signingKey);
});

test('while one enrolment makes a home, another into it is told so and spends no token', async () => {
  const home = newHome();
  const [asked, answered] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  const slow = await serve(async (url, body, socket) => {
    asked.resolve(undefined);
    await answered.promise;
    return routes(url, body, socket);
  });
  const token = await registry.issueToken(council);
  const first = enrol({ gatewayUrl: slow.url, token, home });
  await asked.promise;
  const other = await registry.issueToken(police);
  for (const second of [token, other]) {
    await expect(enrol({ gatewayUrl: slow.url, token: second, home })).rejects.toMatchObject({
      code: 'home-in-use',
      detail: `It is ${home}.`,
    });
  }
  answered.resolve(undefined);
  expect((await first).entry.endpoint).toBe(council);
  await slow.close();
  expect((await readdir(root)).filter((name) => name.startsWith(`.${basename(home)}.`))).toEqual([]);
  const elsewhere = await enrol({ gatewayUrl: gateway.url, token: other, home: newHome() });
  expect(elsewhere.entry.endpoint).toBe(police);
});

test('a lock that a killed enrolment has left holds nobody up', async () => {
  const home = newHome();
  await writeFile(join(root, `.${basename(home)}.enrolling`), '');
  await enrol({ gatewayUrl: gateway.url, token: await registry.issueToken(council), home });
});

test.each([
  ['missing', (path: string) => rm(path)],
  ['cut', (path: string) => truncate(path, 80)],
  ['readable for others', (path: string) => chmod(path, 0o644)],
])('kept keys of which one is %s are named with what to do, and doing it helps', async (_fault, spoil) => {
  for (const name of ['tls.pem', 'openpgp.key', 'signing.key']) {
    const [lossy, home] = [await forgetful(), `${newHome()} of ours`];
    const asked = { gatewayUrl: lossy.url, token: await registry.issueToken(council), home };
    const kept = join(root, `.${basename(home)}.council.social-work.enrolment-keys`);
    await expect(enrol(asked)).rejects.toMatchObject({ code: 'gateway-unreachable' });
    await spoil(join(kept, name));
    await expect(enrol(asked)).rejects.toMatchObject({
      code: 'home-invalid',
      detail: expect.stringMatching(
        `^The keys that an earlier enrolment has left in ${kept} cannot be used\\. .+ enrol again, with a new token .+: rm -r '${kept}'$`,
      ) as unknown,
    });
    await rm(kept, { recursive: true });
    await expect(enrol(asked)).rejects.toMatchObject({ code: 'token-used' });
    await enrol({ ...asked, token: await registry.issueToken(council) });
    await lossy.close();
    await openHome(home);
  }
});

test.each(['tls.pem', 'openpgp.key', 'signing.key'])(
  'a kept %s in whose place the key of another endpoint was put is told as that, and put back is enrolled with the same token',
  async (name) => {
    const foreign = newHome();
    await enrol({ gatewayUrl: gateway.url, token: await registry.issueToken(police), home: foreign });
    const [lossy, home] = [await forgetful(), newHome()];
    const asked = { gatewayUrl: lossy.url, token: await registry.issueToken(council), home };
    const kept = join(root, `.${basename(home)}.council.social-work.enrolment-keys`);
    await expect(enrol(asked)).rejects.toMatchObject({ code: 'gateway-unreachable' });
    await rename(join(kept, name), join(root, 'own'));
    await copyFile(join(foreign, name), join(kept, name));
    const requests = lossy.requests.length;
    await expect(enrol(asked)).rejects.toMatchObject({
      code: 'home-invalid',
      detail: expect.stringContaining(
        `${name} there is not the key that it has made. Put that one back.`,
      ) as unknown,
    });
    expect(lossy.requests.slice(requests)).not.toContain('POST /v1/enrol');
    await rename(join(root, 'own'), join(kept, name));
    await enrol(asked);
    await lossy.close();
    expect((await readdir(home)).sort()).toEqual((await readdir(foreign)).sort());
    expect(await readdir(home)).not.toContain('made');
  },
);

test('kept keys are not taken up where what tells of their making cannot be read, and are where there is nothing that does', async () => {
  const [lossy, home] = [await forgetful(), newHome()];
  const asked = { gatewayUrl: lossy.url, token: await registry.issueToken(council), home };
  const note = join(root, `.${basename(home)}.council.social-work.enrolment-keys`, 'made');
  await expect(enrol(asked)).rejects.toMatchObject({ code: 'gateway-unreachable' });
  await rm(note);
  await mkdir(note);
  const requests = lossy.requests.length;
  await expect(enrol(asked)).rejects.toMatchObject({
    code: 'home-invalid',
    detail: expect.stringContaining(
      `${note}, which says which keys it has made, cannot be read: it is a folder.`,
    ) as unknown,
  });
  expect(lossy.requests.slice(requests)).not.toContain('POST /v1/enrol');
  await rm(note, { recursive: true });
  await enrol(asked);
  await lossy.close();
});

test('an empty folder that was to become the home is there as before when the gateway refuses', async () => {
  const home = newHome();
  await mkdir(home);
  await chmod(home, 0o750);
  const refusing = await serve(() => Promise.reject(new CausewayError('token-expired')));
  const asked = { gatewayUrl: refusing.url, token: await registry.issueToken(council), home };
  await expect(enrol(asked)).rejects.toMatchObject({ code: 'token-expired' });
  await refusing.close();
  expect(await readdir(home)).toEqual([]);
  expect((await stat(home)).mode & 0o777).toBe(0o750);
});

test.each([
  ['no JSON', 'hello'],
  ['another form', '{"hello":1}'],
  ['too much', `"${'x'.repeat(2 * 1024 * 1024)}"`],
])('an answer that is %s is refused', async (_name, answer) => {
  const odd = await serve(() => Promise.resolve(answer));
  await expect(
    enrol({ gatewayUrl: odd.url, token: await registry.issueToken(council), home: newHome() }),
  ).rejects.toMatchObject({ code: 'gateway-unreachable' });
  await odd.close();
});

test('nobody there, or something that is not TLS, is unreachable', async () => {
  const token = await registry.issueToken(council);
  const plain = createTcpServer((socket: Socket) => {
    socket.on('error', () => undefined).resume();
    socket.end('hello\n');
  });
  plain.listen(0, '127.0.0.1');
  await once(plain, 'listening');
  const gatewayUrl = `https://127.0.0.1:${(plain.address() as AddressInfo).port}`;
  await expect(enrol({ gatewayUrl, token, home: newHome() })).rejects.toMatchObject({
    code: 'gateway-unreachable',
  });
  plain.close();
  await once(plain, 'close');
  await expect(enrol({ gatewayUrl, token, home: newHome() })).rejects.toMatchObject({
    code: 'gateway-unreachable',
  });
});

test('an enrolment that is called off says so and leaves nothing', async () => {
  const token = await registry.issueToken(council);
  for (const signal of [AbortSignal.abort(), AbortSignal.timeout(100)]) {
    const mute = createTcpServer((socket) => socket.on('error', () => undefined));
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const gatewayUrl = `https://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    const home = newHome();
    await expect(enrol({ gatewayUrl, token, home, signal })).rejects.toMatchObject({ code: 'aborted' });
    mute.close();
    await expectNothingMade(home);
  }
});

test('an address that is not https is refused', async () => {
  const token = await registry.issueToken(council);
  for (const gatewayUrl of ['http://127.0.0.1', 'nonsense', 'https://name:word@127.0.0.1']) {
    await expect(enrol({ gatewayUrl, token, home: newHome() })).rejects.toMatchObject({
      code: 'configuration-invalid',
    });
  }
});

test('renewal gives a new key and certificate; once they are used the old ones are no longer taken', async () => {
  const { home } = await enrol({
    gatewayUrl: gateway.url,
    token: await registry.issueToken(council),
    home: newHome(),
  });
  const renewed = await renew(home);
  expect(renewed.tlsKeyPem).not.toBe(home.tlsKeyPem);
  expect(await openHome(home.dir)).toEqual(renewed);
  await renew(renewed);
  await expect(renew(home)).rejects.toMatchObject({ code: 'certificate-unknown' });
});

test('renewal is due at two thirds of a certificate’s time', async () => {
  const { home } = await enrol({
    gatewayUrl: gateway.url,
    token: await registry.issueToken(council),
    home: newHome(),
  });
  const days = (renewalDueAt(home.tlsCertificatePem) - Date.now()) / (24 * 3600_000);
  expect(days).toBeGreaterThan(59.9);
  expect(days).toBeLessThan(60.1);
});
