/** The certificate by which the gateway's server is known, and the key that it is for. */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Authority } from '../identity/authority.ts';
import { usableKey } from '../identity/usable-key.ts';
import type { GatewaySettings } from './gateway-settings.ts';

/** PEM; what follows the first certificate is passed over. */
type KeyPair = { readonly keyPem: string; readonly certificatePem: string };

/** True when the gateway's certificate is unusable for its key, CA, hosts or the time, or is in its last third. */
export function isServerCertificateDue(
  pair: KeyPair,
  context: { authority: Authority; settings: GatewaySettings; now: number },
): boolean {
  try {
    const certificate = new X509Certificate(pair.certificatePem);
    const startsAt = certificate.validFromDate.getTime();
    const endsAt = certificate.validToDate.getTime();
    return (
      // It was made by a clock that ran ahead: nobody can connect until that day.
      context.now < startsAt ||
      context.now >= startsAt + ((endsAt - startsAt) * 2) / 3 ||
      !isCertificateOf(pair, context.authority) ||
      context.settings.hosts.some((host) =>
        isIP(host) === 0
          ? certificate.checkHost(host) === undefined
          : certificate.checkIP(host) === undefined,
      )
    );
  } catch {
    return true;
  }
}

/** True when it is for the key, and of this CA. @throws where one of them cannot be read */
export function isCertificateOf({ keyPem, certificatePem }: KeyPair, authority: Authority): boolean {
  const certificate = new X509Certificate(certificatePem);
  return (
    certificate.checkPrivateKey(createPrivateKey(keyPem)) &&
    certificate.verify(new X509Certificate(authority.certificatePem).publicKey)
  );
}

/**
 * The public half (SPKI, PEM) of the key that a new certificate would be for.
 * @param file where the key lies
 * @throws CausewayError `home-invalid` where it is no P-256 key
 */
export function keyToCertify(file: string, keyPem: string): string {
  return usableKey(file, () => {
    const key = createPublicKey(createPrivateKey(keyPem));
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new RangeError('it is no P-256 key');
    return key.export({ type: 'spki', format: 'pem' }) as string;
  });
}
