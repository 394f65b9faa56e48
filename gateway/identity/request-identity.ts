/** Who is asking: the endpoint whose certificate the connection was opened with. */
import type { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import { identifyPeer } from './client-certificate.ts';
import type { EndpointDirectory } from './directory.ts';

export type RequestIdentity = {
  readonly entry: DirectoryEntry;
  /** When the certificate ends, ms since 1970. */
  readonly certificateEndsAt: number;
};

/**
 * Identifies the peer of a request. Only the TLS connection counts; headers that claim an identity are not read.
 * @throws CausewayError `certificate-required`, `certificate-invalid`, `certificate-unknown`, `endpoint-revoked`
 */
export function identifyRequest(
  request: FastifyRequest,
  directory: EndpointDirectory,
  now: number,
): RequestIdentity {
  const socket = request.raw.socket as TLSSocket;
  const certificate = socket.getPeerX509Certificate();
  const entry = identifyPeer(certificate?.raw, socket.authorized, directory, now);
  return { entry, certificateEndsAt: certificate === undefined ? 0 : Date.parse(certificate.validTo) };
}
