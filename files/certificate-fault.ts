/** What is wrong with the certificate of a server, by the error of a request that Node has broken off for it. */

/** For another host name, over, not yet begun, or from an authority that is not trusted. */
export type CertificateFault = 'other-host' | 'expired' | 'early' | 'other-issuer';

/** Codes by which Node says that a certificate did not verify. */
const distrust =
  /^(?:ERR_TLS_CERT_|UNABLE_TO_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_|ERROR_IN_CERT_)/;

/** Undefined where the request failed for anything else. */
export function certificateFault(error: unknown): CertificateFault | undefined {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!distrust.test(code)) return undefined;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'other-host';
  if (code === 'CERT_HAS_EXPIRED') return 'expired';
  return code === 'CERT_NOT_YET_VALID' ? 'early' : 'other-issuer';
}
