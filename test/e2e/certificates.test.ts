import { once } from 'node:events';
import { cp, readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { renew } from '../../clients/sdk/enrol.ts';
import { createAuthority, type AuthorityFiles } from '../../gateway/identity/authority.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import { endpointUri } from '../../protocol/ids.ts';
import { subprotocol } from '../../protocol/limits.ts';
import { refusalOfOldTls, versionRefused } from '../gateway/http/old-tls.ts';
import { makeCertificate } from '../gateway/identity/odd-certificates.ts';
import { Bystander } from './kit/bystander.ts';
import { openTestEndpoint, type TestEndpoint } from './kit/endpoint.ts';
import { addresses, Exchange, type Name } from './kit/exchange.ts';
import { eventually } from './kit/watch.ts';

let exchange: Exchange;
let people: Record<Name, TestEndpoint>;
let bystander: Bystander;
let authority: AuthorityFiles;
let ca: string;

beforeAll(async () => {
  exchange = await Exchange.open({ quotas: { sessionsPerEndpoint: 2 } });
  people = await exchange.enrol('police', 'north', 'night', 'south', 'health');
  bystander = await Bystander.start(exchange, people.health, people.south);
  authority = await issuingAuthority();
  ca = authority.certificatePem;
});
afterAll(async () => {
  try {
    expect(await bystander.stop()).toBeGreaterThan(0);
    await exchange.expectedRecords();
  } finally {
    await exchange.close();
  }
});

async function issuingAuthority(): Promise<AuthorityFiles> {
  const dir = exchange.home.dir;
  const privateKeyPem = await readFile(join(dir, 'ca.key'), 'utf8');
  return { privateKeyPem, certificatePem: exchange.home.authority.certificatePem };
}

/** A second copy of an endpoint's folder. */
async function copyOf(dir: string): Promise<string> {
  const copy = `${dir}-copy`;
  await cp(dir, copy, { recursive: true });
  return copy;
}

type Credentials = { readonly key: string; readonly cert: string } | undefined;
type Reply = {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: Record<string, unknown>;
};

const upgrade = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': Buffer.alloc(16, 1).toString('base64'),
  'sec-websocket-protocol': subprotocol,
};

/** One HTTPS request with this certificate; a successful upgrade is status 101. */
async function ask(path: string, tls: Credentials, headers: Record<string, string> = {}): Promise<Reply> {
  const { port } = new URL(exchange.url);
  return await new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path,
      headers,
      ca: exchange.home.authority.certificatePem,
      minVersion: 'TLSv1.3',
      agent: false,
      ...tls,
    });
    outgoing.on('error', reject);
    outgoing.on('upgrade', (_response, socket) => {
      socket.destroy();
      resolve({ status: 101, type: undefined, body: {} });
    });
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type']?.split(';')[0],
          body,
        });
      });
    });
    outgoing.end();
  });
}

const own = ({ home }: TestEndpoint): Credentials => ({ key: home.tlsKeyPem, cert: home.tlsCertificatePem });
const named = (endpoint: TestEndpoint) => [{ type: 'url' as const, value: endpointUri(endpoint.address) }];

async function expectRefusal(tls: Credentials, status: number, code: ErrorCode, headers = {}): Promise<void> {
  for (const [path, extra] of [
    ['/v1/socket', upgrade],
    ['/v1/directory', {}],
    ['/v1/datasets', {}],
  ] as const) {
    const reply = await ask(path, tls, { ...extra, ...headers });
    expect(reply).toMatchObject({ status, type: 'application/problem+json', body: { code, status } });
    expect(reply.body).toMatchObject({ type: `urn:causeway:error:${code}` });
  }
  exchange.expectRecord({ kind: 'request.refused', code });
}

describe('a peer at the upgrade and at the directory', () => {
  it('with its certificate is let in', async () => {
    expect(await ask('/v1/socket', own(people.police), upgrade)).toMatchObject({ status: 101 });
    const { status, body } = await ask('/v1/directory', own(people.police));
    expect(status).toBe(200);
    // Five endpoints and the correlator.
    expect((body.entries as unknown[]).length).toBe(6);
  });

  it('that speaks no TLS newer than 1.2 is turned away in the handshake', async () =>
    expect(await refusalOfOldTls(exchange.url)).toBe(versionRefused));

  it('without a certificate is refused with 401', () =>
    expectRefusal(undefined, 401, 'certificate-required'));

  it('with headers that claim an identity is refused all the same', () =>
    expectRefusal(undefined, 401, 'certificate-required', {
      'x-forwarded-client-cert': `URI=${endpointUri(people.police.address)}`,
      'x-forwarded-for': '127.0.0.1',
      'x-ssl-client-verify': 'SUCCESS',
      'x-client-cert': encodeURIComponent(people.police.home.tlsCertificatePem),
      forwarded: 'for=127.0.0.1;proto=https',
    }));

  it('with headers that claim another identity is known by its certificate alone', async () => {
    const session = await exchange.connect(people.police);
    expect((await session.welcomed()).endpoint).toBe(addresses.police);
    await session.leave();
  });

  it('with an expired certificate is refused with 401', async () => {
    const dates = { notBefore: new Date(Date.now() - 7_200_000), notAfter: new Date(Date.now() - 60_000) };
    const expired = await makeCertificate(authority, { names: named(people.police), ...dates });
    await expectRefusal(expired, 401, 'certificate-invalid');
  });

  it('with a certificate of another CA is refused with 401', async () => {
    const other = await createAuthority({ name: 'Causeway sandbox', now: Date.now() });
    const foreign = await makeCertificate(other, { names: named(people.police) });
    await expectRefusal(foreign, 401, 'certificate-invalid');
  });

  it('with the gateway’s own certificate, or one for two names, is refused with 401', async () => {
    const { key, cert } = exchange.home.tls;
    await expectRefusal({ key, cert }, 401, 'certificate-invalid');
    const two = await makeCertificate(authority, {
      names: [...named(people.police), ...named(people.north)],
    });
    await expectRefusal(two, 401, 'certificate-invalid');
  });

  it('with a good certificate that is not the one on record is refused with 403', async () => {
    const unknown = await makeCertificate(authority, { names: named(people.police) });
    await expectRefusal(unknown, 403, 'certificate-unknown');
  });

  it('with the certificate before a renewal is let in until it has shown the new one, and then refused with 403', async () => {
    const before = own(people.night);
    // The answer to the first renewal is lost: the endpoint renews again, over the same certificate.
    await renew({ ...people.night.home, dir: await copyOf(people.night.home.dir) });
    const renewed = await openTestEndpoint((await renew(people.night.home)).dir);
    expect(await ask('/v1/directory', before)).toMatchObject({ status: 200 });
    expect(await ask('/v1/directory', own(renewed))).toMatchObject({ status: 200 });
    await exchange.recorded({ kind: 'endpoint.renewal-completed', endpoint: addresses.night });
    await eventually('the end of the old certificate', async () =>
      (await ask('/v1/directory', before)).status === 403 ? true : undefined,
    );
    await expectRefusal(before, 403, 'certificate-unknown');
  });

  it('with a session open is told to come again once its certificate was replaced: whoever has the old key is out', async () => {
    const night = await openTestEndpoint(people.night.home.dir);
    const session = await exchange.connect(night);
    const renewed = await openTestEndpoint((await renew(night.home)).dir);
    expect(session.isOpen).toBe(true);
    const next = await exchange.connect(renewed);
    expect(await session.closed()).toEqual({ code: 4401, error: 'session-expired' });
    exchange.expectRecord({ kind: 'session.error', code: 'session-expired', endpoint: addresses.night });
    await next.leave();
  });

  it('without the subprotocol, or without an upgrade, is told which is required', async () => {
    const { 'sec-websocket-protocol': _, ...without } = upgrade;
    for (const headers of [without, { ...without, 'sec-websocket-protocol': 'causeway.v0' }]) {
      const reply = await ask('/v1/socket', own(people.police), headers);
      expect(reply).toMatchObject({ status: 426, body: { code: 'protocol-unsupported' } });
    }
    const plain = await ask('/v1/socket', own(people.police), { 'sec-websocket-protocol': subprotocol });
    expect(plain).toMatchObject({ status: 426, body: { code: 'protocol-unsupported' } });
  });

  it('from a page in a browser is refused, whatever certificate the browser lends it', async () => {
    const reply = await ask('/v1/socket', own(people.police), { ...upgrade, origin: 'https://page.example' });
    expect(reply).toMatchObject({ status: 403, body: { code: 'origin-forbidden' } });
  });

  it('with too many sessions is refused with 429, until one of them ends', async () => {
    const [first, second] = [await exchange.connect(people.police), await exchange.connect(people.police)];
    const reply = await ask('/v1/socket', own(people.police), upgrade);
    expect(reply).toMatchObject({ status: 429, body: { code: 'too-many-sessions' } });
    exchange.expectRecord({ kind: 'request.refused', code: 'too-many-sessions' });
    await first.leave();
    const third = await exchange.connect(people.police);
    await Promise.all([second.leave(), third.leave()]);
  });
});

describe('a client that does not answer the close frame', () => {
  it('keeps its place among the sessions of its endpoint for seconds only', async () => {
    const deaf = [await exchange.connect(people.police), await exchange.connect(people.police)];
    for (const session of deaf) {
      session.pause();
      session.send(Buffer.alloc(0));
    }
    await eventually('a free place', async () => {
      const { status } = await ask('/v1/socket', own(people.police), upgrade);
      return status === 101 ? true : undefined;
    });
    for (const session of deaf) session.terminate();
  });
});

describe('connections that carry no session', () => {
  const opened: TLSSocket[] = [];
  afterEach(() => {
    for (const socket of opened.splice(0)) socket.destroy();
  });

  /** So many connections with this certificate, each with a request answered, and still open. */
  async function keep(count: number, tls: Credentials): Promise<TLSSocket[]> {
    const some: TLSSocket[] = [];
    for (let n = 0; n < count; n++) {
      const socket = connect({ host: '127.0.0.1', port: Number(new URL(exchange.url).port), ca, ...tls });
      some.push(socket);
      opened.push(socket);
      socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await once(socket, 'data');
      socket.resume();
    }
    return some;
  }

  it('are 16 of one endpoint, and as many more as it may have sessions: one more ends the oldest idle one', async () => {
    const session = await exchange.connect(people.police);
    const foreign = await keep(1, own(people.south));
    const kept = await keep(18, own(people.police));
    const ended = once(kept[0]!, 'close');
    kept.push(...(await keep(1, own(people.police))));
    await ended;
    expect([...foreign, ...kept].filter(({ closed }) => closed)).toHaveLength(1);
    expect(session.isOpen).toBe(true);
    exchange.expectRecord({ kind: 'request.refused', code: 'rate-limited', count: 1 });
    await session.leave();
  });

  it('count as those of strangers where the certificate is not the one on record', async () => {
    const unknown = await makeCertificate(authority, { names: named(people.police) });
    const kept = [...(await keep(18, own(people.police))), ...(await keep(4, unknown))];
    expect(kept.filter(({ closed }) => closed)).toEqual([]);
  });
});

describe('revocation', () => {
  it('closes a live socket within 5 s, tells the others, and keeps the endpoint out', async () => {
    const live = await exchange.connect(people.north, { credit: 10 });
    const other = await exchange.connect(people.police);
    const { directoryVersion } = await other.welcomed();
    await exchange.revoke(people.north);
    expect(await live.closed(5_000)).toEqual({ code: 4403, error: 'endpoint-revoked' });
    expect((await other.next('directory-changed')).version).toBeGreaterThan(directoryVersion);
    await expectRefusal(own(people.north), 403, 'endpoint-revoked');
    exchange.expectRecord({ kind: 'session.error', code: 'endpoint-revoked', endpoint: addresses.north });
    await other.leave();
  });
});
