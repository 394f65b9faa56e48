import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthority, createP256Key } from '../../../gateway/identity/authority.ts';
import { identifyPeer } from '../../../gateway/identity/client-certificate.ts';
import { EndpointDirectory } from '../../../gateway/identity/directory.ts';
import { renewCertificate } from '../../../gateway/identity/enrolment.ts';
import { revokeEndpoint } from '../../../gateway/identity/revocation.ts';
import { createTlsKey } from '../../../clients/sdk/keys.ts';
import { isCausewayError } from '../../../protocol/errors.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { createPublicKey } from 'node:crypto';
import {
  clientAuthentication,
  makeCertificate,
  serverAuthentication,
  type OddCertificate,
} from './odd-certificates.ts';
import { council, openRegistry, police, type Registry } from './registry.ts';

let registry: Registry;
let directory: EndpointDirectory;
let server: Server;
let identify: () => number;

/** What the gateway makes of a client: the endpoint's address, or the code of the refusal. */
async function knock(client: { key?: string; cert?: string } = {}): Promise<string> {
  const answer = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const { port } = server.address() as AddressInfo;
  const ca = registry.authority.certificatePem;
  const socket = connect({ host: '127.0.0.1', port, ca, minVersion: 'TLSv1.3', ...client });
  socket.on('error', () => undefined);
  try {
    const [peer] = await answer;
    return identifyPeer(peer.getPeerX509Certificate()?.raw, peer.authorized, directory, identify()).endpoint;
  } catch (error) {
    if (isCausewayError(error)) return error.code;
    throw error;
  } finally {
    socket.destroy();
  }
}

const uri = (value: string): NonNullable<OddCertificate['names']> => [{ type: 'url', value }];

beforeAll(async () => {
  registry = await openRegistry();
  identify = registry.now;
  const key = createP256Key();
  const publicKeyPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
  const { pem } = await registry.authority.issueServerCertificate(publicKeyPem, ['127.0.0.1']);
  server = createServer({
    key,
    cert: pem,
    ca: registry.authority.certificatePem,
    minVersion: 'TLSv1.3',
    requestCert: true,
    rejectUnauthorized: false,
  });
  server.on('secureConnection', (socket: TLSSocket) => socket.on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  directory = await EndpointDirectory.open(registry.store);
});

afterAll(async () => {
  server.close();
  await registry.close();
});

test('the certificate of an enrolled endpoint names that endpoint', async () => {
  const { keys, response } = await registry.enrolNew(council);
  await directory.reload();
  expect(await knock({ key: keys.tlsKeyPem, cert: response.certificate })).toBe(council);
});

test('no certificate is refused', async () => {
  expect(await knock()).toBe('certificate-required');
});

test('a certificate of another CA is refused, even one of the same name', async () => {
  const { privateKeyPem, certificatePem } = await createAuthority({ name: 'Test CA', now: Date.now() });
  const odd = await makeCertificate(
    { privateKeyPem, certificatePem },
    { names: uri('urn:causeway:council:social-work') },
  );
  expect(await knock(odd)).toBe('certificate-invalid');
});

test.each<[string, OddCertificate]>([
  [
    'expired',
    { names: uri('urn:causeway:council:social-work'), notBefore: new Date(0), notAfter: new Date(1e12) },
  ],
  [
    'not valid yet',
    {
      names: uri('urn:causeway:council:social-work'),
      notBefore: new Date(Date.now() + 1e7),
      notAfter: new Date(Date.now() + 2e7),
    },
  ],
  ['for servers', { names: uri('urn:causeway:council:social-work'), usages: [serverAuthentication] }],
  [
    'for servers too',
    { names: uri('urn:causeway:council:social-work'), usages: [clientAuthentication, serverAuthentication] },
  ],
  ['for anything', { names: uri('urn:causeway:council:social-work'), usages: [] }],
  ['a CA', { names: uri('urn:causeway:council:social-work'), ca: true }],
  ['without a name', {}],
  [
    'with two names',
    { names: [...uri('urn:causeway:council:social-work'), ...uri('urn:causeway:police:hub')] },
  ],
  ['with a DNS name', { names: [{ type: 'dns', value: 'urn:causeway:council:social-work' }] }],
  [
    'with a DNS name besides',
    { names: [...uri('urn:causeway:council:social-work'), { type: 'dns', value: 'x' }] },
  ],
  ['with a name in capitals', { names: uri('urn:causeway:Council:social-work') }],
  ['with a name that goes on', { names: uri('urn:causeway:council:social-work:more') }],
  [
    'with a name in the name',
    { names: uri('urn:causeway:council:social-work, URI:urn:causeway:police:hub') },
  ],
  ['with another URN', { names: uri('urn:other:council:social-work') }],
])('a certificate of our own CA that is %s is refused', async (_name, options) => {
  expect(await knock(await makeCertificate(registry.authorityFiles, options))).toBe('certificate-invalid');
});

test('a good certificate that is not the one on record is refused', async () => {
  const odd = await makeCertificate(registry.authorityFiles, {
    names: uri('urn:causeway:council:social-work'),
  });
  expect(await knock(odd)).toBe('certificate-unknown');
});

test('an endpoint that was never enrolled is refused', async () => {
  const odd = await makeCertificate(registry.authorityFiles, { names: uri('urn:causeway:health:nobody') });
  expect(await knock(odd)).toBe('certificate-unknown');
});

test('a certificate that its endpoint has renewed is taken beside the new one until that was shown', async () => {
  const endpoint = 'council/education' as EndpointAddress;
  const { keys, response } = await registry.enrolNew(endpoint);
  const next = createTlsKey();
  const thumbprint = response.entry.tlsThumbprint;
  const renewal = { certificateRequest: next.certificateRequestPem };
  const renewed = await renewCertificate({ endpoint, thumbprint }, renewal, registry);
  await directory.reload();
  const before = { key: keys.tlsKeyPem, cert: response.certificate };
  const after = { key: next.tlsKeyPem, cert: renewed.certificate };
  expect([await knock(before), await knock(after)]).toEqual([endpoint, endpoint]);
  const kept = directory.get(endpoint)!;
  await registry.store.replaceEntry(
    kept,
    { ...kept, previousTlsThumbprint: null },
    { kind: 'test.happened' },
  );
  await directory.reload();
  expect([await knock(before), await knock(after)]).toEqual(['certificate-unknown', endpoint]);
});

test('a revoked endpoint is refused as soon as the directory knows', async () => {
  const { keys, response } = await registry.enrolNew(police);
  await directory.reload();
  const client = { key: keys.tlsKeyPem, cert: response.certificate };
  expect(await knock(client)).toBe(police);
  await revokeEndpoint(registry.store, police, 'key-compromised', Date.now());
  await directory.reload();
  expect(await knock(client)).toBe('endpoint-revoked');
});

test('a certificate ends by the clock that is given, not only by that of TLS', async () => {
  const { keys, response } = await registry.enrolNew(council);
  await directory.reload();
  identify = () => Date.now() + 91 * 24 * 3600_000;
  const answer = await knock({ key: keys.tlsKeyPem, cert: response.certificate });
  identify = registry.now;
  expect(answer).toBe('certificate-invalid');
});

test('bytes that are no certificate never identify anybody', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
      expect(() => identifyPeer(Buffer.from(bytes), true, directory, Date.now())).toThrow(
        expect.objectContaining({ code: 'certificate-invalid' }) as Error,
      );
    }),
  );
});
