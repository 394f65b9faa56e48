/**
 * From the certificate of a TLS connection to an endpoint: exact, or not at all.
 *
 * The server asks for a certificate and lets connections without a good one through the handshake
 * (`requestCert: true, rejectUnauthorized: false`), so that they can be answered in words. Nothing in a
 * certificate is believed unless TLS has verified it against the issuing CA, and even then the directory decides.
 */
import { X509Certificate } from 'node:crypto';
import { CausewayError } from '../../protocol/errors.ts';
import { parseEndpointUri, type EndpointAddress } from '../../protocol/ids.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';

const clientAuthentication = '1.3.6.1.5.5.7.3.2';

/**
 * The directory's entry of the endpoint at the other end of a connection. Its certificate is the one in force, or
 * the one before it while the endpoint has not shown the new one.
 * @param certificate the peer's certificate, DER; `socket.getPeerX509Certificate()?.raw`
 * @param authorized whether TLS verified it; `socket.authorized`
 * @throws CausewayError `certificate-required`, `certificate-invalid`, `certificate-unknown`, `endpoint-revoked`
 */
export function identifyPeer(
  certificate: Buffer | undefined,
  authorized: boolean,
  directory: { get(address: EndpointAddress): DirectoryEntry | undefined },
  now: number,
): DirectoryEntry {
  if (certificate === undefined || certificate.byteLength === 0) {
    throw new CausewayError('certificate-required');
  }
  if (!authorized) throw invalid('TLS could not verify it.');
  const entry = directory.get(readClientCertificate(certificate, now));
  const thumbprint = digestOf(certificate);
  if (
    entry === undefined ||
    (thumbprint !== entry.tlsThumbprint && thumbprint !== entry.previousTlsThumbprint)
  ) {
    throw new CausewayError('certificate-unknown', {
      detail: 'It was superseded by a later one, or the endpoint was never enrolled here.',
    });
  }
  if (entry.status !== 'active') throw new CausewayError('endpoint-revoked');
  return entry;
}

function readClientCertificate(der: Buffer, now: number): EndpointAddress {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch (cause) {
    throw invalid('It cannot be read.', cause);
  }
  if (certificate.validToDate.getTime() <= now) throw invalid('It has expired.');
  if (certificate.validFromDate.getTime() > now) throw invalid('It is not valid yet.');
  // Node types this as always present; it is undefined where the certificate has no extended key usage.
  const usages = certificate.keyUsage as string[] | undefined;
  if (certificate.ca || usages?.length !== 1 || usages[0] !== clientAuthentication) {
    throw invalid('It is not for client authentication only.');
  }
  return readEndpointName(certificate.subjectAltName);
}

/** Node quotes names with separators in them, so one URI as the whole text means one name, exactly. */
function readEndpointName(names: string | undefined): EndpointAddress {
  const endpoint = names?.startsWith('URI:') === true ? parseEndpointUri(names.slice(4)) : undefined;
  if (endpoint === undefined) throw invalid('It does not name exactly one endpoint.');
  return endpoint;
}

function invalid(detail: string, cause?: unknown): CausewayError {
  return new CausewayError('certificate-invalid', { detail, cause });
}
