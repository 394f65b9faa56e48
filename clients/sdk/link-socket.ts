/** The WebSocket under a link: wss with a client certificate, TLS 1.3 and nothing older. */
import { connect as connectTls, type TLSSocket } from 'node:tls';
import WebSocket from 'ws';
import { limits, subprotocol } from '../../protocol/limits.ts';

/** PEM: the endpoint's private key and certificate, and the CA that issued the gateway's certificate. */
type LinkTls = { readonly key: string; readonly cert: string; readonly ca: string };

export type LinkAddress = {
  /** `wss://host:port/v1/socket`. */
  readonly url: string;
  readonly tls: LinkTls;
};

/** The socket, and the TLS socket beneath it: known from the start, so that writes can be corked. */
export type LinkSocket = { readonly webSocket: WebSocket; readonly tlsSocket: () => TLSSocket | undefined };

/**
 * Begins to connect.
 *
 * Frames are masked with zeros. Masking exists to keep plain-text proxies from misreading a frame (RFC 6455,
 * section 10.3); inside TLS there is none, and random masks would cost a sixth of the throughput.
 */
export function openSocket(address: LinkAddress): LinkSocket {
  let tlsSocket: TLSSocket | undefined;
  const webSocket = new WebSocket(address.url, subprotocol, {
    createConnection: ((options: { host?: string; port?: number | string; servername?: string }) => {
      const host = options.host ?? 'localhost';
      tlsSocket = connectTls({
        host,
        port: Number(options.port ?? 443),
        // A literal address cannot be a server name (RFC 6066); Node checks it against the certificate all the same.
        ...(isLiteralAddress(host) ? {} : { servername: host }),
        key: address.tls.key,
        cert: address.tls.cert,
        ca: address.tls.ca,
        minVersion: 'TLSv1.3',
        ALPNProtocols: ['http/1.1'],
      });
      tlsSocket.setNoDelay(true);
      return tlsSocket;
    }) as never,
    perMessageDeflate: false,
    followRedirects: false,
    maxPayload: limits.maxFrameBytes,
    generateMask: (mask) => mask.fill(0),
  });
  return { webSocket, tlsSocket: () => tlsSocket };
}

function isLiteralAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(':');
}
