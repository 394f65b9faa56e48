/** Why there is no connection to a gateway, in a sentence with its address: a slip in that is the most frequent reason. */

/** OpenSSL's words for what is no TLS, or an older one. */
const noTls = /^(?:EPROTO|ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH|.*PROTOCOL|.*UNEXPECTED_MESSAGE))/;

/** What Node says where a connection ended before its TLS was made; the code is that of any reset connection. */
const endedBeforeTls = 'before secure TLS connection was established';

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such name',
  EAI_AGAIN: 'the name cannot be looked up at present',
  ECONNREFUSED: 'the connection was refused: nothing listens there',
  ETIMEDOUT: 'there was no answer',
  EHOSTUNREACH: 'there is no way to this address',
  ENETUNREACH: 'there is no way to this address',
  ECONNRESET: 'the connection was closed',
  EPIPE: 'the connection was closed',
};

/** @returns undefined where the error says nothing that is known */
export function whyUnreachable(error: unknown, url: string): string | undefined {
  const { code = '', message = '' } = Object(error) as { code?: string; message?: string };
  const address = addressOf(url);
  if (noTls.test(code)) return `${address}: what answers there does not speak TLS 1.3.`;
  if (message.includes(endedBeforeTls))
    return `${address}: the connection was closed before TLS had begun. It may be no gateway.`;
  return reasons[code] === undefined ? undefined : `${address}: ${reasons[code]}.`;
}

/** `host:port`, also where the port is the usual one. */
export function addressOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === '' ? 443 : port}`;
}
