/** PKCS#10 certificate requests (RFC 2986): only the key in them counts. */
import { createPublicKey } from 'node:crypto';
import { CausewayError } from '../../protocol/errors.ts';
import { PemConverter, Pkcs10CertificateRequest } from './x509.ts';

const maxRequestBytes = 8_192;

/**
 * Checks that a request holds a P-256 key and is signed by it.
 * @returns the key, SPKI PEM
 * @throws CausewayError `request-malformed`, `request-signature-invalid`
 */
export async function readCertificateRequest(requestPem: string): Promise<string> {
  const { request, publicKeyPem } = parseRequest(requestPem);
  let verified = false;
  try {
    verified = await request.verify();
  } catch (cause) {
    throw unverified(cause);
  }
  if (!verified) throw unverified(undefined);
  return publicKeyPem;
}

function parseRequest(requestPem: string): { request: Pkcs10CertificateRequest; publicKeyPem: string } {
  if (requestPem.length > maxRequestBytes) throw malformed('It is too long.');
  let request: Pkcs10CertificateRequest;
  let key;
  try {
    const blocks = PemConverter.decodeWithHeaders(requestPem);
    const [block] = blocks;
    if (blocks.length !== 1 || block?.type !== PemConverter.CertificateRequestTag) {
      throw new Error('not exactly one CERTIFICATE REQUEST block');
    }
    request = new Pkcs10CertificateRequest(block.rawData);
    key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), type: 'spki', format: 'der' });
  } catch (cause) {
    throw malformed('It is not one PKCS#10 request in PEM.', cause);
  }
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw malformed('Its key must be an elliptic-curve key on P-256.');
  }
  return { request, publicKeyPem: key.export({ type: 'spki', format: 'pem' }) as string };
}

function malformed(detail: string, cause?: unknown): CausewayError {
  return new CausewayError('request-malformed', {
    detail: `The certificate request cannot be used: ${detail.charAt(0).toLowerCase()}${detail.slice(1)}`,
    cause,
  });
}

function unverified(cause: unknown): CausewayError {
  return new CausewayError('request-signature-invalid', {
    detail: 'The certificate request is not signed by the key it holds.',
    cause,
  });
}
