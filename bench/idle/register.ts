/** Puts many endpoints into a gateway's directory: each with a certificate, a signing key, and names of OpenPGP keys. */
import { createPrivateKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { openHome } from '../../clients/sdk/home.ts';
import { createCertificateRequest } from '../../clients/sdk/certificate-request.ts';
import { digestSecret } from '../../gateway/identity/enrolment-token.ts';
import type { GatewayHome } from '../../gateway/home/gateway-home.ts';
import { openSqliteStore } from '../../gateway/store/sqlite/sqlite-store.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';

/** @returns the TLS key that they share, and their certificates, PEM */
export async function registerEndpoints(
  home: GatewayHome,
  model: DirectoryEntry,
  modelHome: string,
  count: number,
): Promise<{ key: string; ca: string; certificates: string[] }> {
  const { tlsKeyPem } = await openHome(modelHome);
  const request = createCertificateRequest(createPrivateKey(tlsKeyPem));
  const store = await openSqliteStore({ file: home.store, ...home.storeKeys });
  const register = async (index: number): Promise<string> => {
    const endpoint = `${model.agency}/idle-${index}` as EndpointAddress;
    const { pem } = await home.authority.issueEndpointCertificate(request, endpoint);
    const secretDigest = digestSecret(`idle ${index}`);
    const expiresAt = Date.now() + 3_600_000;
    await store.permitEnrolment(
      { secretDigest, endpoint, roles: [], expiresAt },
      { kind: 'enrolment.permitted' },
    );
    const tlsThumbprint = digestOf(new X509Certificate(pem).raw);
    const openpgpFingerprint = randomBytes(32).toString('hex') as DirectoryEntry['openpgpFingerprint'];
    const keys = {
      openpgpFingerprint,
      encryptionKey: openpgpFingerprint,
      signingKey: generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x ?? '',
    };
    const entry = { ...model, ...keys, endpoint, tlsThumbprint };
    await store.enrol(secretDigest, entry, Date.now(), { kind: 'enrolment.completed' });
    return pem;
  };
  try {
    const certificates: string[] = [];
    for (let from = 0; from < count; from += 256) {
      const batch = Array.from({ length: Math.min(256, count - from) }, (_, index) => register(from + index));
      certificates.push(...(await Promise.all(batch)));
    }
    return { key: tlsKeyPem, ca: home.tls.ca, certificates };
  } finally {
    await store.close();
  }
}
