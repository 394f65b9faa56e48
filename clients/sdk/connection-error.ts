/** What a failed or ended connection means, as an error of the catalogue. */
import {
  catalogue,
  CausewayError,
  errorCodes,
  isCausewayError,
  type ErrorCode,
} from '../../protocol/errors.ts';

/** OpenSSL and Node codes that say: the peer is not the gateway that we know. */
const untrusted = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Turns a failure of TLS, TCP or HTTP into `gateway-untrusted`, `certificate-…` or `gateway-unreachable`. */
export function connectionError(cause: unknown): CausewayError {
  if (isCausewayError(cause)) return cause;
  const code = systemCode(cause);
  if (untrusted.has(code)) return new CausewayError('gateway-untrusted', { detail: `${code}.`, cause });
  if (code.includes('CERTIFICATE_REQUIRED')) return new CausewayError('certificate-required', { cause });
  // With TLS 1.3 the server's verdict on our certificate arrives as an alert after the handshake.
  if (code.includes('ALERT') && /CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED/.test(code)) {
    return new CausewayError('certificate-invalid', { detail: `${code}.`, cause });
  }
  return new CausewayError('gateway-unreachable', { detail: code === '' ? undefined : `${code}.`, cause });
}

/**
 * The error behind a WebSocket close code; `undefined` for a normal end.
 * Several errors share a code: the gateway's `error` frame, when there was one, is more exact.
 */
export function closeCodeError(closeCode: number): CausewayError | undefined {
  if (closeCode === 1000) return undefined;
  const code = errorCodes.find((name) => catalogue[name].closeCode === closeCode);
  return new CausewayError(code ?? 'gateway-unreachable', {
    detail: code === undefined ? `The connection ended with code ${closeCode}.` : undefined,
  });
}

/** The error in a problem document (RFC 9457) with a member `code`, or one made from the HTTP status. */
export function problemError(status: number, body: string): CausewayError {
  const { code, detail } = problemMembers(body);
  if (code !== undefined) return new CausewayError(code, { detail });
  const fallback: ErrorCode =
    status === 404 ? 'not-found' : status === 429 ? 'rate-limited' : 'gateway-unreachable';
  return new CausewayError(fallback, { detail: `The gateway answered with status ${status}.` });
}

function problemMembers(body: string): { code?: ErrorCode; detail?: string } {
  try {
    const value = JSON.parse(body) as { code?: unknown; detail?: unknown } | null;
    const code = errorCodes.find((name) => name === value?.code);
    if (code === undefined) return {};
    const detail = typeof value?.detail === 'string' ? value.detail.slice(0, 2_000) : undefined;
    return detail === undefined || detail === catalogue[code].text ? { code } : { code, detail };
  } catch {
    return {};
  }
}

function systemCode(cause: unknown): string {
  const code = (cause as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : '';
}
