/** Why a witness could not be asked, in words for its operator and ours. */
import { certificateFault } from '../../files/certificate-fault.ts';

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut off',
  ENOTFOUND: 'there is no such name',
  EAI_AGAIN: 'its name cannot be looked up at present',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ETIMEDOUT: 'it does not answer',
};

const certificateFaults = {
  'other-host': 'its certificate is for another name',
  expired: 'its certificate has expired',
  early: 'its certificate is not valid yet',
} as const;

/** @param error what the request has failed with */
export function unreachableWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, name } = error as NodeJS.ErrnoException;
  // The signal that says stop; of that, the code is a number.
  if (name === 'TimeoutError' || name === 'AbortError') return 'it does not answer';
  if (typeof code !== 'string') return error.message;
  const fault = certificateFault(error);
  if (fault === undefined) return reasons[code] ?? code;
  return fault === 'other-issuer'
    ? `its certificate is not trusted (${code}); \`ca\` in gateway.yaml is the certificate of its issuer`
    : certificateFaults[fault];
}
