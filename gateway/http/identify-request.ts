/** Who is asking: the endpoint whose certificate the connection was opened with. */
import type { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import type { Digest } from '../../protocol/ids.ts';
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
  const socket = request.raw.socket as TLSSocket;
  const certificate = socket.getPeerX509Certificate()?.raw ?? Buffer.alloc(0);
  const entry = identifyPeer(certificate, socket.authorized, directory, now);
  return { entry, thumbprint: digestOf(certificate) };
}
