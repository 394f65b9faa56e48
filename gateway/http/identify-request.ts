/** Who is asking: the endpoint whose certificate the connection was opened with. */
import type { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import { identifyPeer } from '../identity/client-certificate.ts';
import type { EndpointDirectory } from '../identity/directory.ts';

/**
 * Identifies the peer of a request. Only the TLS connection counts; headers that claim an identity are not read.
 * @throws CausewayError `certificate-required`, `certificate-invalid`, `certificate-unknown`, `endpoint-revoked`
 */
export function identifyRequest(
  request: FastifyRequest,
  directory: EndpointDirectory,
  now: number,
): DirectoryEntry {
  const socket = request.raw.socket as TLSSocket;
  return identifyPeer(socket.getPeerX509Certificate()?.raw, socket.authorized, directory, now);
}
