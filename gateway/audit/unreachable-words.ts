/** Why a witness could not be asked, in words for its operator and ours. */

/** Codes by which Node says that a certificate did not verify. */
const distrust =
  /^(?:ERR_TLS_CERT_|UNABLE_TO_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_|ERROR_IN_CERT_)/;

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut off',
  ENOTFOUND: 'there is no such name',
  EAI_AGAIN: 'its name cannot be looked up at present',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ETIMEDOUT: 'it does not answer',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
};

/** @param error what the request has failed with */
export function unreachableWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, name } = error as NodeJS.ErrnoException;
  // The signal that says stop; of that, the code is a number.
  if (name === 'TimeoutError' || name === 'AbortError') return 'it does not answer';
  if (typeof code !== 'string') return error.message;
  const words = reasons[code];
  if (words !== undefined) return words;
  return distrust.test(code)
    ? `its certificate is not trusted (${code}); \`ca\` in gateway.yaml is the certificate of its issuer`
    : code;
}
