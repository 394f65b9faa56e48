/** Whether a key and a certificate, as somebody has named their files, make a server that others can reach. */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';

/** Of each its PEM, and what people call it. */
type Named = { readonly pem: string; readonly name: string };

/**
 * @returns what is wrong, as a sentence; undefined where they belong together. A server would listen with most of what is
 *   wrong, and refuse everybody
 */
export function describeTlsFault(key: Named, certificate: Named): string | undefined {
  const [privateKey, leaf] = [readKey(key.pem), readCertificate(certificate.pem)];
  const isSwapped = readKey(certificate.pem) !== undefined && readCertificate(key.pem) !== undefined;
  if (privateKey === undefined && leaf === undefined && isSwapped)
    return `The files are in each other's place: ${key.name} is the certificate, and ${certificate.name} the key.`;
  if (privateKey === undefined) {
    return key.pem.includes('ENCRYPTED')
      ? `The key in ${key.name} is protected by a passphrase, which nobody could type here. Name a file with the bare key, for its owner only.`
      : `${key.name} holds no private key in PEM.`;
  }
  if (leaf === undefined) return `${certificate.name} holds no certificate in PEM.`;
  if (leaf.checkPrivateKey(privateKey)) return undefined;
  return `The certificate in ${certificate.name} is not for the key in ${key.name}. The certificate of the server comes first in its file.`;
}

function readKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    // The words of the library would name neither the file nor what to do.
    return undefined;
  }
}

function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
