/** The first contact with a gateway: finds the CA that the enrolment token names, and says nothing before. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { CausewayError } from '../../protocol/errors.ts';
import type { Digest } from '../../protocol/ids.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import { asConnectionError } from './gateway-request.ts';

const timeoutMs = 10_000;
const maxChainLength = 8;

/**
 * Opens a TLS connection only to look at the chain of certificates that the server shows. The one with the right
 * fingerprint is then the CA for the real request, which verifies everything.
 * @param fingerprint SHA-256 of the CA certificate's DER
 * @returns the CA, PEM
 * @throws CausewayError `gateway-untrusted`, `gateway-unreachable`, `aborted`
 */
export async function fetchPinnedAuthority(
  gatewayUrl: string,
  fingerprint: Digest,
  signal?: AbortSignal,
): Promise<string> {
  const chain = await readPeerChain(gatewayUrl, signal);
  const authority = chain.find((der) => digestOf(der) === fingerprint);
  if (authority === undefined) {
    throw new CausewayError('gateway-untrusted', {
      detail:
        'Its certificate does not come from the issuing CA that the token names. Nothing was sent. Check the address, and that the token is for this gateway.',
    });
  }
  return new X509Certificate(authority).toString();
}

function readPeerChain(gatewayUrl: string, signal: AbortSignal | undefined): Promise<Buffer[]> {
  const { hostname, port } = new URL(gatewayUrl);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: port === '' ? 443 : Number(port),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      minVersion: 'TLSv1.3',
      // Nothing is sent over this connection, and nothing but the chain is taken from it.
      rejectUnauthorized: false,
    });
    const stop = (): void => void socket.destroy(new Error('called off'));
    const fail = (error: unknown): void => reject(asConnectionError(error, gatewayUrl, signal));
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
    socket.setTimeout(timeoutMs, () => socket.destroy(timedOut()));
    socket.once('error', fail);
    socket.once('close', () => {
      signal?.removeEventListener('abort', stop);
      // As Node says of a connection that is closed from there; here it may come without an error.
      fail(new Error('closed before secure TLS connection was established'));
    });
    socket.once('secureConnect', () => {
      resolve(listChain(socket.getPeerCertificate(true)));
      socket.destroy();
    });
  });
}

function timedOut(): Error {
  return Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });
}

/** Issuers come after what they issued; a self-signed certificate is its own issuer and ends the chain. */
function listChain(leaf: DetailedPeerCertificate): Buffer[] {
  const chain: Buffer[] = [];
  let certificate: DetailedPeerCertificate | undefined = leaf;
  while (certificate?.raw !== undefined && chain.length < maxChainLength) {
    chain.push(certificate.raw);
    const issuer: DetailedPeerCertificate | undefined = certificate.issuerCertificate;
    certificate = issuer === certificate ? undefined : issuer;
  }
  return chain;
}
