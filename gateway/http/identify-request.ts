/** Who is asking: the endpoint whose certificate the connection was opened with. */
import type { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import type { Digest, EndpointAddress } from '../../protocol/ids.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import { identifyPeer } from '../identity/client-certificate.ts';
import type { EndpointDirectory } from '../identity/directory.ts';

/** An endpoint that asks, and the SHA-256 of the certificate that showed who it is. */
export type RequestPeer = { readonly entry: DirectoryEntry; readonly thumbprint: Digest };

/**
 * Identifies the peer of a request. Only the TLS connection counts; headers that claim an identity are not read.
 * @throws CausewayError `certificate-required`, `certificate-invalid`, `certificate-unknown`, `endpoint-revoked`
 */
export function identifyRequest(
  request: FastifyRequest,
  directory: EndpointDirectory,
  now: number,
): RequestPeer {
  return identifySocket(request.raw.socket as TLSSocket, directory, now);
}

/**
 * Whose certificate a connection was opened with. Undefined for whoever is no endpoint that takes part: what it asks will
 * be refused in words.
 */
export function endpointOf(
  socket: TLSSocket,
  directory: EndpointDirectory,
  now: number,
): EndpointAddress | undefined {
  try {
    return identifySocket(socket, directory, now).entry.endpoint;
  } catch {
    return undefined;
  }
}

function identifySocket(socket: TLSSocket, directory: EndpointDirectory, now: number): RequestPeer {
  const certificate = socket.getPeerX509Certificate()?.raw ?? Buffer.alloc(0);
  const entry = identifyPeer(certificate, socket.authorized, directory, now);
  return { entry, thumbprint: digestOf(certificate) };
}
