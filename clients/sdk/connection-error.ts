/** What a failed or ended connection means, as an error of the catalogue. */
import { catalogue, CausewayError, errorCodes, type ErrorCode } from '../../protocol/errors.ts';
import { asConnectionError } from './gateway-request.ts';
import { reportedError } from './reported-error.ts';
import { addressOf } from './unreachable-words.ts';

/** What an end without a close frame counts as (RFC 6455, section 7.1.5). */
const cutOff = 1006;

/** Turns a failure of TLS, TCP or HTTP into `gateway-untrusted`, `certificate-…` or `gateway-unreachable`. */
export function connectionError(cause: unknown, url: string): CausewayError {
  const code = systemCode(cause);
  if (code.includes('CERTIFICATE_REQUIRED')) return new CausewayError('certificate-required', { cause });
  // With TLS 1.3 the server's verdict on our certificate arrives as an alert after the handshake.
  if (code.includes('ALERT') && /CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED/.test(code)) {
    return new CausewayError('certificate-invalid', { detail: `${code}.`, cause });
  }
  return asConnectionError(cause, url);
}

/**
 * The error behind a WebSocket close code; `undefined` for a normal end.
 * Several errors share a code: the gateway's `error` frame, when there was one, is more exact.
 */
export function closeCodeError(closeCode: number, url: string): CausewayError | undefined {
  if (closeCode === 1000) return undefined;
  if (closeCode === cutOff)
    return new CausewayError('gateway-unreachable', {
      detail: `${addressOf(url)}: the connection was cut off.`,
    });
  const code = errorCodes.find((name) => catalogue[name].closeCode === closeCode);
  return new CausewayError(code ?? 'gateway-unreachable', {
    detail: code === undefined ? `The connection ended with code ${closeCode}.` : undefined,
  });
}

/** The error that an `error` frame tells, with what its text says beyond the catalogue's. */
export function frameError({ code, text }: { readonly code: string; readonly text: string }): CausewayError {
  const known = errorCodes.find((name) => name === code);
  const words = known === undefined ? '' : catalogue[known].text;
  return reportedError(code, text.startsWith(words) ? text.slice(words.length).trim() : text);
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
